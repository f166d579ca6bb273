"""The client against a real server on loopback that does what providers and networks do."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import jwt
import pytest

from kling import errors
from kling.accounts import Account
from kling.client import KlingClient
from kling.requests import Request
from kling.transport import MAX_ANSWER, HttpRequest, HttpResponse, RequestsTransport
from tests.kling.conftest import QUICK, ScriptedProvider, payload
from tests.kling.inputs import audio, video

VIDEOS = "videos/text2video"
CREATED = payload("answers/official_created")
FINISHED = payload("answers/official_video_with_watermark")
PREFIXES = {
    "cometapi": "/kling/v1/",
    "cloudsway": "/v1/ai/ep-fox/kling/",
    "official": "/v1/",
}


def fox(dialect: str = "cometapi") -> Request:
    return video(dialect, prompt="Ein Fuchs 🦊 “im Schnee”")


@pytest.mark.parametrize(("dialect", "prefix"), PREFIXES.items())
def test_it_submits_to_the_dialects_path(
    provider: ScriptedProvider, dialect: str, prefix: str
) -> None:
    provider.answer(CREATED)
    task = provider.client(dialect).submit(fox(dialect), external_task_id="fox-1")
    assert (task.task_id, task.status) == ("871100000000000001", "submitted")
    (received,) = provider.received
    assert (received.method, received.path) == ("POST", f"{prefix}videos/text2video")
    assert received.headers["authorization"] == "Bearer sk-fox-secret-0001"
    assert received.headers["content-type"] == "application/json"
    assert received.json == fox(dialect).wire_body(external_task_id="fox-1")
    assert "🦊".encode() in received.body


@pytest.mark.parametrize(("dialect", "prefix"), PREFIXES.items())
def test_it_queries_by_both_ids(provider: ScriptedProvider, dialect: str, prefix: str) -> None:
    provider.answer(FINISHED)
    provider.answer(CREATED)
    client = provider.client(dialect)
    assert client.get(VIDEOS, "871100000000000001").status == "succeed"
    assert client.get_by_external_id(VIDEOS, "fox-1").task_id == "871100000000000001"
    assert [(one.method, one.path) for one in provider.received] == [
        ("GET", f"{prefix}videos/text2video/871100000000000001"),
        ("GET", f"{prefix}videos/text2video/fox-1"),
    ]
    assert provider.received[0].headers["authorization"] == "Bearer sk-fox-secret-0001"
    assert provider.received[0].body == b""


def test_it_submits_audio_with_a_callback(provider: ScriptedProvider) -> None:
    provider.answer(payload("answers/cloudsway_text_to_audio_created"))
    url = "https://studio.example.net/hooks/1"
    provider.client("cloudsway").submit(
        audio(prompt="Waves", duration=3), external_task_id="fox-2", callback_url=url
    )
    (received,) = provider.received
    assert received.path == "/v1/ai/ep-fox/kling/audio/text-to-audio"
    assert received.json == {
        "prompt": "Waves",
        "duration": 3,
        "external_task_id": "fox-2",
        "callback_url": url,
    }


def test_it_spells_a_model_as_the_account_does(provider: ScriptedProvider) -> None:
    provider.answer(CREATED)
    names = {"kling-v3": "MaaS_KeLing_3.0_video"}
    client = provider.client("cloudsway", model_names=names)
    client.submit(fox("cloudsway"), external_task_id="fox-1")
    assert provider.received[0].json["model_name"] == "MaaS_KeLing_3.0_video"


def test_it_keeps_an_address_with_a_path(provider: ScriptedProvider) -> None:
    provider.answer(CREATED)
    client = provider.client(base_url=f"{provider.address}/proxy/")
    client.submit(fox(), external_task_id="fox-1")
    assert provider.received[0].path == "/proxy/kling/v1/videos/text2video"


def test_it_refuses_a_request_of_another_dialect(provider: ScriptedProvider) -> None:
    with pytest.raises(ValueError, match="official"):
        provider.client("cometapi").submit(fox("official"), external_task_id="fox-1")
    assert provider.received == []


@pytest.mark.parametrize(
    ("task_id", "path"),
    [
        ("a/b", "a%2Fb"),
        ("../../account/costs", "..%2F..%2Faccount%2Fcosts"),
        ("a?x=1#y", "a%3Fx%3D1%23y"),
        ("a%2Fb", "a%252Fb"),
        ("füchse", "f%C3%BCchse"),
        ("...", "..."),
    ],
)
def test_an_id_stays_in_its_place(provider: ScriptedProvider, task_id: str, path: str) -> None:
    provider.answer({**CREATED, "data": {**CREATED["data"], "task_info": {}}})
    provider.client().get_by_external_id(VIDEOS, task_id)
    assert provider.received[0].path == f"/kling/v1/videos/text2video/{path}"


@pytest.mark.parametrize("task_id", ["", ".", "..", "x" * 201])
def test_it_asks_for_no_impossible_id(provider: ScriptedProvider, task_id: str) -> None:
    with pytest.raises(errors.InvalidInput):
        provider.client().get(VIDEOS, task_id)
    assert provider.received == []


def test_it_takes_nobody_elses_task(provider: ScriptedProvider) -> None:
    provider.answer(CREATED)
    with pytest.raises(errors.Unparsable):
        provider.client().get_by_external_id(VIDEOS, "hare-1")


def test_it_says_that_a_task_is_unknown(provider: ScriptedProvider) -> None:
    provider.answer(payload("answers/error_task_not_found"), status=400)
    with pytest.raises(errors.TaskNotFound) as caught:
        provider.client().get_by_external_id(VIDEOS, "fox-404")
    assert caught.value.request_id == "req-err-1201"
    assert not caught.value.maybe_accepted


# --- lists and costs


def test_it_lists_tasks_of_the_official_api(provider: ScriptedProvider) -> None:
    provider.answer(payload("answers/official_list"))
    tasks = provider.client("official").list_tasks(VIDEOS, 2, 50)
    assert [task.status for task in tasks] == ["succeed", "processing"]
    assert provider.received[0].path == "/v1/videos/text2video?pageNum=2&pageSize=50"


@pytest.mark.parametrize(("page", "size"), [(0, 30), (1001, 30), (1, 0), (1, 501)])
def test_it_asks_for_no_impossible_page(provider: ScriptedProvider, page: int, size: int) -> None:
    with pytest.raises(ValueError, match="page"):
        provider.client("official").list_tasks(VIDEOS, page, size)


def test_it_reads_costs_of_the_official_api(provider: ScriptedProvider) -> None:
    provider.answer(payload("answers/official_costs"))
    data = provider.client("official").costs(start=1, end=2, pack="Video 100")
    assert data["resource_pack_subscribe_infos"][0]["remaining_quantity"] == 58.5
    assert provider.received[0].path == (
        "/account/costs?start_time=1&end_time=2&resource_pack_name=Video+100"
    )


@pytest.mark.parametrize("dialect", ["cometapi", "cloudsway"])
def test_relays_list_nothing_and_report_no_costs(provider: ScriptedProvider, dialect: str) -> None:
    client = provider.client(dialect)
    with pytest.raises(errors.NotSupported):
        client.list_tasks(VIDEOS)
    with pytest.raises(errors.NotSupported):
        client.costs(start=1, end=2)
    assert provider.received == []


# --- what goes wrong


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
    return KlingClient(account, RequestsTransport(timeouts=QUICK))


def test_a_refused_connection_was_never_sent(closed_port: int) -> None:
    with pytest.raises(errors.Unreachable) as caught:
        client_at(f"http://127.0.0.1:{closed_port}").submit(fox(), external_task_id="fox-1")
    assert caught.value.retryable
    assert not caught.value.maybe_accepted


def test_a_connection_that_never_stands_was_never_sent(full_port: int) -> None:
    with pytest.raises(errors.Unreachable) as caught:
        client_at(f"http://127.0.0.1:{full_port}").submit(fox(), external_task_id="fox-1")
    assert "in time" in caught.value.message
    assert not caught.value.maybe_accepted


def test_an_unknown_host_was_never_sent() -> None:
    with pytest.raises(errors.Unreachable):
        client_at("http://no-such-host.invalid").submit(fox(), external_task_id="fox-1")


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


# --- secrets


SECRETS = ("sk-fox-secret-0001", "secret-of-the-fox-which-is-long-enough")


def test_a_secret_shows_nowhere(provider: ScriptedProvider) -> None:
    said = {"code": 1002, "message": f"api key {SECRETS[0]} not found", "key": SECRETS[0]}
    provider.answer(said, status=401)
    client = provider.client()
    with pytest.raises(errors.AuthenticationFailed) as caught:
        client.submit(fox(), external_task_id="fox-1")
    shown = f"{caught.value!s} {caught.value!r} {client!r} {client.account!r}"
    assert "api key *** not found" in shown
    assert not any(secret in shown for secret in SECRETS)


def test_a_secret_is_not_stored_with_a_task(provider: ScriptedProvider) -> None:
    provider.answer({**CREATED, "debug": f"Bearer {SECRETS[0]}"})
    task = provider.client().submit(fox(), external_task_id="fox-1")
    assert task.raw["debug"] == "Bearer ***"


def test_a_signed_token_shows_nowhere(provider: ScriptedProvider) -> None:
    client = provider.client("official", access_key="AK-fox", secret_key=SECRETS[1])

    class Echo:
        """Answers with the token that it was given."""

        def send(self, request: HttpRequest) -> HttpResponse:
            assert "Bearer" not in repr(request)
            body = {"code": 1002, "message": request.headers["Authorization"]}
            return HttpResponse(401, {}, json.dumps(body).encode())

    echoing = KlingClient(client.account, Echo())
    with pytest.raises(errors.AuthenticationFailed) as caught:
        echoing.get(VIDEOS, "1")
    assert caught.value.message == "Bearer ***"
    assert SECRETS[1] not in repr(echoing)


def test_it_signs_for_an_access_key(provider: ScriptedProvider) -> None:
    provider.answer(CREATED)
    client = provider.client("official", access_key="AK-fox", secret_key=SECRETS[1])
    client.submit(fox("official"), external_task_id="fox-1")
    kind, token = provider.received[0].headers["authorization"].split(" ")
    assert kind == "Bearer"
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    claims = jwt.decode(token, SECRETS[1], algorithms=["HS256"])
    assert set(claims) == {"iss", "exp", "nbf"}
    assert claims["iss"] == "AK-fox"
    assert claims["exp"] - claims["nbf"] == 1805


def test_the_seams_are_arguments() -> None:
    sent: list[HttpRequest] = []

    class Recorded:
        def send(self, request: HttpRequest) -> HttpResponse:
            sent.append(request)
            return HttpResponse(200, {}, json.dumps(CREATED).encode())

    account = Account("cometapi", key="sk-fox-secret-0001")
    task = KlingClient(account, Recorded()).submit(
        video("cometapi", today=date(2026, 10, 1), prompt="A fox"), external_task_id="fox-1"
    )
    assert task.task_id == "871100000000000001"
    assert sent[0].url == "https://api.cometapi.com/kling/v1/videos/text2video"
