"""Stored files over HTTP: whole, in parts, and refused."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import time_machine
from django.core.signals import request_finished
from django.db import close_old_connections
from django.test import Client
from django.utils import timezone

from generations import links, tasks
from generations.models import Asset, Generation, ProviderAccount
from tests.conftest import Person
from tests.generations import media
from tests.generations.builders import make_storing, output
from tests.generations.media_server import TASK, MediaServer, whole

pytestmark = pytest.mark.django_db


@pytest.fixture
def film(ada: Person, account: ProviderAccount, host: MediaServer) -> Asset:
    link = host.on("/film.mp4", whole(media.mp4()))
    generation = make_storing(ada.workspace, account, output(link), task_id=TASK)
    tasks.store(generation.pk)
    return generation.assets.get()


@pytest.fixture
def content() -> bytes:
    return media.mp4()


def path_of(asset: Asset, *, poster: bool = False) -> str:
    return urlsplit(links.signed_url(asset, poster=poster)).path


def get(asset: Asset, **headers: str) -> Any:
    """By the signed link, without a key or a session."""
    return Client().get(path_of(asset), headers=headers)


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_it_serves_the_whole_file(film: Asset, content: bytes) -> None:
    response = get(film)
    assert response.status_code == 200
    assert body(response) == content
    assert response["Content-Length"] == str(len(content))
    assert response["Content-Type"] == "video/mp4"
    assert response["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert response["Accept-Ranges"] == "bytes"
    assert response["Cache-Control"] == "private"
    assert response["X-Content-Type-Options"] == "nosniff"
    day = film.created_at.date().isoformat()
    name = f"text-to-video-{day}-{film.public_id[-6:]}.mp4"
    assert response["Content-Disposition"] == f'inline; filename="{name}"'


def test_it_offers_the_file_as_a_download(film: Asset) -> None:
    response = Client().get(path_of(film), {"download": "1"})
    assert response["Content-Disposition"].startswith('attachment; filename="text-to-video-')


RANGES = {
    "bytes=0-0": (0, 0),
    "bytes=0-99": (0, 99),
    "bytes=100-199": (100, 199),
    "bytes=500-": (500, -1),
    "bytes=-500": (-500, -1),
    "bytes=-99999999": (0, -1),
    "bytes=10-99999999": (10, -1),
    "Bytes = 3 - 4": (3, 4),
}


@pytest.mark.parametrize("header", RANGES)
def test_it_serves_a_part(film: Asset, content: bytes, header: str) -> None:
    first, last = (place % len(content) for place in RANGES[header])
    response = get(film, range=header)
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {first}-{last}/{len(content)}"
    assert response["Content-Length"] == str(last - first + 1)
    assert body(response) == content[first : last + 1]


@pytest.mark.parametrize("header", ["bytes=99999999-", "bytes=99999999-999999999", "bytes=-0"])
def test_it_refuses_a_part_behind_the_end(film: Asset, content: bytes, header: str) -> None:
    response = get(film, range=header)
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(content)}"


@pytest.mark.parametrize(
    "header",
    ["bytes=5-3", "bytes=-", "bytes=a-b", "lines=0-5", "bytes=0-1,5-9", "bytes=1", "bytes=²-3", ""],
)
def test_it_passes_over_a_range_it_cannot_read(film: Asset, content: bytes, header: str) -> None:
    response = get(film, range=header)
    assert (response.status_code, body(response)) == (200, content)


def test_it_serves_a_part_only_of_the_same_file(film: Asset, content: bytes) -> None:
    first = get(film)
    for condition in (first["ETag"], first["Last-Modified"]):
        same = get(film, **{"range": "bytes=0-9", "if-range": condition})
        assert same.status_code == 206
    for condition in ('"other"', f"W/{first['ETag']}", "Mon, 01 Jan 2024 00:00:00 GMT"):
        other = get(film, **{"range": "bytes=0-9", "if-range": condition})
        assert (other.status_code, body(other)) == (200, content)


def test_it_saves_sending_what_the_browser_has(film: Asset) -> None:
    first = get(film)
    by_tag = get(film, **{"if-none-match": first["ETag"]})
    assert (by_tag.status_code, by_tag["ETag"]) == (304, first["ETag"])
    assert get(film, **{"if-modified-since": first["Last-Modified"]}).status_code == 304
    assert get(film, **{"if-match": '"other"'}).status_code == 412


def test_it_answers_head_without_a_body(film: Asset, content: bytes) -> None:
    response = Client().head(path_of(film), headers={"range": "bytes=0-9"})
    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Length"] == str(len(content))


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_only_reads(film: Asset, method: str) -> None:
    assert getattr(Client(), method)(path_of(film)).status_code == 405


def test_it_serves_the_poster(ada: Person, film: Asset) -> None:
    response = Client().get(path_of(film, poster=True))
    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
    picture = body(response)
    assert picture.startswith(b"\xff\xd8\xff")
    assert response["Content-Length"] == str(len(picture))
    assert response["ETag"] != get(film)["ETag"]
    page = ada.browser.get(f"/assets/{film.public_id}/poster")
    assert body(page) == picture


def test_it_knows_no_poster_of_sound(
    ada: Person, account: ProviderAccount, host: MediaServer
) -> None:
    link = host.on("/a.mp3", whole(media.mp3()))
    generation = make_storing(ada.workspace, account, output(link, "audio"), task_id=TASK)
    tasks.store(generation.pk)
    sound = generation.assets.get()
    assert Client().get(path_of(sound, poster=True)).status_code == 404
    assert ada.browser.get(f"/assets/{sound.public_id}/poster").status_code == 404


def test_it_serves_members_of_the_workspace(ada: Person, film: Asset, content: bytes) -> None:
    response = ada.browser.get(f"/assets/{film.public_id}/content", headers={"range": "bytes=-9"})
    assert (response.status_code, body(response)) == (206, content[-9:])


def test_it_hides_other_workspaces(charlie: Person, film: Asset) -> None:
    for name in ("content", "poster"):
        foreign = charlie.browser.get(f"/assets/{film.public_id}/{name}")
        unknown = charlie.browser.get(f"/assets/ast_unknown/{name}")
        assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert charlie.api.get(f"/assets/{film.public_id}/content").status_code == 404


def test_it_asks_who_is_signed_out_to_sign_in(film: Asset) -> None:
    response = Client().get(f"/assets/{film.public_id}/content")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


def test_it_refuses_a_link_that_is_not_ours(film: Asset) -> None:
    good = path_of(film)
    for path in (
        good[:-1],
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        "/files/x",
        "/files/:::",
    ):
        assert Client().get(path).status_code == 404


def test_it_refuses_a_link_after_a_day(film: Asset) -> None:
    path = path_of(film)
    with time_machine.travel(timezone.now() + timedelta(hours=23), tick=True):
        assert Client().get(path).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=True):
        assert Client().get(path).status_code == 404


def test_it_forgets_what_was_deleted(ada: Person, film: Asset) -> None:
    path = path_of(film)
    assert ada.api.delete(f"/generations/{film.generation.public_id}").status_code == 204
    assert Client().get(path).status_code == 404
    assert ada.browser.get(f"/assets/{film.public_id}/content").status_code == 404


def test_it_says_404_for_a_file_that_is_gone(
    ada: Person, film: Asset, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / film.key).unlink()
    (folder / film.poster_key).unlink()
    assert Client().get(path_of(film)).status_code == 404
    assert Client().get(path_of(film, poster=True)).status_code == 404
    assert ada.api.get(f"/assets/{film.public_id}/content").status_code == 404
    assert Client().head(path_of(film)).status_code == 404
    assert f"{film.key} is in the database and not whole in storage" in caplog.text


def test_it_does_not_pass_half_a_file_for_a_whole_one(film: Asset, folder: Path) -> None:
    os.truncate(folder / film.key, 1000)
    assert get(film).status_code == 404
    assert get(film, range="bytes=0-99").status_code == 206


def test_it_serves_programs_with_a_key(ada: Person, film: Asset, content: bytes) -> None:
    whole_file = ada.api.get(f"/assets/{film.public_id}/content")
    assert body(whole_file) == content
    part = ada.api.client.get(
        f"/api/v1/assets/{film.public_id}/content", headers={"Range": "bytes=1-2"}
    )
    assert (part.status_code, body(part)) == (206, content[1:3])


def times_open(path: Path) -> int:
    """How many of this process's file descriptors are that file."""
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that lists the others
            found += descriptor.readlink() == path
    return found


