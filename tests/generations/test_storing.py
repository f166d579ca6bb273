"""Results from the provider's links into our storage."""

from __future__ import annotations

import hashlib
import io
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import av
import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from generations import alarms, tasks, timing
from generations.models import Asset, Generation, ProviderAccount, State
from generations.states import claim
from tests.conftest import Person
from tests.generations import media
from tests.generations.builders import make_due, make_storing, output
from tests.generations.media_server import (
    TASK,
    MediaServer,
    drip,
    redirect,
    status,
    unsized,
    whole,
)
from webhooks.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def film(ada: Person, account: ProviderAccount, host: MediaServer) -> Generation:
    link = host.on("/film.mp4", whole(media.mp4()))
    return make_storing(ada.workspace, account, output(link, provider_id="v1"), task_id=TASK)


def store(generation: Generation) -> Generation:
    tasks.store(generation.pk)
    generation.refresh_from_db()
    return generation


def shown(person: Person, generation: Generation) -> Any:
    return person.api.get(f"/generations/{generation.public_id}").json()


def files_in(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_it_stores_a_film_whole(ada: Person, film: Generation, folder: Path) -> None:
    store(film)
    answer = shown(ada, film)
    assert answer["status"] == "succeeded"
    [asset] = answer["assets"]
    content = media.mp4()
    assert (asset["kind"], asset["media_type"]) == ("video", "video/mp4")
    assert asset["bytes"] == len(content)
    assert asset["sha256"] == hashlib.sha256(content).hexdigest()
    assert (asset["width"], asset["height"]) == (320, 180)
    assert asset["duration_seconds"] == "1.000"
    place = f"{ada.workspace.public_id}/{film.public_id}"
    assert files_in(folder) == [f"{place}/0.mp4", f"{place}/0.poster.jpg"]
    assert (folder / place / "0.mp4").read_bytes() == content
    assert Asset.objects.get().provider_asset_id == "v1"


def test_it_draws_a_poster_no_wider_than_1280(
    ada: Person, account: ProviderAccount, host: MediaServer, folder: Path
) -> None:
    link = host.on("/wide.mp4", whole(media.mp4(seconds=0.5, width=1920, height=1080)))
    generation = store(make_storing(ada.workspace, account, output(link), task_id=TASK))
    poster = (folder / generation.assets.get().poster_key).read_bytes()
    with av.open(io.BytesIO(poster), format="jpeg_pipe") as picture:
        assert (picture.streams.video[0].width, picture.streams.video[0].height) == (1280, 720)


def test_it_stores_sound_as_mp3_and_wav(
    ada: Person, account: ProviderAccount, host: MediaServer
) -> None:
    links = [
        output(host.on("/a.mp3", whole(media.mp3())), "audio", format="mp3"),
        output(host.on("/a.wav", whole(media.wav())), "audio", format="wav"),
    ]
    generation = store(make_storing(ada.workspace, account, *links, task_id=TASK))
    first, second = shown(ada, generation)["assets"]
    assert (first["media_type"], second["media_type"]) == ("audio/mpeg", "audio/wav")
    assert (first["duration_seconds"], first["width"], first["poster_url"]) == ("1.000", None, None)


def test_it_stores_each_picture_with_a_thumbnail(
    ada: Person, account: ProviderAccount, host: MediaServer
) -> None:
    pictures = [media.png(), media.jpeg(1600, 900), media.webp()]
    links = [
        output(host.on(f"/{number}", whole(picture)), "image", index=number)
        for number, picture in enumerate(pictures)
    ]
    generation = store(make_storing(ada.workspace, account, *links, task_id=TASK))
    assets = shown(ada, generation)["assets"]
    assert [a["media_type"] for a in assets] == ["image/png", "image/jpeg", "image/webp"]
    assert [a["width"] for a in assets] == [64, 1600, 64]
    assert all(a["poster_url"] for a in assets)


def test_it_tells_the_customers_program_once(
    ada: Person, account: ProviderAccount, host: MediaServer
) -> None:
    link = host.on("/film.mp4", whole(media.mp4()))
    hook = "https://example.com/hook"
    generation = make_storing(ada.workspace, account, output(link), task_id=TASK, webhook_url=hook)
    store(generation)
    store(generation)
    message = Message.objects.get()
    assert message.type == "generation.succeeded"
    assert hashlib.sha256(media.mp4()).hexdigest() in message.body


def test_it_does_nothing_for_a_doubled_doorbell(film: Generation, host: MediaServer) -> None:
    store(film)
    store(film)
    assert host.asked == ["/film.mp4"]
    assert film.transitions.filter(now=State.SUCCEEDED).count() == 1


def test_it_leaves_a_job_alone_that_another_worker_has(film: Generation, host: MediaServer) -> None:
    assert claim(film, seconds=timing.STORE_LEASE)
    store(film)
    assert (film.state, host.asked) == (State.STORING, [])


def test_it_is_taken_up_again_when_its_worker_dies(film: Generation) -> None:
    doorbell = ("generations.tasks.store", (film.pk,))
    assert doorbell in alarms.due()
    assert claim(film, seconds=timing.STORE_LEASE)
    assert doorbell not in alarms.due()
    with time_machine.travel(timezone.now() + timedelta(seconds=timing.STORE_LEASE + 1)):
        assert doorbell in alarms.due()
        assert store(film).state == State.SUCCEEDED


def test_it_counts_a_run_that_breaks(ada: Person, account: ProviderAccount) -> None:
    """A mistake of ours must neither stop the job for ever nor turn in circles."""
    generation = make_storing(ada.workspace, account, {"kind": "video"}, task_id=TASK)
    for _ in range(5):
        with pytest.raises(KeyError):
            tasks.store(make_due(generation).pk)
    generation.refresh_from_db()
    assert (generation.state, generation.checks) == (State.STORING, 5)
    assert generation.due_at > timezone.now()
    assert generation.attention == "Not stored yet: KeyError, see the log"


def test_it_leaves_a_job_alone_that_is_not_storing(film: Generation, host: MediaServer) -> None:
    Generation.objects.filter(pk=film.pk).update(state=State.PROCESSING)
    store(film)
    assert (film.state, host.asked) == (State.PROCESSING, [])


def test_it_follows_a_redirect(film: Generation, host: MediaServer) -> None:
    host.on("/film.mp4", redirect("/there.mp4"))
    host.on("/there.mp4", whole(media.mp4()))
    assert store(film).state == State.SUCCEEDED


def test_it_stores_a_file_of_untold_length(film: Generation, host: MediaServer) -> None:
    host.on("/film.mp4", unsized(media.mp4()))
    assert store(film).state == State.SUCCEEDED


def test_it_replaces_what_an_interrupted_run_has_left(film: Generation, folder: Path) -> None:
    place = folder / film.workspace.public_id / film.public_id
    place.mkdir(parents=True)
    (place / "0.mp4").write_bytes(b"half a film")
    store(film)
    assert (place / "0.mp4").read_bytes() == media.mp4()
    assert len(files_in(folder)) == 2


def test_it_works_without_pyav(
    ada: Person,
    account: ProviderAccount,
    host: MediaServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    link = host.on("/film.mp4", whole(media.mp4()))
    generation = make_storing(ada.workspace, account, output(link, duration="1.041"), task_id=TASK)
    monkeypatch.setitem(sys.modules, "av", None)
    store(generation)
    [asset] = shown(ada, generation)["assets"]
    assert (asset["width"], asset["poster_url"]) == (None, None)
    assert asset["duration_seconds"] == "1.041"


def test_it_refuses_a_cut_film_without_pyav_too(
    film: Generation, host: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.on("/film.mp4", whole(media.mp4()[:-500]))
    host.task_gives(output(f"{host.url}/film.mp4"))
    monkeypatch.setitem(sys.modules, "av", None)
    assert store(film).state == State.STORING


def test_it_shows_nothing_before_all_files_are_there(
    ada: Person, account: ProviderAccount, host: MediaServer
) -> None:
    links = [
        output(host.on("/a.mp3", whole(media.mp3())), "audio"),
        output(host.on("/a.wav", status(500), whole(media.wav())), "audio"),
    ]
    generation = store(make_storing(ada.workspace, account, *links, task_id=TASK))
    answer = shown(ada, generation)
    assert (answer["status"], answer["assets"]) == ("storing", [])
    store(make_due(generation))
    assert len(shown(ada, generation)["assets"]) == 2


def test_it_ends_a_slow_download_in_time(
    film: Generation, host: MediaServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.on("/film.mp4", drip(media.mp4()), whole(media.mp4()))
    with monkeypatch.context() as hurry:
        hurry.setattr("generations.storing.DOWNLOADS_END", 0.4)
        store(film)
    assert (film.state, film.checks) == (State.STORING, 1)
    assert files_in(folder) == []
    assert store(make_due(film)).state == State.SUCCEEDED


def test_it_erases_the_files_of_a_deleted_generation(
    ada: Person, film: Generation, folder: Path
) -> None:
    store(film)
    assert ada.api.delete(f"/generations/{film.public_id}").status_code == 204
    tasks.erase(film.pk)
    assert files_in(folder) == []
    tasks.erase(film.pk)


def test_it_erases_nothing_of_a_generation_that_is_kept(film: Generation, folder: Path) -> None:
    store(film)
    tasks.erase(film.pk)
    assert len(files_in(folder)) == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_it_stores_once_however_many_workers_come_at_once(
    ada: Person, film: Generation, host: MediaServer
) -> None:
    def work(_number: int) -> None:
        tasks.store(film.pk)
        connection.close()

    with ThreadPoolExecutor(max_workers=6) as workers:
        list(workers.map(work, range(6)))
    film.refresh_from_db()
    assert (film.state, host.asked) == (State.SUCCEEDED, ["/film.mp4"])
