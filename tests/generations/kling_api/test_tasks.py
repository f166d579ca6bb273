"""Create, query and list as Kling's pages print them."""

from __future__ import annotations

import base64
import copy
from typing import Any
from urllib.parse import quote

import pytest
from django.utils import timezone

from generations.models import Generation, ProviderAccount, State
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations import media
from tests.generations.kling_api.conftest import KlingApi, refusal
from tests.generations.kling_api.shapes import differences
from tests.kling.conftest import payload
from tests.working import finish, reach

pytestmark = pytest.mark.django_db
VIDEO, SOUND = "videos/text2video", "audio/text-to-audio"
WAVES = {"prompt": "Waves", "duration": 3}
FOX = {"prompt": "A fox", "mode": "std", "duration": "3"}
SIDES = ("down", "left", "right")
EXPANDED = {"up_expansion_ratio": "0.5"} | {f"{side}_expansion_ratio": "0" for side in SIDES}
CLOSE = {"prompt": "A fox", "model_name": "kling-v2-1", "image_fidelity": "0.5"}
OLD = {"prompt": "A fox", "model_name": "kling-v1-6", "cfg_scale": "0.50"}


def query(kling: KlingApi, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The whole answer about a task that is done."""
    task_id = kling.create(path, body)["task_id"]
    finish(task_id)
    return dict(kling.get(f"{path}/{task_id}").json())


def test_it_answers_a_create_as_kling_does(kling: KlingApi, cloudsway: ProviderAccount) -> None:
    answer = kling.post(VIDEO, FOX | {"external_task_id": "fox-1"})

    assert answer.status_code == 200
    assert differences(answer.json(), payload("answers/official_created")) == []
    data = answer.json()["data"]
    assert data["task_status"] == "submitted"
    assert data["task_info"] == {"external_task_id": "fox-1"}
    assert data["task_id"] == Generation.objects.get().public_id
    assert 0 <= timezone.now().timestamp() * 1000 - data["created_at"] < 60_000
    assert answer.json()["request_id"] == answer["X-Request-Id"]


@pytest.mark.parametrize(
    ("path", "body", "printed"),
    [
        (VIDEO, FOX, "cloudsway_text_to_video_succeeded"),
        (SOUND, WAVES, "cloudsway_text_to_audio_succeeded"),
        (SOUND, WAVES | {"prompt": "[fail] boom"}, "official_failed_pixels"),
    ],
)
def test_it_answers_a_query_as_kling_does(
    kling: KlingApi, cloudsway: ProviderAccount, path: str, body: dict[str, Any], printed: str
) -> None:
    assert differences(query(kling, path, body), payload(f"answers/{printed}")) == []


def test_the_comparison_finds_what_is_missing() -> None:
    """The control."""
    theirs = payload("answers/cloudsway_text_to_audio_succeeded")
    ours = copy.deepcopy(theirs)
    del ours["data"]["task_result"]["audios"][0]["url_mp3"]
    ours["data"]["final_unit_deduction"] = 0.25

    assert differences(ours, theirs) == [
        ".data.task_result.audios[0].url_mp3: missing",
        ".data.final_unit_deduction: float, not str",
    ]


def test_a_video_has_an_id_that_later_requests_take(
    kling: KlingApi, cloudsway: ProviderAccount
) -> None:
    data = query(kling, VIDEO, FOX | {"watermark_info": {"enabled": False}})["data"]
    [video] = data["task_result"]["videos"]

    assert video["id"] == Generation.objects.get().assets.get().public_id
    assert 2.8 < float(video["duration"]) < 3.3
    assert data["final_unit_deduction"] == "1.8"
    assert data["updated_at"] > data["created_at"]


def test_its_links_work_without_a_key(kling: KlingApi, cloudsway: ProviderAccount) -> None:
    [sound] = query(kling, SOUND, WAVES)["data"]["task_result"]["audios"]
    for url, media_type in ((sound["url_mp3"], "audio/mpeg"), (sound["url_wav"], "audio/wav")):
        answer = KlingApi().client.get("/" + url.split("/", 3)[3])
        assert (answer.status_code, answer["Content-Type"]) == (200, media_type)


def test_it_charges_as_the_other_api_does(
    kling: KlingApi, ada: Person, cloudsway: ProviderAccount
) -> None:
    data = query(kling, SOUND, WAVES | {"prompt": "[deduct:0.1] rain"})["data"]
    same = ada.api.get(f"/generations/{data['task_id']}").json()

    assert data["final_unit_deduction"] == same["credits"]["charged"] == "0.1"
    assert ada.api.get("/credits").json()["balance"] == "99.9"


def test_a_failure_costs_nothing_and_says_why(kling: KlingApi, cloudsway: ProviderAccount) -> None:
    data = query(kling, SOUND, WAVES | {"prompt": "[fail] boom"})["data"]

    assert (data["task_status"], data["final_unit_deduction"]) == ("failed", "0")
    assert data["task_status_msg"]
    assert data["task_result"] == {}


def test_it_shows_every_state_in_kling_s_words(
    kling: KlingApi, ada: Person, cloudsway: ProviderAccount
) -> None:
    task_id = kling.create(SOUND, WAVES)["task_id"]
    assert kling.task(SOUND, task_id)["task_status"] == "submitted"
    reach(task_id, State.PROCESSING)
    running = kling.task(SOUND, task_id)
    assert (running["task_status"], running["task_result"]) == ("processing", {})
    assert "final_unit_deduction" not in running
    reach(task_id, State.STORING)
    assert kling.task(SOUND, task_id)["task_status"] == "processing"
    canceled = kling.create(SOUND, WAVES)["task_id"]
    ada.api.post(f"/generations/{canceled}/cancel")
    assert kling.task(SOUND, canceled)["task_status"] == "failed"


@pytest.mark.parametrize(
    "loose",
    [
        {"duration": "3"},
        {"duration": 3.0},
        {"external_task_id": ""},
        {"external_task_id": None},
        {"callback_url": ""},
        {"model": "kling-v1"},
        {"no_such_field": {"a": [1]}},
        {"prompt": "  Waves  "},
    ],
)
def test_it_forgives_what_kling_forgives(
    kling: KlingApi, cloudsway: ProviderAccount, loose: dict[str, Any]
) -> None:
    kling.create(SOUND, WAVES | loose)

    assert Generation.objects.get().input == WAVES


def test_numbers_may_be_text_and_empty_text_is_nothing(
    kling: KlingApi, cloudsway: ProviderAccount
) -> None:
    kling.create(VIDEO, FOX | {"duration": 5, "negative_prompt": "", "aspect_ratio": ""})
    made = Generation.objects.get().input

    assert made["duration"] == "5"
    assert "negative_prompt" not in made


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("images/editing/expand", EXPANDED, "up_expansion_ratio"),
        ("images/generations", CLOSE | {"image_reference": "subject"}, "image_fidelity"),
        (VIDEO, OLD, "cfg_scale"),
    ],
)
def test_fractions_may_be_text_too(
    kling: KlingApi, simulator: RunningSimulator, path: str, body: dict[str, Any], field: str
) -> None:
    for dialect in ("official", "cometapi"):
        make_account(simulator.url, dialect=dialect)
    if path != VIDEO:
        body = body | {"image": base64.b64encode(media.png(640, 640)).decode()}
    kling.create(path, body)
    made = Generation.objects.get().input

    assert made[field] == 0.5
    assert refusal(kling.post(path, body | {field: "half"})) == (400, 1201)
    assert refusal(kling.post(path, body | {field: "3.5"})) == (400, 1201)


def test_a_task_is_known_below_its_own_endpoint_only(
    kling: KlingApi, cloudsway: ProviderAccount
) -> None:
    task_id = kling.create(SOUND, WAVES | {"external_task_id": "mine"})["task_id"]
    for given in (task_id, "mine"):
        answer = kling.get(f"{VIDEO}/{given}")
        assert refusal(answer) == (400, 1201)
        assert answer.json()["message"] == f"Task not found by id/external id: {given}"


def test_it_shows_jobs_of_the_other_api_too(
    kling: KlingApi, ada: Person, cloudsway: ProviderAccount
) -> None:
    made = ada.api.post("/generations", {"operation": "text-to-audio", "input": WAVES}).json()

    assert kling.task(SOUND, made["id"])["task_status"] == "submitted"


def test_a_deleted_task_is_not_found_and_its_name_is_free(
    kling: KlingApi, ada: Person, cloudsway: ProviderAccount
) -> None:
    body = WAVES | {"external_task_id": "mine"}
    task_id = kling.create(SOUND, body)["task_id"]
    finish(task_id)
    ada.api.delete(f"/generations/{task_id}")

    assert refusal(kling.get(f"{SOUND}/{task_id}")) == (400, 1201)
    assert refusal(kling.get(f"{SOUND}/mine")) == (400, 1201)
    assert kling.create(SOUND, body)["task_id"] != task_id


def test_another_workspace_finds_nothing(
    kling: KlingApi, charlie: Person, cloudsway: ProviderAccount
) -> None:
    task_id = kling.create(SOUND, WAVES | {"external_task_id": "mine"})["task_id"]
    stranger = KlingApi(charlie.api.key)
    for given in (task_id, "mine"):
        assert refusal(stranger.get(f"{SOUND}/{given}")) == (400, 1201)
    assert stranger.get(SOUND).json()["data"] == []
    assert stranger.create(SOUND, WAVES | {"external_task_id": "mine"})["task_id"] != task_id


# --- lists -------------------------------------------------------------------------------
def test_it_lists_the_newest_first_in_pages(kling: KlingApi, cloudsway: ProviderAccount) -> None:
    made = [kling.create(SOUND, WAVES)["task_id"] for _ in range(5)]
    kling.create(VIDEO, FOX)

    def page(**asked: Any) -> list[str]:
        answer = kling.get(SOUND, **asked)
        assert set(answer.json()) == {"code", "message", "request_id", "data"}
        return [task["task_id"] for task in answer.json()["data"]]

    assert page() == made[::-1]
    assert page(pageNum=1, pageSize=2) == [made[4], made[3]]
    assert page(pageNum=3, pageSize=2) == [made[0]]
    assert page(pageNum=4, pageSize=2) == []
    assert page(pageNum=1000, pageSize=500) == []


def test_a_page_has_thirty(kling: KlingApi, cloudsway: ProviderAccount) -> None:
    for _ in range(31):
        kling.create(SOUND, WAVES)

    assert len(kling.get(SOUND).json()["data"]) == 30


def test_a_list_has_the_tasks_whole(kling: KlingApi, cloudsway: ProviderAccount) -> None:
    query(kling, VIDEO, FOX)
    listed = kling.get(VIDEO).json()

    assert differences(listed, payload("answers/official_list")) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"pageNum": 0},
        {"pageNum": 1001},
        {"pageNum": "one"},
        {"pageSize": 0},
        {"pageSize": 501},
        {"pageSize": "1e3"},
    ],
)
def test_it_refuses_pages_that_kling_refuses(kling: KlingApi, asked: dict[str, Any]) -> None:
    answer = kling.get(SOUND, **asked)

    assert refusal(answer) == (400, 1201)
    assert next(iter(asked)) in answer.json()["message"]


def test_a_list_asks_the_database_the_same_for_one_and_for_many(
    kling: KlingApi, cloudsway: ProviderAccount, django_assert_max_num_queries: Any
) -> None:
    for _ in range(6):
        kling.create(SOUND, WAVES)
    with django_assert_max_num_queries(5):
        assert len(kling.get(SOUND).json()["data"]) == 6


# --- names of the caller's own -----------------------------------------------------------
@pytest.mark.parametrize("name", ["order-4711", "a/b c?d#e", "é", "..a", "gen_x"])
def test_a_task_is_found_by_the_name_that_was_given(
    kling: KlingApi, cloudsway: ProviderAccount, name: str
) -> None:
    made = kling.create(SOUND, WAVES | {"external_task_id": name})

    assert kling.task(SOUND, quote(name, safe=""))["task_id"] == made["task_id"]


def test_a_name_serves_once(kling: KlingApi, ada: Person, cloudsway: ProviderAccount) -> None:
    kling.create(SOUND, WAVES | {"external_task_id": "mine"})
    for path, body in ((SOUND, WAVES), (VIDEO, FOX)):
        answer = kling.post(path, body | {"external_task_id": "mine"})
        assert refusal(answer) == (400, 1201)
        assert answer.json()["message"] == "External_task_id mine already exists"

    assert Generation.objects.count() == 1
    assert ada.api.get("/credits").json()["held"] == "0.25"


def test_the_name_is_not_the_one_that_the_provider_gets(
    kling: KlingApi, charlie: Person, simulator: Any
) -> None:
    """All workspaces share the provider's accounts, where a name serves once."""
    make_account(simulator.url, dialect="official")
    for key in (kling, KlingApi(charlie.api.key)):
        finish(key.create(SOUND, WAVES | {"external_task_id": "mine"})["task_id"])

    assert len(simulator.tasks()) == 2
    assert "mine" not in str(simulator.tasks())
    assert set(Generation.objects.values_list("state", flat=True)) == {"succeeded"}