def hang_up(response: Any) -> None:
    """What a server does when the browser is gone; the test's database connection stays."""
    request_finished.disconnect(close_old_connections)
    response.close()
    request_finished.connect(close_old_connections)


def test_it_closes_the_file_whatever_the_browser_does(film: Asset, folder: Path) -> None:
    path, file = path_of(film), folder / film.key
    unread = Client().get(path)
    half_read = Client().get(path)
    next(iter(half_read.streaming_content))
    assert times_open(file) == 2
    hang_up(unread)
    hang_up(half_read)
    assert times_open(file) == 0


def test_it_reads_in_small_pieces(ada: Person, account: ProviderAccount, host: MediaServer) -> None:
    link = host.on("/large.mp4", whole(media.padded(media.mp4(), 3_000_000)))
    generation = make_storing(ada.workspace, account, output(link), task_id=TASK)
    tasks.store(generation.pk)
    pieces = [len(piece) for piece in get(generation.assets.get()).streaming_content]
    assert max(pieces) <= 256 * 1024
    assert sum(pieces) == 3_000_000


@pytest.mark.django_db(transaction=True)
def test_it_serves_a_player_over_http(
    live_server: Any, account: ProviderAccount, ada: Person, host: MediaServer
) -> None:
    content = media.mp4()
    link = host.on("/film.mp4", whole(content))
    generation = make_storing(ada.workspace, account, output(link), task_id=TASK)
    tasks.store(generation.pk)
    url = live_server.url + path_of(Generation.objects.get(pk=generation.pk).assets.get())
    with requests.Session() as player:
        head = player.head(url, timeout=10)
        assert (head.headers["Content-Length"], head.content) == (str(len(content)), b"")
        begin = player.get(url, headers={"Range": "bytes=0-999"}, timeout=10)
        rest = player.get(
            url,
            headers={"Range": "bytes=1000-", "If-Range": begin.headers["ETag"]},
            timeout=10,
        )
        assert begin.content + rest.content == content
