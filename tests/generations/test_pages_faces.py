"""Choosing the face that speaks, in the form of lip-sync."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from generations.models import Generation, ProviderAccount
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations import media
from tests.generations.inputs.asking import created, upload
from tests.generations.pages import Form, open_studio
from tests.working import finish

pytestmark = pytest.mark.django_db

SOUND = "input__face_choose__0__sound_file"
FACE = "input.face_choose.0.face_id"


@pytest.fixture
def official(db: None, simulator: RunningSimulator) -> ProviderAccount:
    return make_account(simulator.url, dialect="official")


def make_film(person: Person) -> str:
    """A video made here, which the provider knows by an id of its own."""
    values = {"prompt": "Two friends talk", "duration": "5"}
    job = created(person.api, {"operation": "text-to-video", "input": values})
    [asset] = finish(job["id"]).assets.all()
    return str(asset.public_id)


@pytest.fixture
def film(ada: Person, official: ProviderAccount) -> str:
    return make_film(ada)


@pytest.fixture
def speech(ada: Person) -> str:
    return upload(ada.api, media.mp3(4), "speech.mp3")


def text(response: Any) -> str:
    return html.unescape(response.content.decode())


def test_it_says_what_a_search_costs(ada: Person, official: ProviderAccount) -> None:
    page = text(ada.browser.get("/studio/lip-sync/"))
    assert "Find faces for 0.05 credits" in page
    assert "Without it, whoever is seen longest speaks." in page
    nothing = ada.browser.post("/studio/faces")
    assert "Choose the video first." in text(nothing)
    assert Generation.objects.count() == 0


def test_it_shows_the_faces_and_sends_the_chosen_one(
    ada: Person, official: ProviderAccount, film: str, speech: str
) -> None:
    searching = ada.browser.post("/studio/faces", {"input.video_url": film})
    search = Generation.objects.latest("pk")
    address = f"/studio/faces/{search.public_id}"
    assert f'hx-get="{address}"' in text(searching)
    assert ada.browser.get(address).status_code == 204
    finish(search.public_id)
    found = text(ada.browser.get(address))
    faces = re.findall(r'type="radio" name="input.face_choose.0.face_id" value="([^"]+)"', found)
    assert faces
    assert re.search(r'src="/assets/ast_\w+/content"', found)
    response = open_studio(ada.browser, "lip-sync").send(
        ada.browser,
        input__video_url=film,
        input__session_id=search.public_id,
        input__face_choose__0__face_id=faces[-1],
        **{SOUND: speech},
        price="99999999",
    )
    assert response.status_code == 302, text(response)
    made = Generation.objects.latest("pk").input
    assert made["session_id"]
    assert "video_url" not in made
    assert made["face_choose"][0]["face_id"] == faces[-1]


def test_it_works_without_javascript(
    ada: Person, official: ProviderAccount, film: str, speech: str
) -> None:
    form = open_studio(ada.browser, "lip-sync")
    searching = form.send(ada.browser, input__video_url=film, **{SOUND: speech}, do="faces")
    assert "Looking for faces" in text(searching)
    finish(Generation.objects.latest("pk").public_id)
    shown = Form(searching).send(ada.browser, do="price")
    form = Form(shown)
    assert form.values[FACE]
    assert form.values["input.video_url"] == film
    response = form.send(ada.browser)
    assert response.status_code == 302, text(response)
    assert Generation.objects.latest("pk").operation == "lip-sync"


def test_faces_of_another_video_are_no_choice(
    ada: Person, official: ProviderAccount, film: str, speech: str
) -> None:
    ada.browser.post("/studio/faces", {"input.video_url": film})
    search = finish(Generation.objects.latest("pk").public_id)
    face = search.assets.all()[0].provider_asset_id
    other = make_film(ada)
    response = open_studio(ada.browser, "lip-sync").send(
        ada.browser,
        input__video_url=other,
        input__session_id=search.public_id,
        input__face_choose__0__face_id=face,
        **{SOUND: speech},
        price="99999999",
    )
    assert response.status_code == 302, text(response)
    made = Generation.objects.latest("pk").input
    assert made["video_url"] == other
    assert "session_id" not in made
    assert "face_id" not in made["face_choose"][0]


def test_it_hides_searches(
    ada: Person, charlie: Person, official: ProviderAccount, film: str
) -> None:
    ada.browser.post("/studio/faces", {"input.video_url": film})
    search = finish(Generation.objects.latest("pk").public_id)
    assert charlie.browser.get(f"/studio/faces/{search.public_id}").status_code == 404
    assert search.public_id not in text(ada.browser.get("/gallery/"))
    assert "identify-face" not in text(ada.browser.get("/gallery/"))
