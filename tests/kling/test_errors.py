"""Errors: the body's code decides, then the HTTP status; what each lets the caller do."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from kling import errors
from kling.complaints import Answer
from kling.envelope import decode, parse_task
from tests.kling.conftest import payload

E = errors


def error_of(body: Any, http_status: int, asked: str | None = None) -> errors.KlingError:
    with pytest.raises(errors.KlingError) as caught:
        parse_task(Answer(body, http_status, asked=asked))
    return caught.value


@pytest.mark.parametrize(
    ("name", "http_status", "kind", "code"),
    [
        ("error_signature_missing", 401, E.AuthenticationFailed, 1001),
        ("error_key_unknown", 401, E.AuthenticationFailed, 1002),
        ("error_balance", 429, E.AccountExhausted, 1102),
        ("error_mode_invalid", 400, E.ProviderRejected, 1201),
        ("error_external_id_exists", 400, E.DuplicateExternalId, 1201),
        ("error_policy", 400, E.ContentPolicy, 1301),
        ("error_too_fast", 429, E.RateLimited, 1302),
        ("error_too_many_tasks", 429, E.TooManyTasks, 1303),
        ("error_too_many_tasks", 200, E.TooManyTasks, 1303),
        ("error_code_as_text", 429, E.TooManyTasks, 1303),
        ("error_internal", 500, E.ServerError, 5000),
        ("error_maintenance", 503, E.Maintenance, 5001),
        ("error_backlog", 504, E.ServerError, 5002),
        ("error_nested_twice", 400, E.ProviderRejected, 1201),
        ("error_nested_twice", 500, E.ProviderRejected, 1201),
        ("error_relay_general", 403, E.AuthenticationFailed, "comet_api_error"),
        ("error_relay_general", 429, E.RateLimited, "comet_api_error"),
        ("error_relay_general", 500, E.ServerError, "comet_api_error"),
        ("error_relay_invalid_request", 500, E.ProviderRejected, "invalid_request"),
        ("error_relay_no_supply", 400, E.AccountExhausted, "NO_BALANCER_ERROR"),
        ("error_relay_no_supply", 503, E.ServerError, "NO_BALANCER_ERROR"),
    ],
)
def test_it_tells_what_went_wrong(
    name: str, http_status: int, kind: type[errors.KlingError], code: int | str
) -> None:
    error = error_of(payload(f"answers/{name}"), http_status)
    assert type(error) is kind
    assert error.code == code
    assert error.http_status == http_status


KINDS = {
    E.AuthenticationFailed: [1000, 1001, 1002, 1003, 1004],
    E.AccountExhausted: [1100, 1101, 1102, 1103, 1304],
    E.ProviderRejected: [1200, 1201, 1202, 1203, 1300, 1350],
    E.ContentPolicy: [1301],
    E.RateLimited: [1302],
    E.TooManyTasks: [1303],
    E.Maintenance: [5001],
    E.ServerError: [5000, 5002, 5999, 1999, 7],
}


@pytest.mark.parametrize(
    ("code", "kind"), [(code, kind) for kind, codes in KINDS.items() for code in codes]
)
@pytest.mark.parametrize("http_status", [200, 500])
def test_it_believes_the_code_before_the_http_status(
    code: int, kind: type[errors.KlingError], http_status: int
) -> None:
    assert type(error_of({"code": code, "message": "no"}, http_status)) is kind


@pytest.mark.parametrize(
    ("http_status", "kind"),
    [
        (400, E.ProviderRejected),
        (401, E.AuthenticationFailed),
        (402, E.AccountExhausted),
        (403, E.AuthenticationFailed),
        (404, E.ProviderRejected),
        (408, E.ServerError),
        (409, E.DuplicateExternalId),
        (422, E.ProviderRejected),
        (429, E.RateLimited),
        (500, E.ServerError),
        (502, E.ServerError),
        (503, E.ServerError),
        (504, E.ServerError),
        (524, E.ServerError),
    ],
)
def test_it_goes_by_http_where_there_is_no_code(
    http_status: int, kind: type[errors.KlingError]
) -> None:
    error = error_of({"message": "no"}, http_status)
    assert type(error) is kind
    assert error.maybe_accepted is (kind in {E.ServerError, E.DuplicateExternalId})


def test_it_reads_an_http_status_in_the_body() -> None:
    assert type(error_of({"code": 401, "message": "no"}, 200)) is E.AuthenticationFailed


def test_a_failed_task_in_an_http_error_is_not_believed() -> None:
    error = error_of({"id": "req-1", "status": "failed", "message": "oops"}, 500)
    assert error.maybe_accepted


def test_an_error_page_with_a_status_is_no_task() -> None:
    error = error_of({"id": "req-1", "status": "error", "message": "oops"}, 200)
    assert type(error) is E.Unparsable


def test_it_knows_an_unknown_task_only_when_it_asked_for_one() -> None:
    body = payload("answers/error_task_not_found")
    assert type(error_of(body, 400, asked="fox-404")) is E.TaskNotFound
    assert type(error_of(body, 400)) is E.ProviderRejected


def test_it_takes_a_relays_word_for_an_unknown_task() -> None:
    body = {"code": "task_not_exist", "message": "task_not_exist", "data": None}
    assert type(error_of(body, 400, asked="fox-404")) is E.TaskNotFound


@pytest.mark.parametrize(
    "body",
    [
        {"code": 1201, "message": "Voice id not found"},
        {"code": 1203, "message": "model not found"},
        {"code": 404, "message": "Not Found"},
        {"message": "page not found"},
        {"code": 0, "data": None},
        {"code": 0, "data": []},
    ],
)
def test_it_takes_nothing_else_for_an_unknown_task(body: dict[str, Any]) -> None:
    # "Unknown" is what allows a second submit.
    assert type(error_of(body, 404, asked="fox-404")) is not E.TaskNotFound


def test_a_duplicate_may_be_running() -> None:
    error = error_of(payload("answers/error_external_id_exists"), 400)
    assert error.maybe_accepted
    assert not error.retryable


@pytest.mark.parametrize(
    "message",
    [
        "External_task_id fox-1 already exists",
        "external_task_id already used",
        "externalTaskId must be unique",
        "Duplicate external_task_id",
        "The external task id exists",
    ],
)
def test_it_knows_a_duplicate_by_other_words(message: str) -> None:
    # Taken for a definite no, it would give the credits of a running job back.
    body = {"code": 1201, "message": message}
    assert type(error_of(body, 400)) is E.DuplicateExternalId
    assert type(error_of(body, 400, asked="fox-1")) is E.ProviderRejected


@pytest.mark.parametrize(
    "message",
    ["external_task_id is too long", "external_task_id is invalid", "prompt must be unique"],
)
def test_it_takes_no_other_refusal_for_a_duplicate(message: str) -> None:
    assert type(error_of({"code": 1201, "message": message}, 400)) is E.ProviderRejected


def test_a_conflict_while_asking_is_no_duplicate() -> None:
    assert type(error_of({"message": "no"}, 409, asked="fox-1")) is E.ProviderRejected


@pytest.mark.parametrize("code", [5000, 5002, 503, None])
def test_a_provider_in_trouble_does_not_know_what_it_knows(code: int | None) -> None:
    error = error_of({"code": code, "message": "Task not found in cache"}, 503, asked="fox-1")
    assert type(error) is E.ServerError


@pytest.mark.parametrize(
    ("kind", "retryable", "maybe_accepted"),
    [
        (E.InvalidInput, False, False),
        (E.NotSupported, False, False),
        (E.InvalidSignature, False, False),
        (E.ProviderRejected, False, False),
        (E.ContentPolicy, False, False),
        (E.AuthenticationFailed, False, False),
        (E.AccountExhausted, False, False),
        (E.RateLimited, True, False),
        (E.TooManyTasks, True, False),
        (E.Maintenance, True, False),
        (E.Unreachable, True, False),
        (E.NotPrepared, True, False),
        (E.TaskNotFound, False, False),
        (E.DuplicateExternalId, False, True),
        (E.MaybeAccepted, True, True),
        (E.ServerError, True, True),
        (E.ConnectionLost, True, True),
        (E.TimedOut, True, True),
        (E.Unparsable, True, True),
    ],
)
def test_each_error_says_what_may_follow(
    kind: type[errors.KlingError], retryable: bool, maybe_accepted: bool
) -> None:
    assert (kind.retryable, kind.maybe_accepted) == (retryable, maybe_accepted)


def test_the_tree_in_the_docstring_has_every_error() -> None:
    drawn = errors.__doc__ or ""
    kinds = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.KlingError)
    ]
    assert len(kinds) == 21
    assert all(f"{kind.__name__} " in drawn or kind is errors.KlingError for kind in kinds)


@pytest.mark.parametrize(("code", "retryable"), [(1002, False), (1003, True), (1004, True)])
def test_a_token_out_of_its_time_may_be_tried_again(code: int, retryable: bool) -> None:
    assert error_of({"code": code, "message": "token"}, 401).retryable is retryable


def test_it_names_the_request() -> None:
    assert error_of(payload("answers/error_policy"), 400).request_id == "req-err-1301"
    nested = error_of(payload("answers/error_nested_twice"), 400)
    assert nested.request_id == "req-nested-1"
    assert "request req-nested-1" in str(nested)


def test_a_providers_text_stays_on_one_line_and_short() -> None:
    error = error_of({"code": 1201, "message": "a\n\x1b[31mb" + "c" * 10_000}, 400)
    assert error.message.startswith("a [31mbccc")
    assert len(error.message) == errors.MESSAGE_LIMIT


@pytest.mark.parametrize(
    ("http_status", "kind"),
    [
        (401, E.AuthenticationFailed),
        (403, E.AuthenticationFailed),
        (429, E.RateLimited),
        (200, E.Unparsable),
        (404, E.Unparsable),
        (502, E.Unparsable),
    ],
)
def test_a_page_of_html_is_doubt_unless_its_status_stops_a_request(
    http_status: int, kind: type[errors.KlingError]
) -> None:
    with pytest.raises(errors.KlingError) as caught:
        decode(b"<html>no</html>", http_status=http_status)
    assert type(caught.value) is kind
