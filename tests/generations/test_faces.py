"""The faces of a video, found before one of them is made to speak."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connections

from billing import ledger
from generations.models import Generation, ProviderAccount, State
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations.inputs.asking import upload
from tests.generations.kling_api.conftest import KlingApi, refusal
from tests.generations.media import mp3
from tests.generations.test_main_job import create
from tests.waiting import wait_until
from tests.working import call, finish, work_until

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = {"Prefer": "wait=0"}
VIDEO = {"operation": "text-to-video", "input": {"prompt": "Two friends talk", "duration": "5"}}


@pytest.fixture(params=["cometapi", "official"])
def account(request: Any, db: None, simulator: RunningSimulator) -> ProviderAccount:
    return make_account(simulator.url, dialect=request.param)


@pytest.fixture
def official(db: None, simulator: RunningSimulator) -> ProviderAccount:
    return make_account(simulator.url, dialect="official")


def clip(person: Person) -> Any:
    """A video made here, which the provider knows by an id of its own."""
    [asset] = finish(create(person.api, VIDEO)["id"]).assets.all()
    return asset


def test_it_finds_them(ada: Person, account: ProviderAccount) -> None:
    video = clip(ada)
    answer = ada.api.post("/faces", {"video_id": video.public_id}, **AT_ONCE)
    assert answer.status_code == 202
    begun = answer.json()
    assert (begun["faces"], begun["credits"]["held"]) == ([], "0.05")
    finish(begun["id"])
    found = ada.api.client.get(answer["Location"]).json()
    assert (found["id"], found["session_id"]) == (begun["id"], begun["id"])
    assert (found["status"], found["error"]) == ("succeeded", None)
    assert found["credits"] == {"quoted": "0.05", "held": "0", "charged": "0.05"}
    face = found["faces"][0]
    assert face["face_id"]
    assert (face["start_ms"], face["end_ms"] > 2000) == (0, True)
    picture = ada.api.client.get(face["url"])
    assert picture["Content-Type"] in ("image/png", "image/jpeg")
    assert ledger.check().violations == []


def test_the_pictures_are_results_like_others(ada: Person, official: ProviderAccount) -> None:
    begun = ada.api.post("/faces", {"video_id": clip(ada).public_id}, **AT_ONCE).json()
    finish(begun["id"])
    job = ada.api.get(f"/generations/{begun['id']}").json()
    asset = job["assets"][0]
    assert asset["kind"] == "image"
    assert set(asset["details"]) == {"face_id", "start_ms", "end_ms"}
    assert ada.api.get(f"/assets/{asset['id']}").json()["sha256"] == asset["sha256"]


def test_it_takes_no_poll(
    ada: Person, official: ProviderAccount, simulator: RunningSimulator
) -> None:
    begun = ada.api.post("/faces", {"video_id": clip(ada).public_id}, **AT_ONCE).json()
    call("generations.tasks.dispatch")
    steps = Generation.objects.get(public_id=begun["id"]).transitions.all()
    assert [step.now for step in steps] == ["queued", "submitting", "processing", "storing"]


@pytest.mark.race
def test_it_answers_when_they_are_found(ada: Person, official: ProviderAccount) -> None:
    video, answers = clip(ada), []

    def post() -> None:
        try:
            answers.append(ada.api.post("/faces", {"video_id": video.public_id}))
        finally:
            connections.close_all()

    thread = threading.Thread(target=post)
    thread.start()
    mine = Generation.objects.filter(operation="identify-face")
    wait_until(mine.exists, seconds=10)
    finish(mine.get().public_id)
    thread.join()
    assert answers[0].status_code == 201
    assert answers[0].json()["faces"]


def test_one_key_makes_one_session(ada: Person, official: ProviderAccount) -> None:
    body, key = {"video_id": clip(ada).public_id}, {"Idempotency-Key": "a-face", **AT_ONCE}
    first, second = ada.api.post("/faces", body, **key), ada.api.post("/faces", body, **key)
    assert first.json()["id"] == second.json()["id"]
    assert second["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "video_url"),
        ({"video_url": "https://a.example/b.mp4", "video_id": "1"}, "video_id"),
        ({"video_id": "8675309"}, "video_id"),
        ({"video_id": "ast_unknown"}, "video_id"),
        ({"video_url": "upl_unknown"}, "video_url"),
        ({"film": "https://a.example/b.mp4"}, "film"),
    ],
)
def test_it_refuses_what_is_no_video_of_ours(
    ada: Person, official: ProviderAccount, body: dict[str, str], field: str
) -> None:
    answer = ada.api.post("/faces", body, **AT_ONCE)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert not Generation.objects.exists()
    assert ada.api.get("/credits").json()["held"] == "0"


def test_it_is_hidden_from_strangers(
    ada: Person, charlie: Person, official: ProviderAccount
) -> None:
    video = clip(ada)
    begun = ada.api.post("/faces", {"video_id": video.public_id}, **AT_ONCE).json()
    assert charlie.api.get(f"/faces/{begun['id']}").status_code == 404
    assert ada.api.get(f"/faces/{video.generation.public_id}").status_code == 404
    refused = charlie.api.post("/faces", {"video_id": video.public_id}, **AT_ONCE)
    assert refused.status_code == 422


def test_a_step_is_not_sold_as_an_operation(ada: Person, official: ProviderAccount) -> None:
    video = clip(ada)
    body = {"operation": "identify-face", "input": {"video_id": video.public_id}}
    for address in ("/generations", "/quotes"):
        answer = ada.api.post(address, body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["code"] == "unknown_operation"
    listed = [one["name"] for one in ada.api.get("/operations").json()["data"]]
    assert "identify-face" not in listed
    assert ada.api.get("/operations/identify-face").status_code == 404
    assert ada.browser.get("/studio/identify-face/").status_code == 404


def test_without_a_provider_that_finds_faces_it_says_so(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    answer = ada.api.post("/faces", {"video_id": clip(ada).public_id}, **AT_ONCE)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "not_offered"


def test_an_unclear_answer_is_left_to_the_operator(
    ada: Person, official: ProviderAccount, simulator: RunningSimulator
) -> None:
    """Nobody can be asked about it by an id of ours, so nobody is; the credits stay held."""
    video = clip(ada)
    simulator.faults.add(stage="submit", kind="drop", accepted=True, path="videos/identify-face")
    begun = ada.api.post("/faces", {"video_id": video.public_id}, **AT_ONCE).json()
    mine = Generation.objects.filter(public_id=begun["id"])
    work_until(lambda: mine.get().state == State.RECONCILING)
    told = mine.get().attention
    assert "Look into its own records" in told
    work_until(lambda: mine.get().checks > 0)
    job = mine.get()
    assert (job.state, job.attention) == (State.RECONCILING, told)
    assert ada.api.get("/credits").json()["held"] == "0.05"


# --- a face is chosen --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("choice", "field"),
    [
        ({"face_id": "7"}, "face_id"),
        ({}, "face_id"),
        ({"face_id": "0", "sound_insert_time": 3500}, "sound_insert_time"),
    ],
)
def test_a_face_that_the_session_does_not_know_is_refused_at_once(
    ada: Person,
    account: ProviderAccount,
    simulator: RunningSimulator,
    choice: dict[str, Any],
    field: str,
) -> None:
    begun = ada.api.post("/faces", {"video_id": clip(ada).public_id}, **AT_ONCE).json()
    finish(begun["id"])
    sound = upload(ada.api, mp3(3), "hello.mp3")
    given = {"session_id": begun["id"], "face_choose": [{"sound_file": sound, **choice}]}
    before = ada.api.credits(), len(simulator.submissions()), Generation.objects.count()

    for address in ("/quotes", "/generations"):
        answer = ada.api.post(address, {"operation": "lip-sync", "input": given})
        assert answer.status_code == 422
        assert f"input.face_choose.0.{field}" in [one["field"] for one in answer.json()["errors"]]
    program = KlingApi(ada.api.key).post("videos/advanced-lip-sync", given)
    assert refusal(program) == (400, 1201)
    assert field in program.json()["message"]
    now = ada.api.credits(), len(simulator.submissions()), Generation.objects.count()
    assert now == before


@pytest.mark.parametrize("face", ["0", "1"])
def test_a_face_of_the_session_speaks(
    ada: Person, account: ProviderAccount, simulator: RunningSimulator, face: str
) -> None:
    video = clip(ada)
    begun = ada.api.post("/faces", {"video_id": video.public_id}, **AT_ONCE).json()
    finish(begun["id"])
    sound = upload(ada.api, mp3(3), "hello.mp3")
    simulator.settings.fetch_files = "none"
    choice = {"face_id": face, "sound_file": sound}
    given = {"session_id": begun["id"], "face_choose": [choice]}
    job = create(ada.api, {"operation": "lip-sync", "input": given})
    assert finish(job["id"]).state == State.SUCCEEDED
    shown = KlingApi(ada.api.key).task("videos/advanced-lip-sync", job["id"])
    assert shown["task_info"]["parent_video"]["id"] == video.public_id
