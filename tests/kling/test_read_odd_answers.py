"""Words, ids, addresses and bytes that no provider should send, and some do."""

from __future__ import annotations

import pytest

from kling import errors
from kling.complaints import Answer
from kling.envelope import decode, failure_kind, parse_task
from kling.tasks import FailureKind


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("submitted", "submitted"),
        ("SUBMITTED", "submitted"),
        ("QUEUED", "submitted"),
        ("NOT_START", "submitted"),
        ("processing", "processing"),
        ("IN_PROGRESS", "processing"),
        ("succeed", "succeed"),
        ("succeeded", "succeed"),
        ("SUCCESS", "succeed"),
        ("completed", "succeed"),
        ("failed", "failed"),
        ("FAILURE", "failed"),
        ("UNKNOWN", "unknown"),
        ("paused", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
        (7, "unknown"),
        ({}, "unknown"),
    ],
)
def test_it_knows_every_word_for_a_status(word: object, status: str) -> None:
    task = parse_task(Answer({"code": 0, "data": {"task_id": "1", "task_status": word}}))
    assert task.status == status


def test_it_lets_a_relays_failure_overrule_kling_and_nothing_else() -> None:
    def both(outer: str, inner: str) -> str:
        data = {"task_id": "1", "status": outer, "data": {"task_status": inner}}
        return parse_task(Answer({"code": "success", "data": data})).status

    assert both("FAILURE", "succeed") == "failed"
    assert both("SUCCESS", "processing") == "processing"
    assert both("IN_PROGRESS", "succeed") == "succeed"


def test_it_keeps_ids_as_text() -> None:
    data = {"task_id": 868890892747673686, "task_status": "submitted"}
    assert parse_task(Answer({"code": "0", "data": data})).task_id == "868890892747673686"


def test_it_does_not_believe_an_id_that_went_through_a_float() -> None:
    data = {"task_id": 8.68890892747673686e17, "task_status": "submitted"}
    with pytest.raises(errors.Unparsable):
        parse_task(Answer({"code": 0, "data": data}))


def test_it_leaves_out_what_is_no_address() -> None:
    videos = [
        {"url": "string"},
        {"url": "javascript:alert(1)"},
        {"url": "file:///etc/passwd"},
        {"url": "https://"},
        {"url": "ftp://media.example.net/x.mp4"},
        {"url": "https://[broken"},
        {"url": "https://media.example.net/a b"},
        {"url": "https://media.example.net/" + "x" * 9000},
        {"url": None},
        "https://media.example.net/x.mp4",
        {"url": "https://media.example.net/good.mp4"},
    ]
    data = {"task_id": "1", "task_status": "succeed", "task_result": {"videos": videos}}
    task = parse_task(Answer({"code": 0, "data": data}))
    assert [(out.url, out.index) for out in task.outputs] == [
        ("https://media.example.net/good.mp4", 0)
    ]


def test_it_keeps_only_what_a_database_can_store() -> None:
    raw = b'{"code":0,"data":{"task_id":"1","task_status":"failed","a\\u0000":'
    raw += b'["\\ud800","x\\u0000y",1e999,NaN]}}'
    data = parse_task(Answer(decode(raw))).raw["data"]
    assert data["a"] == ["?", "xy", None, None]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html><body>Bad gateway</body></html>",
        b'{"code": 0, "data": {"task_id"',
        b"\xff\xfe\x00garbage",
        b"[" * 100_000,
        b'{"a":' * 500 + b"1" + b"}" * 500,
        b"9" * 5000,
    ],
    ids=["empty", "html", "cut", "binary", "deep list", "deep object", "long number"],
)
def test_it_refuses_bytes_that_are_no_answer(raw: bytes) -> None:
    with pytest.raises(errors.Unparsable) as caught:
        parse_task(Answer(decode(raw)))
    assert caught.value.maybe_accepted


@pytest.mark.parametrize("body", [None, 5, "text", [], [{"task_status": "succeed"}], True])
def test_it_refuses_json_that_is_no_object(body: object) -> None:
    with pytest.raises(errors.Unparsable):
        parse_task(Answer(body))


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("Video duration is invalid", "bad_media"),
        ("Video frame rate is invalid", "bad_media"),
        ("Image file size is invalid", "bad_media"),
        ("The resolution or aspect ratio of the input image is invalid", "bad_media"),
        # Of the contents of a file that the provider could not have, nothing is known.
        ("Something went wrong when we tried to get the contents of the file.", "fetch_failure"),
        ("Prompt is invalid", "other"),
    ],
)
def test_it_reads_why_a_task_failed(reason: str, kind: FailureKind) -> None:
    data = {"task_id": "1", "task_status": "failed", "task_status_msg": reason}
    assert failure_kind(parse_task(Answer({"code": 0, "data": data}))) == kind
