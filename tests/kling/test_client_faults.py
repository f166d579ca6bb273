"""What goes wrong between the client and a provider, on a real connection."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kling import errors
from kling.accounts import Account
from kling.client import KlingClient
from kling.requests import Request
from kling.transport import MAX_ANSWER, PooledTransport
from tests.kling.conftest import QUICK, ScriptedProvider, payload
from tests.kling.inputs import audio, video

VIDEOS = "videos/text2video"
CREATED = payload("answers/official_created")


def fox(dialect: str = "cometapi") -> Request:
    return video(dialect, prompt="Ein Fuchs 🦊 “im Schnee”")


def failed_submit(provider: ScriptedProvider) -> errors.KlingError:
    with pytest.raises(errors.KlingError) as caught:
        provider.client().submit(fox(), external_task_id="fox-1")
    assert len(provider.received) == 1, "a submit goes out once"
    return caught.value


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("error_key_unknown", 401, errors.AuthenticationFailed),
        ("error_balance", 429, errors.AccountExhausted),
        ("error_mode_invalid", 400, errors.ProviderRejected),
        ("error_external_id_exists", 400, errors.DuplicateExternalId),
        ("error_policy", 400, errors.ContentPolicy),
        ("error_too_fast", 429, errors.RateLimited),
        ("error_too_many_tasks", 200, errors.TooManyTasks),
        ("error_maintenance", 503, errors.Maintenance),
        ("error_internal", 500, errors.ServerError),
        ("error_nested_twice", 400, errors.ProviderRejected),
        ("error_relay_general", 500, errors.ServerError),
    ],
)
def test_it_raises_what_the_provider_says(
    provider: ScriptedProvider, name: str, status: int, kind: type[errors.KlingError]
) -> None:
    provider.answer(payload(f"answers/{name}"), status=status)
    assert type(failed_submit(provider)) is kind


@pytest.mark.parametrize("status", [200, 404, 500, 502, 503])
def test_html_may_have_been_accepted(provider: ScriptedProvider, status: int) -> None:
    provider.answer(b"<!doctype html><title>Bad gateway</title>", status=status)
    error = failed_submit(provider)
    assert type(error) is errors.Unparsable
    assert (error.maybe_accepted, error.http_status) == (True, status)


@pytest.mark.parametrize("body", [b"", b'{"code": 0, "da', b"[]", b'{"code": 0}', b'"fine"'])
def test_a_broken_answer_may_have_been_accepted(provider: ScriptedProvider, body: bytes) -> None:
    provider.answer(body)
    assert type(failed_submit(provider)) is errors.Unparsable


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_it_follows_no_redirect(provider: ScriptedProvider, status: int) -> None:
    target = {"Location": f"{provider.address}/elsewhere"}
    provider.answer(CREATED, status=status, headers=target)
    error = failed_submit(provider)
    assert type(error) is errors.Unparsable
    assert error.message == "The provider redirects."
    assert error.maybe_accepted


def test_it_reads_no_huge_redirect(provider: ScriptedProvider) -> None:
    provider.answer(b" " * (MAX_ANSWER + 1), status=301, headers={"Location": "/elsewhere"})
    assert failed_submit(provider).message == "The answer is too large."


def test_it_reads_no_huge_answer(provider: ScriptedProvider) -> None:
    provider.answer(b" " * (MAX_ANSWER + 1))
    assert type(failed_submit(provider)) is errors.Unparsable


def test_it_reads_an_answer_just_below_the_cap(provider: ScriptedProvider) -> None:
    raw = json.dumps(CREATED).encode()
    provider.answer(raw + b" " * (MAX_ANSWER - len(raw)))
    assert provider.client().submit(fox(), external_task_id="fox-1").status == "submitted"


def test_a_bomb_in_gzip_is_not_unpacked(provider: ScriptedProvider) -> None:
    import gzip

    bomb = gzip.compress(b" " * (64 * 1024 * 1024))
    provider.answer(bomb, headers={"Content-Encoding": "gzip"})
    assert type(failed_submit(provider)) is errors.Unparsable
    assert provider.received[0].headers["accept-encoding"] == "identity"


def test_a_badly_packed_answer_may_have_been_accepted(provider: ScriptedProvider) -> None:
    provider.answer(b"not gzip", headers={"Content-Encoding": "gzip"})
    assert type(failed_submit(provider)) is errors.Unparsable


def test_a_reset_connection_may_have_been_accepted(provider: ScriptedProvider) -> None:
    provider.reset()
    error = failed_submit(provider)
    assert type(error) is errors.ConnectionLost
    assert error.maybe_accepted


def test_an_answer_cut_short_may_have_been_accepted(provider: ScriptedProvider) -> None:
    provider.break_off(b'{"code": 0, "data": {')
    error = failed_submit(provider)
    assert type(error) is errors.ConnectionLost
    assert error.maybe_accepted


def test_silence_may_have_been_accepted(provider: ScriptedProvider) -> None:
    provider.hang()
    error = failed_submit(provider)
    assert type(error) is errors.TimedOut
    assert error.maybe_accepted


def test_an_answer_that_drips_ends_at_the_deadline(provider: ScriptedProvider) -> None:
    provider.drip()
    assert type(failed_submit(provider)) is errors.TimedOut


def client_at(address: str) -> KlingClient:
    account = Account("cometapi", base_url=address, key="sk-fox-secret-0001")
    return KlingClient(account, PooledTransport(timeouts=QUICK))


def test_a_refused_connection_was_never_sent(closed_port: int) -> None:
    with pytest.raises(errors.Unreachable) as caught:
        client_at(f"http://127.0.0.1:{closed_port}").submit(fox(), external_task_id="fox-1")
    assert caught.value.retryable
    assert not caught.value.maybe_accepted
    assert "in time" not in caught.value.message


def test_a_connection_that_never_stands_was_never_sent(full_port: int) -> None:
    with pytest.raises(errors.Unreachable) as caught:
        client_at(f"http://127.0.0.1:{full_port}").submit(fox(), external_task_id="fox-1")
    assert "in time" in caught.value.message
    assert not caught.value.maybe_accepted


def test_an_unknown_host_was_never_sent() -> None:
    with pytest.raises(errors.Unreachable):
        client_at("http://no-such-host.invalid").submit(fox(), external_task_id="fox-1")


def test_an_address_of_no_host_was_never_sent() -> None:
    with pytest.raises(errors.Unreachable):
        client_at("http://two..dots").submit(fox(), external_task_id="fox-1")


def test_plain_http_behind_https_is_no_success(provider: ScriptedProvider) -> None:
    address = provider.address.replace("http:", "https:")
    with pytest.raises(errors.KlingError) as caught:
        client_at(address).submit(fox(), external_task_id="fox-1")
    assert caught.value.retryable


def test_it_goes_on_after_an_error(provider: ScriptedProvider) -> None:
    client = provider.client()
    provider.answer(payload("answers/error_too_fast"), status=429, headers={"Retry-After": "7"})
    provider.reset()
    provider.answer(CREATED)
    with pytest.raises(errors.RateLimited) as caught:
        client.submit(fox(), external_task_id="fox-1")
    assert caught.value.retry_after == 7
    with pytest.raises(errors.ConnectionLost):
        client.submit(fox(), external_task_id="fox-1")
    assert client.submit(fox(), external_task_id="fox-1").task_id == "871100000000000001"


@pytest.mark.parametrize(
    "header", ["Fri, 20 Nov 2026 10:00:00 GMT", "-1", "nan", "1e9", "soon", ""]
)
def test_it_believes_no_odd_retry_after(provider: ScriptedProvider, header: str) -> None:
    provider.answer({"message": "slow down"}, status=429, headers={"Retry-After": header})
    assert failed_submit(provider).retry_after is None


def test_it_takes_the_request_id_from_a_header(provider: ScriptedProvider) -> None:
    headers = {"X-Request-Id": "req-header-1"}
    provider.answer(payload("answers/cometapi_text_to_audio_created"), headers=headers)
    provider.answer({"message": "no"}, status=400, headers=headers)
    client = provider.client()
    task = client.submit(audio("cometapi", prompt="Waves", duration=5), external_task_id="fox-1")
    assert task.request_id == "req-header-1"
    with pytest.raises(errors.ProviderRejected) as caught:
        client.get(VIDEOS, "1")
    assert caught.value.request_id == "req-header-1"


def test_it_keeps_no_cookies_and_reads_no_netrc(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login fox password hare\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    provider.answer(CREATED, headers={"Set-Cookie": "session=1; Path=/"})
    provider.answer(CREATED)
    client = provider.client()
    for _ in range(2):
        client.submit(fox(), external_task_id="fox-1")
    assert "cookie" not in provider.received[1].headers
    assert provider.received[1].headers["authorization"] == "Bearer sk-fox-secret-0001"
