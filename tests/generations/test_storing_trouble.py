"""What the network, the provider and the disk do to a result on its way into storage."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from billing.models import Entry
from generations import tasks
from generations.media.downloading import LARGEST
from generations.models import Asset, Generation, ProviderAccount, State
from tests.conftest import Person
from tests.generations import media, media_server
from tests.generations.builders import make_due, make_storing, output
from tests.generations.media_server import (
    TASK,
    TASK_PATH,
    MediaServer,
    Reply,
    cut,
    html,
    huge,
    redirect,
    status,
    whole,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def film(ada: Person, account: ProviderAccount, host: MediaServer) -> Generation:
    return make_storing(ada.workspace, account, output(f"{host.url}/film.mp4"), task_id=TASK)


def store(generation: Generation, *, times: int = 1) -> Generation:
    for _ in range(times):
        tasks.store(make_due(generation).pk)
    generation.refresh_from_db()
    return generation


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


BAD: dict[str, Callable[[], Reply]] = {
    "forbidden": lambda: status(403),
    "not found": lambda: status(404),
    "gone": lambda: status(410),
    "web page": html,
    "empty": lambda: whole(b""),
    "a picture": lambda: whole(media.png(), "video/mp4"),
    "sound in a film's clothes": lambda: whole(b"\0\0\0\x1cftypisom" + media.m4a()[12:]),
    "cut": lambda: cut(media.mp4()),
    "cut, with the length of the part": lambda: whole(media.mp4()[:-500]),
    "no index": lambda: whole(media.mp4().replace(b"moov", b"junk")),
    "noise": lambda: whole(media.mp4()[:48] + bytes(2000)),
    "too large": lambda: huge(LARGEST["video"] + 1),
    "redirects without end": lambda: redirect("/film.mp4"),
}


@pytest.mark.parametrize("name", BAD)
def test_it_asks_for_a_fresh_link(
    film: Generation, host: MediaServer, folder: Path, name: str
) -> None:
    host.on("/film.mp4", BAD[name]())
    host.task_gives(output(host.on("/fresh.mp4", whole(media.mp4()))))
    store(film)
    assert (film.state, film.checks) == (State.SUCCEEDED, 1)
    assert host.asked[-2:] == [TASK_PATH, "/fresh.mp4"]
    assert Asset.objects.get().bytes == len(media.mp4())
    assert film.outputs[0]["url"] == f"{host.url}/fresh.mp4"


@pytest.mark.parametrize("name", BAD)
def test_it_never_stores_what_is_not_whole(
    film: Generation, host: MediaServer, folder: Path, name: str
) -> None:
    host.on("/film.mp4", BAD[name]())
    host.task_gives(output(f"{host.url}/film.mp4"))
    store(film, times=3)
    assert (film.state, film.assets.count()) == (State.STORING, 0)
    assert files_in(folder) == []
    host.on("/film.mp4", whole(media.mp4()))
    assert store(film).state == State.SUCCEEDED


def test_it_asks_the_provider_once_an_attempt(film: Generation, host: MediaServer) -> None:
    host.on("/film.mp4", status(404))
    host.task_gives(output(host.on("/fresh.mp4", status(404))))
    store(film)
    assert host.asked == ["/film.mp4", TASK_PATH, "/fresh.mp4"]
    assert film.state == State.STORING


def test_it_does_not_fetch_twice_what_it_has(
    ada: Person, account: ProviderAccount, host: MediaServer
) -> None:
    links = [
        output(host.on("/0.png", whole(media.png())), "image", provider_id="1"),
        output(host.on("/1.png", status(403)), "image", provider_id="1"),
    ]
    host.task_gives(links[0], output(host.on("/fresh.png", whole(media.png(80, 60))), "image"))
    generation = store(make_storing(ada.workspace, account, *links, task_id=TASK))
    assert generation.state == State.SUCCEEDED
    assert host.asked == ["/0.png", "/1.png", TASK_PATH, "/fresh.png"]


def test_it_gives_the_credits_back_for_a_result_that_is_gone(
    ada: Person, film: Generation, host: MediaServer, folder: Path
) -> None:
    host.on("/film.mp4", status(404))
    host.task_gives(output(f"{host.url}/film.mp4"))
    store(film, times=7)
    assert film.state == State.STORING
    assert ada.api.get("/credits").json()["balance"] == "98"
    store(film)
    answer = ada.api.get(f"/generations/{film.public_id}").json()
    assert (answer["status"], answer["error"]["code"]) == ("failed", "result_lost")
    assert answer["credits"] == {"quoted": "2", "held": "0", "charged": "0"}
    assert ada.api.get("/credits").json()["balance"] == "100"
    assert Entry.objects.get(kind="refund").amount == 2_000_000
    assert files_in(folder) == []
    tasks.store(film.pk)
    assert Entry.objects.filter(kind="refund").count() == 1


def test_it_leaves_nothing_of_a_set_that_cannot_be_completed(
    ada: Person, account: ProviderAccount, host: MediaServer, folder: Path
) -> None:
    links = [
        output(host.on("/0.png", whole(media.png())), "image"),
        output(f"{host.url}/1.png", "image"),
    ]
    host.task_gives(*links)
    generation = make_storing(ada.workspace, account, *links, task_id=TASK)
    store(generation, times=8)
    assert generation.state == State.FAILED
    assert (files_in(folder), Asset.objects.count()) == ([], 0)


def test_it_waits_while_the_provider_cannot_be_asked(film: Generation, host: MediaServer) -> None:
    host.on("/film.mp4", status(403))
    host.on(TASK_PATH, status(500))
    store(film, times=12)
    assert film.state == State.STORING
    assert "cannot be asked" in film.attention


def test_it_counts_a_task_that_the_provider_has_forgotten(
    film: Generation, host: MediaServer
) -> None:
    host.on("/film.mp4", status(404))
    host.on(
        TASK_PATH, whole(b'{"code": 1203, "message": "Task not found by id/external id: 8676"}')
    )
    store(film, times=8)
    assert film.state == State.FAILED


def test_it_waits_for_a_host_that_fails(film: Generation, host: MediaServer) -> None:
    host.on("/film.mp4", status(503))
    store(film, times=4)
    assert (film.state, film.attention) == (State.STORING, "")
    store(film, times=8)
    assert film.state == State.STORING
    assert film.attention == "Not stored yet: The server answered with status 503."
    assert TASK_PATH not in host.asked
    host.on("/film.mp4", whole(media.mp4()))
    store(film)
    assert (film.state, film.attention) == (State.SUCCEEDED, "")


def test_it_waits_for_a_host_that_is_not_there(
    ada: Person, account: ProviderAccount, host: MediaServer
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]
    link = output(f"http://127.0.0.1:{closed}/film.mp4")
    generation = make_storing(ada.workspace, account, link, task_id=TASK)
    store(generation, times=9)
    assert generation.state == State.STORING
    assert host.asked == []


def test_it_does_not_count_network_trouble_as_refusals(film: Generation, host: MediaServer) -> None:
    host.task_gives(output(f"{host.url}/film.mp4"))
    host.on("/film.mp4", status(500))
    store(film, times=10)
    host.on("/film.mp4", status(404))
    store(film)
    assert film.state == State.STORING


def test_it_waits_longer_and_longer(film: Generation, host: MediaServer, settings: Any) -> None:
    settings.TIMER_SCALE = 1.0
    host.on("/film.mp4", status(503))
    waits = []
    for _ in range(9):
        before = make_due(film).due_at
        tasks.store(film.pk)
        film.refresh_from_db()
        waits.append((film.due_at - before).total_seconds())
    assert waits[0] < 6
    assert waits[3] > 20
    assert 200 < waits[-1] < 301


def test_it_keeps_what_else_the_operator_was_told(film: Generation, host: MediaServer) -> None:
    told = "The provider deducted 9 units, 2 were quoted."
    Generation.objects.filter(pk=film.pk).update(attention=told)
    host.on("/film.mp4", status(503))
    store(film, times=6)
    assert film.attention.startswith(f"{told} Not stored yet: ")
    host.on("/film.mp4", whole(media.mp4()))
    assert store(film).attention == told


def test_it_refuses_a_private_address(film: Generation, host: MediaServer, settings: Any) -> None:
    settings.FETCH_ALLOW_PRIVATE = False
    host.on("/film.mp4", whole(media.mp4()))
    host.task_gives(output(f"{host.url}/film.mp4"))
    store(film)
    assert film.state == State.STORING
    assert "/film.mp4" not in host.asked


def test_it_fetches_from_the_simulator_of_a_simulated_account(
    film: Generation, account: ProviderAccount, host: MediaServer, settings: Any
) -> None:
    settings.FETCH_ALLOW_PRIVATE = False
    ProviderAccount.objects.filter(pk=account.pk).update(simulated=True)
    host.on("/film.mp4", whole(media.mp4()))
    assert store(film).state == State.SUCCEEDED


def test_it_fetches_from_nowhere_else_for_a_simulated_account(
    film: Generation, account: ProviderAccount, host: MediaServer, settings: Any
) -> None:
    settings.FETCH_ALLOW_PRIVATE = False
    ProviderAccount.objects.filter(pk=account.pk).update(simulated=True)
    host.task_gives(output(f"{host.url}/film.mp4"))
    with media_server.running() as inner:
        host.on("/film.mp4", redirect(inner.on("/secret.mp4", whole(media.mp4()))))
        assert store(film).state == State.STORING
        assert inner.asked == []


def test_it_survives_storage_that_is_down(
    film: Generation, host: MediaServer, folder: Path
) -> None:
    folder.write_bytes(b"where the folder should be")
    host.on("/film.mp4", whole(media.mp4()))
    store(film, times=10)
    assert film.state == State.STORING
    assert "Storage" in film.attention
    folder.unlink()
    assert store(film).state == State.SUCCEEDED


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """The kernel refuses to write beyond `size`, as it does when a disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_it_survives_a_full_disk(film: Generation, host: MediaServer, folder: Path) -> None:
    host.on("/film.mp4", whole(media.padded(media.mp4(), 40_000_000)))
    with largest_file(20_000_000):
        store(film, times=6)
    assert film.state == State.STORING
    assert "Storage" in film.attention
    assert files_in(folder) == []
    assert store(film).state == State.SUCCEEDED


def test_it_removes_what_a_killed_worker_has_left(
    film: Generation, host: MediaServer, folder: Path
) -> None:
    incoming = folder / ".incoming"
    incoming.mkdir(parents=True)
    old, young = incoming / "kling-old", incoming / "kling-young"
    for path in (old, young):
        path.write_bytes(b"part")
    os.utime(old, (0, 0))
    host.on("/film.mp4", whole(media.mp4()))
    store(film)
    assert (old.exists(), young.exists()) == (False, True)
