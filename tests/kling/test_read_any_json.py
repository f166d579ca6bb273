"""Any JSON is a task or one of the package's own errors, and nothing else."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kling import errors
from kling.complaints import Answer
from kling.envelope import decode, parse_data, parse_task, parse_tasks
from kling.tasks import Task, deduction, failure_kind

WORDS = [
    "code",
    "message",
    "request_id",
    "data",
    "task_id",
    "task_status",
    "task_status_msg",
    "task_info",
    "task_result",
    "videos",
    "images",
    "audios",
    "series_images",
    "outputs",
    "url",
    "url_mp3",
    "url_wav",
    "watermark_url",
    "duration",
    "id",
    "index",
    "status",
    "fail_reason",
    "error",
    "type",
    "format",
    "final_unit_deduction",
    "billing",
    "charge_type",
    "amount",
    "external_task_id",
    "created_at",
    "updated_at",
]

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        [
            0,
            "0",
            "success",
            1201,
            "1303",
            "succeed",
            "FAILURE",
            "6",
            "https://media.example.net/a.mp4",
            "Task not found by id/external id: x",
            "External_task_id x already exists",
            10**200,
        ]
    )
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=25,
)
answers = st.fixed_dictionaries(
    {"code": scalars, "data": anything}, optional={"message": anything, "error": anything}
)


def check(answer: Answer) -> None:
    for parse in (parse_task, parse_tasks, parse_data):
        try:
            found: Any = parse(answer)
        except errors.KlingError as error:
            found = error
        for item in found if isinstance(found, tuple) else (found,):
            if isinstance(item, Task):
                check_task(item)
            if isinstance(item, errors.KlingError):
                assert len(item.message) <= errors.MESSAGE_LIMIT
                assert str(item).startswith(item.message)


def check_task(task: Task) -> None:
    assert isinstance(task.task_id, str)
    assert task.task_id
    assert task.status in ("submitted", "processing", "succeed", "failed", "unknown")
    assert all(out.url.startswith(("http://", "https://")) for out in task.outputs)
    assert (deduction(task) or 0) >= 0
    assert failure_kind(task)


@settings(max_examples=300, deadline=None)
@given(
    body=answers | anything,
    http_status=st.sampled_from([200, 400, 401, 404, 429, 500, 503]),
    asked=st.none() | st.just("fox-1"),
)
def test_any_json_is_a_task_or_an_error(body: Any, http_status: int, asked: str | None) -> None:
    check(Answer(body, http_status, asked=asked))


@settings(max_examples=200, deadline=None)
@given(raw=st.binary(max_size=200) | answers.map(lambda body: json.dumps(body).encode()))
def test_any_bytes_are_a_task_or_an_error(raw: bytes) -> None:
    try:
        body = decode(raw)
    except errors.KlingError:
        return
    json.dumps(body, allow_nan=False).encode()
    check(Answer(body))
