"""The gallery: everything, newest first, page by page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.access import Actor
from accounts.models import Role
from generations.actions import Order, submit
from generations.models import Generation, ProviderAccount
from generations.views.gallery import PAGE
from tests.conftest import Person
from tests.generations.pages import open_studio
from tests.working import finish

pytestmark = pytest.mark.django_db


def make(person: Person, count: int, operation: str = "text-to-audio") -> list[str]:
    """Ids of new generations, oldest first."""
    actor = Actor(workspace=person.workspace, user=person.user, role=Role.OWNER)
    asked = {"prompt": "rain", "duration": "5"}
    orders = [Order(operation, asked) for _ in range(count)]
    return [submit(order, by=actor).generation.public_id for order in orders]


def shown(response: Any) -> list[str]:
    return re.findall(r'id="tile-(gen_\w+)"', response.content.decode())


def follow(browser: Client, response: Any, rel: str) -> Any:
    [query] = re.findall(rf'href="(\?[^"]+)" rel="{rel}"', response.content.decode())
    return browser.get("/gallery/" + query.replace("&amp;", "&"))


def test_it_says_when_there_is_nothing(ada: Person) -> None:
    assert "Nothing here yet" in ada.browser.get("/gallery/").content.decode()


def test_it_shows_the_newest_first_and_nothing_twice(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    made = make(ada, 2 * PAGE + 3)[::-1]
    first = ada.browser.get("/gallery/")
    assert shown(first) == made[:PAGE]
    assert 'rel="prev"' not in first.content.decode()
    # Somebody creates another one while we read.
    make(ada, 1)
    second = follow(ada.browser, first, "next")
    assert shown(second) == made[PAGE : 2 * PAGE]
    third = follow(ada.browser, second, "next")
    assert shown(third) == made[2 * PAGE :]
    assert 'rel="next"' not in third.content.decode()
    back = follow(ada.browser, third, "prev")
    assert shown(back) == made[PAGE : 2 * PAGE]
    assert shown(follow(ada.browser, back, "prev")) == made[:PAGE]


def test_it_goes_on_beside_what_was_deleted(ada: Person, cloudsway: ProviderAccount) -> None:
    made = make(ada, PAGE + 2)[::-1]
    first = ada.browser.get("/gallery/")
    edge = Generation.objects.get(public_id=made[PAGE - 1])
    Generation.objects.filter(pk=edge.pk).update(deleted_at="2026-01-01T00:00Z")
    assert shown(follow(ada.browser, first, "next")) == made[PAGE:]


def test_it_filters(ada: Person, cloudsway: ProviderAccount) -> None:
    [sound] = make(ada, 1)
    finish(sound)
    [video] = make(ada, 1, "text-to-video")
    browser = ada.browser
    assert shown(browser.get("/gallery/", {"status": "ready"})) == [sound]
    assert shown(browser.get("/gallery/", {"operation": "text-to-video"})) == [video]
    assert shown(browser.get("/gallery/", {"status": "nonsense"})) == [video, sound]
    empty = browser.get("/gallery/", {"status": "failed"})
    assert "Nothing matches" in empty.content.decode()


def test_it_keeps_the_filter_from_page_to_page(ada: Person, cloudsway: ProviderAccount) -> None:
    made = make(ada, PAGE + 1)[::-1]
    make(ada, 3, "text-to-video")
    first = ada.browser.get("/gallery/", {"operation": "text-to-audio"})
    assert shown(first) == made[:PAGE]
    assert shown(follow(ada.browser, first, "next")) == made[PAGE:]


def test_it_ignores_places_that_are_not_ours(
    ada: Person, charlie: Person, cloudsway: ProviderAccount
) -> None:
    made = make(ada, 2)[::-1]
    [foreign] = make(charlie, 1)
    for place in (foreign, "gen_nothing", "x' OR 1=1", "-1", "\0"):
        assert shown(ada.browser.get("/gallery/", {"before": place})) == made
        assert shown(ada.browser.get("/gallery/", {"after": place})) == made


def test_it_shows_nobody_else_s(ada: Person, charlie: Person, cloudsway: ProviderAccount) -> None:
    make(ada, 1)
    assert shown(charlie.browser.get("/gallery/")) == []


def test_it_shows_posters_sound_and_what_is_running(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    form = open_studio(ada.browser)
    form.send(ada.browser, input__prompt="A lighthouse", input__duration="3", price="9999999")
    video = Generation.objects.get()
    finish(video.public_id)
    [sound] = make(ada, 1)
    finish(sound)
    [waiting] = make(ada, 1)
    page = ada.browser.get("/gallery/").content.decode()
    poster = f"/assets/{video.assets.get().public_id}/poster"
    assert f'<img src="{poster}"' in page
    assert ada.browser.get(poster).status_code == 200
    assert '<span class="tile__length">0:03</span>' in page
    assert 'class="wave"' in page
    assert f'data-poll="/generations/{waiting}/status?as=item" data-ticket="' in page


def test_what_becomes_ready_on_an_open_page_can_be_used_and_deleted(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    [job] = make(ada, 1, "text-to-video")
    address = f"/generations/{job}/status?as=item"
    waiting = ada.browser.get(address).content.decode()
    finish(job)
    ready = ada.browser.get(address).content.decode()

    deletes, uses = f'action="/generations/{job}/delete"', "Use it in"
    assert (deletes in waiting, uses in waiting, "data-poll" in waiting) == (False, False, True)
    assert (deletes in ready, uses in ready, "data-poll" in ready) == (True, True, False)
    assert 'id="balance" hx-swap-oob="true"' in ready


def test_it_deletes(ada: Person, cloudsway: ProviderAccount) -> None:
    [done] = make(ada, 1)
    finish(done)
    page = ada.browser.get("/gallery/").content.decode()
    assert f'action="/generations/{done}/delete"' in page
    response = ada.browser.post(f"/generations/{done}/delete", follow=True)
    assert done not in shown(response)


def test_it_asks_at_most_twelve_queries(
    ada: Person, cloudsway: ProviderAccount, django_assert_max_num_queries: Any
) -> None:
    finish(make(ada, 1)[0])
    make(ada, PAGE + 1)
    for query in ({}, {"status": "running"}, {"before": make(ada, 1)[0]}):
        with django_assert_max_num_queries(12):
            assert ada.browser.get("/gallery/", query).status_code == 200
