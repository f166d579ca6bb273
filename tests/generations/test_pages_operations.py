"""The form of every operation that is offered: it renders, says a price, and names its gaps."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from typing import Any

import pytest

from billing import prices
from billing.models import OperationRate
from generations.models import ProviderAccount
from kling import operations
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations import media
from tests.generations.inputs.asking import upload
from tests.generations.pages import Form, open_studio

pytestmark = pytest.mark.django_db

LISTED = [operation for operation in operations.all_operations() if operation.listed]
NAMES = [operation.name for operation in LISTED]
# Their price follows the length of a file.
BY_LENGTH = {"avatar": "the sound", "motion-control": "the video", "lip-sync": "the video"}


@pytest.fixture
def everything(db: None, simulator: RunningSimulator) -> None:
    """Accounts that serve every operation between them, and a price for those without one."""
    for dialect in ("official", "cometapi"):
        make_account(simulator.url, dialect=dialect)
    current = prices.current_book()
    assert current is not None
    draft = prices.draft_from(current)
    for name in ("effects", "custom-element"):
        OperationRate.objects.create(book=draft, operation=name, units=Decimal("2"))
    prices.publish(draft)


def text(response: Any) -> str:
    return html.unescape(response.content.decode())


@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_form(ada: Person, everything: None, name: str) -> None:
    response = ada.browser.get(f"/studio/{name}/")
    page = text(response)
    assert response.status_code == 200
    assert f"<h1>{operations.get(name).title}</h1>" in page
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page)
    ids = re.findall(r'\sid="([^"]+)"', re.sub(r"<template.*?</template>", "", page, flags=re.S))
    assert len(ids) == len(set(ids))
    for target in re.findall(r'<label[^>]* for="([^"]+)"', page):
        assert target in ids
    assert "price__problem" not in page
    if name in BY_LENGTH:
        assert f"The price is shown once {BY_LENGTH[name]}" in page
    else:
        assert re.search(r"Create for [0-9.]+ credit", page)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_form_names_fields_that_are_there(
    ada: Person, everything: None, name: str
) -> None:
    response = open_studio(ada.browser, name).send(ada.browser)
    page = text(response)
    assert response.status_code == 422, page
    [summary] = re.findall(r'id="problems".*?</div>', page, re.S)
    anchors = re.findall(r'href="#([^"]+)"', summary)
    assert anchors
    assert summary.count("<li>") == len(anchors)
    assert all(f'id="{anchor}"' in page for anchor in anchors)
    assert not re.search(r"<li><a[^>]*>[^<]*_[^<]*</a>", summary), summary


def test_the_menu_has_groups_and_no_steps(ada: Person, everything: None) -> None:
    seen: set[str] = set()
    for first in ("text-to-video", "image", "text-to-audio", "custom-voice"):
        page = text(ada.browser.get(f"/studio/{first}/"))
        [menu] = re.findall(r'<ul class="operations__list.*?</ul>', page, re.S)
        seen |= set(re.findall(r'href="/studio/([a-z-]+)/"', menu))
        assert all(group in page for group in ("Video", "Image", "Sound", "Voices and elements"))
    assert seen == set(NAMES)
    assert ada.browser.get("/studio/identify-face/").status_code == 404


def test_only_what_is_served_is_in_the_menu(ada: Person, cloudsway: ProviderAccount) -> None:
    page = text(ada.browser.get("/studio/"))
    assert "/studio/image-to-video/" in page
    assert "/studio/avatar/" not in page
    assert "Voices and elements" not in page
    assert ada.browser.get("/studio/avatar/").status_code == 404


def test_one_field_stands_for_a_pair(ada: Person, everything: None) -> None:
    form = open_studio(ada.browser, "avatar")
    assert "input.sound_file" in form.values
    assert "input.audio_id" not in form.values
    form = open_studio(ada.browser, "video-extend")
    assert "input.video_id" in form.values
    assert "input.task_id" not in form.values


def test_the_price_follows_the_file(ada: Person, everything: None) -> None:
    film = media.mp4(seconds=5, width=1280, height=720, sound=True)
    held = upload(ada.api, film, "film.mp4")
    asked = {"input.character_orientation": "video", "input.mode": "std"}
    before = text(ada.browser.post("/studio/motion-control/price", asked))
    assert "The price is shown once the video is there." in before
    after = text(
        ada.browser.post("/studio/motion-control/price", {**asked, "input.video_url": held})
    )
    assert re.search(r"5 seconds at [0-9.]+ each", after)


def test_a_group_of_effects_asks_for_the_right_pictures(ada: Person, everything: None) -> None:
    page = text(ada.browser.get("/studio/effects/"))
    [both] = re.findall(r'data-field="input.images" data-needs="input.effect_scene=([^"]+)"', page)
    assert "hug_pro" in both.split("|")
    assert "bullet_time" not in both.split("|")
    assert "Hug pro</option>" in page


def test_it_keeps_what_is_nested(ada: Person, everything: None) -> None:
    """An object with a file and a list of files, refused since neither file is there any more."""
    changed = {
        "input__element_name": "Fox",
        "input__element_description": "A red fox",
        "input__element_image_list__frontal_image": "upl_gone",
        "input__element_image_list__refer_images__0__image_url": "upl_gone2",
    }
    refused = open_studio(ada.browser, "custom-element").send(ada.browser, **changed)
    assert refused.status_code == 422
    kept = Form(refused).values
    for name, value in changed.items():
        assert kept[name.replace("__", ".")] == value
