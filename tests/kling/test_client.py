"""The client against a real server on loopback that does what providers and networks do."""

from __future__ import annotations

import json
from datetime import date

import pytest

from kling import errors
from kling.accounts import Account
from kling.client import KlingClient
from kling.requests import Request
from kling.transport import HttpRequest, HttpResponse
from tests.kling.conftest import ScriptedProvider, payload
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
