"""Every form that a file may have in a request ends as one upload, and as nothing in the answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Plan
from generations import links
from generations.models import Generation, Origin, ProviderAccount, Upload
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations import media
from tests.generations.inputs.asking import (
    created,
    encoded,
    film_of,
    kept,
    picture,
    refusal,
    upload,
)
from tests.generations.media_server import MediaServer, whole

pytestmark = pytest.mark.django_db

INLINE: list[Callable[[str], str]] = [
    lambda text: text,
    lambda text: f"data:image/png;base64,{text}",
    lambda text: f"data:text/plain;charset=utf-8;base64,{text}",
    lambda text: "\n".join(text[at : at + 76] for at in range(0, len(text), 76)),
]


@pytest.mark.parametrize("written", INLINE, ids=["raw", "data", "wrong type", "lines"])
def test_it_takes_base64(
    ada: Person, cloudsway: ProviderAccount, written: Callable[[str], str]
) -> None:
    text = written(encoded(picture()))
    answer = created(ada.api, film_of(text))
    row = Upload.objects.get()
    assert answer["input"]["image"] == row.public_id
    assert (row.origin, row.source_url, row.kind) == (Origin.INLINE, "", "image")
    assert (row.width, row.height, row.bytes) == (320, 320, len(picture()))
    assert row.sha256 == hashlib.sha256(picture()).hexdigest()
    assert text not in ada.api.get(f"/generations/{answer['id']}").content.decode()
    assert text not in str(Generation.objects.values())


def test_it_takes_an_address(ada: Person, cloudsway: ProviderAccount, host: MediaServer) -> None:
    url = host.on("/picture.exe", whole(picture(), "text/html"))
    answer = created(ada.api, film_of(url))
    row = Upload.objects.get()
    assert answer["input"]["image"] == row.public_id
    assert (row.origin, row.source_url, row.media_type) == (Origin.LINK, url, "image/png")
    assert host.asked == ["/picture.exe"]


def test_it_takes_an_upload(ada: Person, cloudsway: ProviderAccount) -> None:
    held = upload(ada.api, picture())
    assert created(ada.api, film_of(held))["input"]["image"] == held
    assert Upload.objects.get().origin == Origin.UPLOAD


def test_it_takes_its_own_links_for_what_they_lead_to(
    ada: Person, cloudsway: ProviderAccount, settings: Any
) -> None:
    settings.FETCH_ALLOW_PRIVATE = False  # and SITE_URL is on loopback
    held = upload(ada.api, picture())
    link = links.signed_url(Upload.objects.get())
    assert created(ada.api, film_of(link))["input"]["image"] == held
    assert refusal(ada.api, film_of(f"{link}x"))[1] == "unsafe_address"


def test_it_keeps_the_same_bytes_once(
    ada: Person, charlie: Person, cloudsway: ProviderAccount, host: MediaServer
) -> None:
    url = host.on("/a.png", whole(picture()))
    text = encoded(picture())
    first = created(ada.api, film_of(text, image_tail=text))
    second = created(ada.api, film_of(url))
    assert first["input"]["image"] == first["input"]["image_tail"] == second["input"]["image"]
    theirs = created(charlie.api, film_of(text))
    assert theirs["input"]["image"] != first["input"]["image"]
    assert len(kept(ada)) == len(kept(charlie)) == 1


def test_it_fetches_one_address_once_and_several_at_the_same_time(
    ada: Person, cloudsway: ProviderAccount, host: MediaServer
) -> None:
    one = host.on("/one.png", whole(picture()))
    other = host.on("/other.png", whole(media.flat_png(shade=3)))
    body = film_of(one, image_tail=one)
    created(ada.api, body)
    assert host.asked == ["/one.png"]
    created(ada.api, film_of(one, image_tail=other))
    assert len(kept(ada)) == 2


def test_it_takes_files_inside_lists(ada: Person, simulator: RunningSimulator) -> None:
    make_account(simulator.url, dialect="official")
    values = {
        "prompt": "Both",
        "image_list": [
            {"image": encoded(picture())},
            {"image": upload(ada.api, media.jpeg(320, 320))},
        ],
    }
    answer = created(ada.api, {"operation": "omni-image", "input": values})
    names = [one["image"] for one in answer["input"]["image_list"]]
    assert all(name.startswith("upl_") for name in names)
    assert len(set(names)) == 2


def test_it_keeps_nothing_of_a_request_that_is_refused(
    ada: Person, cloudsway: ProviderAccount, folder: Any
) -> None:
    body = film_of(encoded(picture()), duration="99")
    assert refusal(ada.api, body)[0] == "input.duration"
    assert kept(ada) == []
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_it_keeps_to_the_plans_storage(ada: Person, cloudsway: ProviderAccount) -> None:
    tiny = Plan.objects.create(slug="tiny", name="Tiny", storage_bytes=len(picture()) - 1)
    ada.workspace.plan = tiny
    ada.workspace.save(update_fields=["plan"])
    response = ada.api.post("/generations", film_of(encoded(picture())))
    assert (response.status_code, response.json()["code"]) == (429, "quota_exceeded")
    assert kept(ada) == []


def test_a_film_serves_where_its_sound_is_wanted(ada: Person, simulator: RunningSimulator) -> None:
    make_account(simulator.url, dialect="official")
    film = upload(ada.api, media.mp4(seconds=6, width=720, height=720, sound=True))
    values = {"voice_name": "Ada", "voice_url": film}
    assert created(ada.api, {"operation": "custom-voice", "input": values})["status"] == "queued"
