"""`videos/lip-sync`, Kling's older endpoint: what its programs send, and what they get."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from billing import ledger
from billing.models import Hold
from generations.models import Asset, Generation, ProviderAccount
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations import media
from tests.generations.inputs.asking import upload
from tests.generations.kling_api.conftest import KlingApi, refusal
from tests.generations.kling_api.shapes import differences
from tests.kling.conftest import payload
from tests.working import finish, reach

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "videos/lip-sync"
SAYS = {"mode": "text2video", "text": "Good evening.", "voice_id": "genshin_vindi2"}
HEARS = {"mode": "audio2video", "audio_type": "file"}


@pytest.fixture(params=["cometapi", "official"])
def account(request: Any, db: None, simulator: RunningSimulator) -> ProviderAccount:
    return make_account(simulator.url, dialect=request.param)


@pytest.fixture
def official(db: None, simulator: RunningSimulator) -> ProviderAccount:
    return make_account(simulator.url, dialect="official")


def video(kling: KlingApi, duration: str = "5") -> str:
    """The id of a video that this workspace has made, as the program knows it."""
    made = kling.create("videos/text2video", {"prompt": "Ada talks", "duration": duration})
    finish(made["task_id"])
    [clip] = kling.task("videos/text2video", made["task_id"])["task_result"]["videos"]
    return str(clip["id"])


def film(person: Person, seconds: float = 5, width: int = 1280, height: int = 720) -> str:
    content = media.mp4(seconds=seconds, width=width, height=height, sound=True)
    return upload(person.api, content, "ada.mp4")


def sound(seconds: float = 3) -> str:
    return base64.b64encode(media.mp3(seconds)).decode()


def sent(simulator: RunningSimulator) -> dict[str, Any]:
    """The body of the last submission."""
    return dict(json.loads(simulator.submissions()[-1]["body"]))


def done(kling: KlingApi, given: dict[str, Any], **more: Any) -> dict[str, Any]:
    made = kling.create(PATH, {"input": given, **more})
    assert (made["task_status"], made["task_result"]) == ("submitted", {})
    finish(made["task_id"])
    return kling.task(PATH, made["task_id"])


# --- from the request to the file --------------------------------------------------------
def test_a_text_is_spoken(
    ada: Person, kling: KlingApi, account: ProviderAccount, simulator: RunningSimulator
) -> None:
    source = video(kling)
    task = done(kling, SAYS | {"video_id": source}, external_task_id="says-1")

    assert (task["task_status"], task["final_unit_deduction"]) == ("succeed", "0.5")
    parent = task["task_info"]["parent_video"]
    assert (parent["id"], task["task_info"]["external_task_id"]) == (source, "says-1")
    [clip] = task["task_result"]["videos"]
    answer = kling.client.get("/" + clip["url"].split("/", 3)[3])
    assert (answer.status_code, answer["Content-Type"]) == (200, "video/mp4")
    known_as = Asset.objects.get(public_id=source).provider_asset_id
    voice = {"voice_language": "zh", "voice_speed": 1}
    assert sent(simulator)["input"] == SAYS | voice | {"video_id": known_as}
    assert ledger.check().violations == []


@pytest.mark.usefixtures("reachable")
def test_a_sound_is_spoken(
    ada: Person, kling: KlingApi, account: ProviderAccount, simulator: RunningSimulator
) -> None:
    given = HEARS | {"video_url": film(ada), "audio_file": sound()}
    task = done(kling, given)

    assert (task["task_status"], task["final_unit_deduction"]) == ("succeed", "0.5")
    assert [clip["duration"][:1] for clip in task["task_result"]["videos"]] == ["5"]
    # What came in Base64 goes out as the provider can get it.
    body = simulator.submissions()[-1]["body"]
    assert any(f'"audio_type": "{form}", "audio_{form}": "' in body for form in ("file", "url"))


def test_a_query_has_the_fields_that_kling_prints(kling: KlingApi, official: Any) -> None:
    made = kling.create(PATH, {"input": SAYS | {"video_id": video(kling)}})
    finish(made["task_id"])
    printed = payload("answers/official_lip_sync_in_a_list")
    [printed["data"]] = printed["data"]
    assert differences(kling.get(f"{PATH}/{made['task_id']}").json(), printed) == []


def test_it_is_found_by_its_own_name_and_in_lists_of_its_endpoint_only(
    kling: KlingApi, official: ProviderAccount
) -> None:
    source = video(kling)
    given = {"input": SAYS | {"video_id": source}}
    names = [f"says-{number}" for number in range(3)]
    ids = [kling.create(PATH, given | {"external_task_id": name})["task_id"] for name in names]

    assert [kling.task(PATH, name)["task_id"] for name in names] == ids
    pages = [kling.get(PATH, pageNum=number, pageSize=2).json()["data"] for number in (1, 2)]
    assert [[task["task_id"] for task in page] for page in pages] == [ids[:0:-1], ids[:1]]
    assert refusal(kling.get(PATH, pageSize=501)) == (400, 1201)
    assert refusal(kling.get(f"videos/advanced-lip-sync/{ids[0]}")) == (400, 1201)
    assert kling.get("videos/advanced-lip-sync").json()["data"] == []
    again = kling.post(PATH, given | {"external_task_id": names[0]})
    assert (refusal(again), "already exists" in again.json()["message"]) == ((400, 1201), True)


@pytest.mark.usefixtures("reachable")
def test_a_program_that_fills_every_field_works(
    ada: Person, kling: KlingApi, official: ProviderAccount, simulator: RunningSimulator
) -> None:
    """Empty ones are none, those of the other mode and unknown ones are passed over."""
    given = SAYS | {
        "task_id": "",
        "video_id": "",
        "video_url": film(ada),
        "voice_language": "en",
        "voice_speed": "1.5",
        "audio_type": "url",
        "audio_url": None,
        "audio_file": "",
        "face_id": 3,
    }
    assert done(kling, given)["task_status"] == "succeed"
    assert set(sent(simulator)["input"]) == {
        "video_url",
        *SAYS,
        "voice_language",
        "voice_speed",
    }


def test_ten_seconds_cost_twice_as_much(kling: KlingApi, official: ProviderAccount) -> None:
    task = done(kling, SAYS | {"video_id": video(kling, "10")})
    assert (task["task_status"], task["final_unit_deduction"]) == ("succeed", "1")


def test_a_failure_costs_nothing(
    ada: Person, kling: KlingApi, account: ProviderAccount, simulator: RunningSimulator
) -> None:
    source, before = video(kling), ada.api.credits()
    simulator.faults.add("task", "fail", path=PATH)
    task = done(kling, SAYS | {"video_id": source})
    assert (task["task_status"], task["final_unit_deduction"]) == ("failed", "0")
    assert task["task_status_msg"]
    assert ada.api.credits() == before


def test_an_answer_that_got_lost_waits_for_the_operator(
    kling: KlingApi, account: ProviderAccount, simulator: RunningSimulator, ada: Person
) -> None:
    """The page has no id of ours to ask by, so nothing is sent twice."""
    source = video(kling)
    simulator.faults.add("submit", "drop", accepted=True, path=PATH)
    made = kling.create(PATH, {"input": SAYS | {"video_id": source}})
    job = reach(made["task_id"], "reconciling")
    assert "Look into its own records" in job.attention
    assert ada.api.credits()["held"] == "0.5"
    assert len([one for one in simulator.submissions() if one["path"] == PATH]) == 1


# --- refusals ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"mode": None}, "mode"),
        ({"mode": "speech"}, "mode"),
        ({"text": None}, "text"),
        ({"text": "x" * 121}, "text"),
        ({"voice_id": None}, "voice_id"),
        ({"voice_id": "ast_nobody"}, "voice_id"),
        ({"voice_speed": "2.1"}, "voice_speed"),
        ({"video_url": None}, "video_url"),
        ({"video_url": "upl_nobody"}, "video_url"),
        ({"video_url": None, "video_id": "8675309"}, "video_id"),
        ({"mode": "audio2video", "text": None}, "audio_type"),
        ({"mode": "audio2video", "text": None, "audio_type": "url"}, "audio_url"),
        ({"mode": "audio2video", "text": None, "audio_type": "file"}, "audio_file"),
    ],
)
def test_a_wrong_field_is_named(
    ada: Person,
    kling: KlingApi,
    account: ProviderAccount,
    simulator: RunningSimulator,
    changes: dict[str, Any],
    field: str,
) -> None:
    answer = kling.post(PATH, {"input": SAYS | {"video_url": film(ada)} | changes})
    assert refusal(answer) == (400, 1201)
    assert f"input.{field}" in answer.json()["message"]
    assert_nothing_happened(simulator)


@pytest.mark.parametrize("body", [{}, {"input": "text"}, {"input": []}, {"input": None}])
def test_without_an_input_it_says_so(
    kling: KlingApi, official: ProviderAccount, simulator: RunningSimulator, body: Any
) -> None:
    answer = kling.post(PATH, body)
    assert (refusal(answer), "input" in answer.json()["message"]) == ((400, 1201), True)
    assert_nothing_happened(simulator)


@pytest.mark.parametrize(
    ("seconds", "width", "height"), [(1.5, 1280, 720), (11, 1280, 720), (5, 640, 480)]
)
def test_a_video_that_the_page_does_not_take_is_refused(
    ada: Person,
    kling: KlingApi,
    official: ProviderAccount,
    simulator: RunningSimulator,
    seconds: float,
    width: int,
    height: int,
) -> None:
    answer = kling.post(PATH, {"input": SAYS | {"video_url": film(ada, seconds, width, height)}})
    assert (refusal(answer), "video_url" in answer.json()["message"]) == ((400, 1201), True)
    assert_nothing_happened(simulator)


@pytest.mark.parametrize("length", [1, 61])
def test_a_sound_that_the_page_does_not_take_is_refused(
    ada: Person,
    kling: KlingApi,
    official: ProviderAccount,
    simulator: RunningSimulator,
    length: int,
) -> None:
    given = HEARS | {"video_url": film(ada), "audio_file": sound(length)}
    answer = kling.post(PATH, {"input": given})
    assert (refusal(answer), "audio_file" in answer.json()["message"]) == ((400, 1201), True)
    assert_nothing_happened(simulator)


def test_another_workspace_s_video_is_not_taken(
    charlie: Person, kling: KlingApi, official: ProviderAccount
) -> None:
    source = video(kling)
    stranger = KlingApi(charlie.api.key)
    for known_as in (source, Asset.objects.get(public_id=source).provider_asset_id):
        answer = stranger.post(PATH, {"input": SAYS | {"video_id": known_as}})
        assert refusal(answer) == (400, 1201)


def test_where_no_provider_has_it_the_endpoint_is_not_there(
    ada: Person, kling: KlingApi, cloudsway: ProviderAccount
) -> None:
    answer = kling.post(PATH, {"input": SAYS | {"video_url": film(ada)}})
    assert refusal(answer) == (404, 1203)


# --- beside /kling/v1 --------------------------------------------------------------------
def test_it_is_sold_to_programs_and_seen_by_people(
    ada: Person, kling: KlingApi, official: ProviderAccount
) -> None:
    task = done(kling, SAYS | {"video_id": video(kling)})
    seen = ada.api.get(f"/generations/{task['task_id']}").json()
    assert (seen["operation"], seen["credits"]["charged"]) == ("one-step-lip-sync", "0.5")
    assert SAYS["text"] in ada.browser.get("/gallery/").content.decode()
    assert ada.browser.get(f"/generations/{task['task_id']}").status_code == 200

    assert "one-step-lip-sync" not in ada.api.get("/operations").content.decode()
    body = {"operation": "one-step-lip-sync", "input": {"input": SAYS}}
    refused = ada.api.post("/generations", body).json()
    assert refused["errors"][0]["code"] == "unknown_operation"
    assert ada.browser.get("/studio/one-step-lip-sync/").status_code == 404
    assert ada.browser.get(f"/studio/?from={task['task_id']}").status_code in (200, 302)


def assert_nothing_happened(simulator: RunningSimulator) -> None:
    assert simulator.submissions() == []
    assert not Generation.objects.exists()
    assert not Hold.objects.exists()
