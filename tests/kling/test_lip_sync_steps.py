"""Lip-sync in two calls: the faces first, then the task; seen from the wire."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from kling import errors
from kling.accounts import Account
from kling.client import KlingClient
from kling.complaints import Answer
from kling.envelope import deduction, parse_task
from kling.requests import Request
from kling.tasks import Task
from kling.transport import HttpRequest, HttpResponse
from tests.kling.conftest import payload
from tests.kling.inputs import ask, clip, speech

FACES = payload("answers/official_faces_identified")
CREATED = payload("answers/official_created")
MEDIA = {"video_url": clip(10), "face_choose.0.sound_file": speech(3)}
IDENTIFY, CREATE = "videos/identify-face", "videos/advanced-lip-sync"


@dataclass
class Wire:
    """Answers in the order in which they are written down; an error is raised in its place."""

    answers: list[Any]
    sent: list[tuple[str, Any]] = field(default_factory=list)

    def send(self, request: HttpRequest) -> HttpResponse:
        self.sent.append((request.url.partition("/v1/")[2], json.loads(request.body or b"null")))
        answer = self.answers.pop(0)
        if isinstance(answer, errors.KlingError):
            raise answer
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return HttpResponse(status, {}, raw)


def lip_sync(dialect: str = "official", **choice: Any) -> Request:
    sound = {"sound_file": "https://files.example/hello.mp3", **choice}
    return ask("lip-sync", dialect, media=MEDIA, face_choose=[sound])


def submit(wire: Wire, request: Request, **more: Any) -> Task:
    client = KlingClient(Account(request.dialect, key="sk-fox-secret-0001"), wire)
    return client.submit(request, external_task_id="fox-1", **more)


def faces(*spans: tuple[int, int]) -> Any:
    body = copy.deepcopy(FACES)
    body["data"]["face_data"] = [
        {"face_id": str(number), "face_image": None, "start_time": begin, "end_time": end}
        for number, (begin, end) in enumerate(spans)
    ]
    return body


@pytest.mark.parametrize("dialect", ["official", "cometapi"])
def test_it_identifies_and_then_creates(dialect: str) -> None:
    wire = Wire([FACES, CREATED])
    url = "https://studio.example.net/hook"
    task = submit(wire, lip_sync(dialect), callback_url=url)
    assert task.task_id == "871100000000000001"
    (first, asked), (second, body) = wire.sent
    assert (first, asked) == (IDENTIFY, {"video_url": "https://files.example/ada.mp4"})
    assert second == CREATE
    assert list(body) == ["session_id", "face_choose", "external_task_id", "callback_url"]
    assert (body["session_id"], body["face_choose"][0]["face_id"]) == ("session-1", "0")
    end = body["face_choose"][0]["sound_end_time"]
    assert end == ("3000" if dialect == "cometapi" else 3000)


def test_a_link_or_the_providers_own_id_stands_in_for_the_video() -> None:
    wire = Wire([FACES, CREATED, FACES, CREATED])
    link = {"video_url": "https://ours.example/ada.mp4", "face_choose.0.sound_file": "UklGRg=="}
    submit(wire, lip_sync(), files=link)
    submit(wire, lip_sync(), ids={"video_url": "8701", "face_choose.0.sound_file": "8801"})
    asked = [body for path, body in wire.sent if path == IDENTIFY]
    assert asked == [{"video_url": "https://ours.example/ada.mp4"}, {"video_id": "8701"}]
    chosen = [body["face_choose"][0] for path, body in wire.sent if path == CREATE]
    assert chosen[0]["sound_file"] == "UklGRg=="
    assert (chosen[1].get("sound_file"), chosen[1]["audio_id"]) == (None, "8801")


@pytest.mark.parametrize(
    ("choice", "face_id"), [({}, "1"), ({"face_id": "0"}, "0"), ({"face_id": "2"}, "2")]
)
def test_it_takes_the_chosen_face_or_the_one_seen_longest(
    choice: dict[str, Any], face_id: str
) -> None:
    wire = Wire([faces((0, 3000), (0, 9000), (1000, 4000)), CREATED])
    submit(wire, lip_sync(**choice))
    assert wire.sent[1][1]["face_choose"][0]["face_id"] == face_id


def test_a_session_needs_one_call() -> None:
    wire = Wire([CREATED])
    choice = {"face_id": "3", "sound_file": "https://files.example/hello.mp3"}
    request = ask("lip-sync", media=MEDIA, video_url=None, session_id="s-1", face_choose=[choice])
    submit(wire, request)
    assert [path for path, _ in wire.sent] == [CREATE]
    assert wire.sent[0][1]["session_id"] == "s-1"


@pytest.mark.parametrize(
    ("found", "choice", "code", "words"),
    [
        (faces(), {}, "no_face", "shows no face"),
        (faces((0, 5000), (0, 4000)), {"face_id": "7"}, "no_such_face", "Its faces: 0, 1."),
        (faces((4000, 9000)), {}, "no_overlap", "from 4000 to 9000 ms"),
        (faces((0, 9000)), {"sound_insert_time": 7001, "sound_end_time": 2100}, "no_overlap", ""),
    ],
)
def test_what_was_found_may_not_do(
    found: Any, choice: dict[str, Any], code: str, words: str
) -> None:
    wire = Wire([found])
    with pytest.raises(errors.ProviderRejected) as caught:
        submit(wire, lip_sync(**choice))
    assert (caught.value.code, len(wire.sent)) == (code, 1)
    assert words in caught.value.message
    assert caught.value.step_was_done
    assert not caught.value.retryable
    assert not caught.value.maybe_accepted


@pytest.mark.parametrize(
    "answer",
    [
        errors.TimedOut("No answer."),
        errors.ConnectionLost("It broke."),
        (502, b"<html>Bad gateway</html>"),
        (500, payload("answers/error_internal")),
        (200, {"code": 0, "data": {"session_id": "s-1"}}),
        (200, {"code": 0, "data": {"session_id": None, "face_data": []}}),
        (200, {"code": 0, "data": {"session_id": "s-1", "face_data": "none"}}),
    ],
)
def test_doubt_about_the_first_call_is_none_about_the_task(answer: Any) -> None:
    wire = Wire([answer])
    with pytest.raises(errors.NotPrepared) as caught:
        submit(wire, lip_sync())
    assert (caught.value.retryable, caught.value.maybe_accepted) == (True, False)
    assert caught.value.message.startswith("Identify faces: ")
    assert not caught.value.step_was_done
    assert len(wire.sent) == 1


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("error_policy", 400, errors.ContentPolicy),
        ("error_key_unknown", 401, errors.AuthenticationFailed),
        ("error_balance", 429, errors.AccountExhausted),
        ("error_too_many_tasks", 200, errors.TooManyTasks),
        ("error_maintenance", 503, errors.Maintenance),
    ],
)
def test_a_clear_no_to_the_first_call_stays_one(
    name: str, status: int, kind: type[errors.KlingError]
) -> None:
    wire = Wire([(status, payload(f"answers/{name}"))])
    with pytest.raises(kind) as caught:
        submit(wire, lip_sync())
    assert type(caught.value) is kind
    assert not caught.value.step_was_done
    assert len(wire.sent) == 1


def test_a_no_to_the_second_call_says_that_the_first_was_done() -> None:
    wire = Wire([FACES, (400, payload("answers/error_mode_invalid"))])
    with pytest.raises(errors.ProviderRejected) as caught:
        submit(wire, lip_sync())
    assert caught.value.step_was_done


def test_doubt_about_the_second_call_is_about_the_task() -> None:
    wire = Wire([FACES, errors.TimedOut("No answer.")])
    with pytest.raises(errors.TimedOut) as caught:
        submit(wire, lip_sync())
    assert caught.value.maybe_accepted


def test_the_faces_are_a_finished_task() -> None:
    task = parse_task(Answer(FACES))
    assert (task.task_id, task.status, task.request_id) == ("session-1", "succeed", "req-fox-2")
    assert deduction(task) == Decimal("0.05")
    (output,) = task.outputs
    assert (output.kind, output.url) == ("image", "https://media.example.net/face.png")
    assert (output.provider_id, output.index) == ("0", 0)
    assert output.details == {"face_id": "0", "start_ms": 0, "end_ms": 4200}


def test_a_face_without_a_picture_or_with_odd_times_is_still_a_face() -> None:
    body = faces((0, 0), (0, 0), (0, 0))
    rows = body["data"]["face_data"]
    rows[0] |= {"start_time": "1000", "end_time": "4000"}
    rows[1] |= {"face_id": 17, "start_time": None, "end_time": -5}
    rows[2] |= {"face_id": None}
    found = [(one.url, one.provider_id, one.details) for one in parse_task(Answer(body)).outputs]
    assert found == [
        ("", "0", {"face_id": "0", "start_ms": 1000, "end_ms": 4000}),
        ("", "17", {"face_id": "17", "start_ms": 0, "end_ms": 0}),
    ]


def test_no_faces_are_an_answer_too() -> None:
    body = faces()
    assert parse_task(Answer(body)).outputs == ()
    body["data"]["face_data"] = None
    assert parse_task(Answer(body)).task_id == "session-1"
