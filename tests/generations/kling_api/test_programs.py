"""Programs written for Kling and for CometAPI, unchanged but for base URL and key.

Our own client is such a program: it knows the providers' pages and nothing of this product.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.db import connection, connections

from accounts.keys import create_pair
from generations import alarms
from generations.kling_api.representation import answer_to_create
from generations.models import Generation, ProviderAccount
from kling import catalogue, operations
from kling.client import Account, KlingClient, Task
from kling.errors import (
    AccountExhausted,
    AuthenticationFailed,
    DuplicateExternalId,
    ProviderRejected,
    TaskNotFound,
)
from kling.transport import PooledTransport
from tests.conftest import Person, make_account, make_person
from tests.generations import media
from tests.generations.builders import set_rates
from tests.generations.kling_api.conftest import owner_of
from tests.generations.kling_api.shapes import differences
from tests.generations.media_server import MediaServer, whole
from tests.kling.conftest import payload
from tests.kling.inputs import SMALLEST, TODAY, smallest
from tests.waiting import wait_until
from tests.working import call, finish

pytestmark = pytest.mark.django_db(transaction=True)
FILES: dict[str, Callable[[], bytes]] = {
    ".png": lambda: media.png(640, 640),
    ".mp3": lambda: media.mp3(5),
    ".mp4": lambda: media.mp4(seconds=5, width=1280, height=720, sound=True),
}
# Where a program finds the service: "/v1" or "/kling/v1" is its own.
PREFIXES = {"official": "/kling", "cometapi": ""}
# They answer at once, so somebody has to work while they wait: see test_synchronous.
AT_ONCE = {"text-to-speech", "identify-face", "lip-sync"}
ASKED_LATER = [
    (operation.name, dialect)
    for operation in operations.all_operations()
    for dialect in PREFIXES
    if catalogue.default().offers(operation, dialect, TODAY) and operation.name not in AT_ONCE
]


def marked(cases: list[tuple[str, str]]) -> list[Any]:
    """A provider fetches film and sound from us while we call it: SQLite cannot do both."""
    fetched = {name for name, given in SMALLEST.items() if ".mp" in str(given)}
    return [
        pytest.param(*case, marks=[pytest.mark.race] if case[0] in fetched else [])
        for case in cases
    ]


@pytest.fixture
def prices(db: None) -> None:
    """The operator's word for what Kling has printed no price of."""
    set_rates("effects", "custom-element")


@pytest.fixture
def program(
    ada: Person, live_server: Any, prices: None, simulator: Any, settings: Any
) -> Iterator[Any]:
    """Makes programs of a dialect; behind us is a provider that speaks it too."""
    transport = PooledTransport()

    def of_dialect(dialect: str, **credentials: str) -> KlingClient:
        if not ProviderAccount.objects.exists():
            fetches = live_server.url == settings.SITE_URL
            make_account(simulator.url, dialect=dialect, simulated=fetches)
        given = credentials or {"key": ada.api.key}
        account = Account(dialect, base_url=live_server.url + PREFIXES[dialect], **given)
        return KlingClient(account, transport)

    yield of_dialect
    # The server keeps a thread, and with it a connection to the database, for each one kept open.
    transport.close()


@pytest.fixture
def reachable(live_server: Any, settings: Any) -> None:
    """Providers fetch the files of a job from us."""
    if connection.vendor == "postgresql":
        settings.SITE_URL = live_server.url


def submit(
    client: KlingClient,
    operation: str,
    host: MediaServer,
    name: str,
    *,
    given: dict[str, Any] | None = None,
    **more: Any,
) -> Task:
    """The smallest request of the operation, or `given` as one, its files at `host`."""
    request = smallest(operation, client.account.dialect, given)
    parts = [request, request.step] if request.step else [request]
    files = {spot.path: at(host, spot.value) for one in parts for spot in one.spots() if spot.rule}
    return client.submit(request, external_task_id=name, files=files, **more)


def at(host: MediaServer, address: str) -> str:
    path = urlsplit(address).path
    return host.on(path, whole(FILES[path[-4:]]()))


def fetch(live_server: Any, url: str) -> requests.Response:
    """Our links have SITE_URL in front, which is where nobody listens in tests."""
    return requests.get(live_server.url + urlsplit(url).path, timeout=10)


def earlier_video(client: KlingClient, host: MediaServer, **more: str) -> dict[str, str]:
    """A result to go on from, by the ids that the program has got."""
    given = {"prompt": "A fox", **more}
    made = submit(client, "text-to-video", host, "earlier", given=given)
    finish(made.task_id)
    [video] = client.get("videos/text2video", made.task_id).outputs
    return {"video_id": video.provider_id or "", "task_id": made.task_id}


@pytest.mark.parametrize(("operation", "dialect"), marked(ASKED_LATER))
def test_it_works(
    program: Any,
    host: MediaServer,
    live_server: Any,
    reachable: None,
    operation: str,
    dialect: str,
) -> None:
    client, path = program(dialect), operations.get(operation).path
    given = None
    if operation == "video-extend":
        given = earlier_video(client, host, model_name="kling-v1-6")
    made = submit(client, operation, host, "program-1", given=given)
    assert made.status == "submitted"
    finish(made.task_id)

    done = client.get(path, made.task_id)
    assert (done.status, done.message) == ("succeed", "")
    assert done.outputs
    assert done.unit_deduction
    for output in done.outputs:
        if output.url:
            assert fetch(live_server, output.url).status_code == 200
    if dialect in operations.get(operation).external_ids_on:
        assert client.get_by_external_id(path, "program-1").task_id == made.task_id


