"""Operations whose create call answers with the result."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import requests

from kling.simulator.server import RunningSimulator
from tests.generations.media_server import MediaServer, status, whole

from .caller import Caller
from .pieces import downloaded, opened, picture

SPEECH, FACES = "audio/tts", "videos/identify-face"
HELLO = {"text": "Hello, fox. " * 5, "voice_id": "oversea_male1", "voice_language": "en"}
NOT_FETCHED = "Something went wrong when we tried to get the contents of the file."


@pytest.fixture(params=["cometapi", "official"])
def caller(request: pytest.FixtureRequest, simulator: RunningSimulator) -> Caller:
    return Caller(simulator, request.param)


def spoken(caller: Caller, **fields: Any) -> dict[str, Any]:
    answer = caller.post(SPEECH, HELLO | fields)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"])


def test_it_speaks_at_once_and_can_be_asked_again(caller: Caller) -> None:
    task = spoken(caller)
    assert (task["task_status"], task["final_unit_deduction"]) == ("succeed", "0.05")
    (audio,) = task["task_result"]["audios"]
    assert set(audio) == {"id", "url", "duration"}
    with opened(downloaded(audio["url"])) as container:
        assert container.format.name == "mp3"
    again = caller.state(SPEECH, task["task_id"])["task_result"]["audios"][0]
    assert (again["id"], again["duration"]) == (audio["id"], audio["duration"])


def test_it_speaks_longer_texts_longer_and_faster_ones_shorter(caller: Caller) -> None:
    def seconds(**fields: Any) -> float:
        return float(spoken(caller, **fields)["task_result"]["audios"][0]["duration"])

    assert seconds() == pytest.approx(4, abs=0.2)
    assert seconds(voice_speed=2) == pytest.approx(2, abs=0.2)
    assert seconds(text="Hi") == pytest.approx(1, abs=0.1)


def test_it_counts_a_speech_as_a_task(caller: Caller) -> None:
    task = spoken(caller)
    (kept,) = caller.simulator.tasks()
    assert (kept["task_id"], kept["status"]) == (task["task_id"], "succeed")


@pytest.mark.parametrize(("words", "message"), [("[fail:Too loud]", "Too loud")])
def test_it_fails_by_words_in_the_text(caller: Caller, words: str, message: str) -> None:
    task = spoken(caller, text=f"Hello {words}")
    assert (task["task_status"], task["task_status_msg"]) == ("failed", message)
    assert task["final_unit_deduction"] == "0"


def test_it_refuses_by_words_in_the_text(caller: Caller) -> None:
    answer = caller.post(SPEECH, HELLO | {"text": "Hello [reject]"})
    assert (answer.status_code, answer.json()["code"]) == (400, 1301)
    assert caller.simulator.tasks() == []


@pytest.mark.parametrize("accepted", [False, True])
def test_it_takes_part_in_the_faults_of_submits(caller: Caller, accepted: bool) -> None:
    caller.simulator.faults.add("submit", "drop", accepted=accepted, text="Hello, fox")
    with pytest.raises(requests.ConnectionError):
        caller.post(SPEECH, HELLO)
    assert len(caller.simulator.tasks()) == int(accepted)
    caller.simulator.faults.add("submit", "code", value=1303)
    assert caller.post(SPEECH, HELLO).status_code == 429
    assert spoken(caller)["task_status"] == "succeed"


def test_it_keeps_the_caller_waiting_when_told(caller: Caller) -> None:
    with pytest.raises(requests.ReadTimeout):
        caller.post(SPEECH, HELLO | {"text": "Hello [never]"}, timeout=0.3)
    (kept,) = caller.simulator.tasks()
    assert kept["status"] == "processing"


def test_it_refuses_a_video_that_cannot_be_had(caller: Caller, host: MediaServer) -> None:
    for reply, message in (
        (status(404), NOT_FETCHED),
        (whole(picture()), "Video format is invalid"),
    ):
        answer = caller.post(FACES, {"video_url": host.on("/fox.mp4", reply)})
        assert (answer.status_code, answer.json()["code"]) == (400, 1201)
        assert answer.json()["message"] == message


def test_it_makes_one_session_a_call(caller: Caller) -> None:
    sessions: list[str] = []

    def ask() -> None:
        body = {"video_url": "https://example.invalid/fox.mp4"}
        data = Caller(caller.simulator, caller.dialect).post(FACES, body).json()["data"]
        sessions.append(data["session_id"])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(sessions)) == 4


def test_it_takes_task_faults_where_there_is_no_prompt(simulator: RunningSimulator) -> None:
    """The external id names the job then."""
    caller, path = Caller(simulator, "official"), "images/editing/expand"
    sides = dict.fromkeys([f"{side}_expansion_ratio" for side in ("up", "down", "left")], 0)
    body = {**sides, "right_expansion_ratio": 1, "image": "https://example.invalid/fox.png"}
    simulator.faults.add("task", "fail", value="Too wide", text="job-2")
    for name, message in (("job-1", ""), ("job-2", "Too wide")):
        task_id = caller.create(path, body | {"external_task_id": name})
        assert caller.finished(path, task_id)["task_status_msg"] == message