def test_every_operation_is_tried() -> None:
    tried = {name for name, _ in ASKED_LATER} | AT_ONCE
    gone = {
        one.name
        for one in operations.all_operations()
        if not any(catalogue.default().offers(one, dialect, TODAY) for dialect in PREFIXES)
    }

    assert tried | gone == set(SMALLEST) == {one.name for one in operations.all_operations()}


def test_a_program_that_signs_its_tokens_works(
    ada: Person, program: Any, host: MediaServer
) -> None:
    key, secret = create_pair(by=owner_of(ada), label="signs")
    client = program("official", access_key=key.access_key, secret_key=secret)
    made = submit(client, "text-to-audio", host, "signed-1")

    assert Generation.objects.get(public_id=made.task_id).api_key == key
    assert [task.task_id for task in client.list_tasks("audio/text-to-audio")] == [made.task_id]


def test_a_result_is_what_the_next_request_starts_from(program: Any, host: MediaServer) -> None:
    client = program("official")
    given = {"video_id": earlier_video(client, host)["video_id"]}
    second = submit(client, "video-to-audio", host, "second", given=given)
    finish(second.task_id)

    done = client.get("audio/video-to-audio", second.task_id)
    assert done.status == "succeed"
    parent = done.raw["data"]["task_info"]["parent_video"]
    assert parent["id"] == given["video_id"]
    assert {output.kind for output in done.outputs} == {"video", "audio"}


def test_a_program_reads_our_refusals(program: Any, host: MediaServer) -> None:
    client = program("official")
    submit(client, "text-to-audio", host, "twice")
    with pytest.raises(DuplicateExternalId):
        submit(client, "text-to-audio", host, "twice")
    with pytest.raises(TaskNotFound):
        client.get("audio/text-to-audio", "gen_nobody")
    with pytest.raises(TaskNotFound):
        client.get_by_external_id("videos/text2video", "twice")
    with pytest.raises(AuthenticationFailed):
        program("official", key="of-another-house").list_tasks("audio/text-to-audio")
    with pytest.raises(AuthenticationFailed):
        program("official", access_key="ak_AAAAAAAAAA", secret_key="x" * 40).list_tasks(
            "audio/text-to-audio"
        )
    poor = make_person("poor@example.com", credits="0")
    with pytest.raises(AccountExhausted):
        submit(program("official", key=poor.api.key), "text-to-audio", host, "poor-1")
    with pytest.raises(ProviderRejected, match="callback_url"):
        submit(client, "text-to-audio", host, "odd", callback_url="ftp://example.com/")


# --- synchronous -------------------------------------------------------------------------
@pytest.fixture
def worker() -> Iterator[None]:
    """Somebody who works while the program waits."""
    ended = threading.Event()

    def work() -> None:
        try:
            while not ended.wait(0.02):
                for task, args in alarms.due():
                    call(task, args)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    ended.set()
    thread.join()


@pytest.mark.race
@pytest.mark.parametrize("dialect", PREFIXES)
def test_speech_comes_with_the_answer(
    program: Any, host: MediaServer, live_server: Any, reachable: None, worker: None, dialect: str
) -> None:
    client = program(dialect)
    done = submit(client, "text-to-speech", host, "")

    assert done.status == "succeed"
    assert differences(done.raw, payload("answers/official_speech_succeeded_at_once")) == []
    [speech] = done.outputs
    assert fetch(live_server, speech.url).headers["Content-Type"].startswith("audio/")
    [again] = client.get("audio/tts", done.task_id).outputs
    assert (again.provider_id, again.duration) == (speech.provider_id, speech.duration)


@pytest.mark.race
@pytest.mark.parametrize("dialect", PREFIXES)
def test_faces_come_with_the_answer_and_one_of_them_speaks(
    program: Any, host: MediaServer, live_server: Any, reachable: None, worker: None, dialect: str
) -> None:
    """The program's own first step: identify-face, then lip-sync with the session."""
    client = program(dialect)
    made = submit(client, "lip-sync", host, "speaks-1")
    wait_until(lambda: Generation.objects.get(public_id=made.task_id).is_final, seconds=30)

    done = client.get("videos/advanced-lip-sync", made.task_id)
    assert (done.status, [one.kind for one in done.outputs]) == ("succeed", ["video"])
    session = Generation.objects.get(operation="identify-face")
    answer = {"code": 0, "message": "", "request_id": "", "data": answer_to_create(session)}
    assert differences(answer, payload("answers/official_faces_identified")) == []
    asked = client.get("videos/identify-face", session.public_id)
    assert (asked.status, asked.raw["data"]["session_id"]) == ("succeed", session.public_id)
    assert Generation.objects.get(operation="lip-sync").input["session_id"] == session.public_id
