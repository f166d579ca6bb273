"""The price on the button, as it follows the form."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

import billing.credits
from generations.models import Generation, ProviderAccount
from tests.conftest import Person
from tests.generations.pages import open_studio

pytestmark = pytest.mark.django_db

PROMPT = "A lighthouse at dusk"


def text(response: Any) -> str:
    return response.content.decode()


def spend(person: Person, amount: int) -> None:
    with transaction.atomic():
        billing.credits.hold(workspace=person.workspace, amount=amount, key="elsewhere")


def test_it_shows_the_price_of_what_is_chosen(ada: Person, cloudsway: ProviderAccount) -> None:
    response = ada.browser.post(
        "/studio/text-to-video/price", {"input.mode": "pro", "input.duration": "10"}
    )
    page = text(response)
    assert response.status_code == 200
    assert "<html" not in page
    assert "Create for 8 credits" in page
    assert "Kling 3.0, pro: 10 seconds at 0.8 each" in page
    assert "92 credits left afterwards" in page
    assert Generation.objects.count() == 0


def test_it_says_why_there_is_no_price(ada: Person, cloudsway: ProviderAccount) -> None:
    response = ada.browser.post(
        "/studio/text-to-video/price", {"input.prompt": PROMPT, "input.duration": "99"}
    )
    assert response.status_code == 200
    assert "Duration must be one of 3, 4, 5" in text(response)
    assert 'name="price" value=""' in text(response)


def test_it_counts_held_credits_as_gone(ada: Person, cloudsway: ProviderAccount) -> None:
    spend(ada, 98_000_000)
    response = ada.browser.post("/studio/text-to-video/price", {"input.prompt": PROMPT})
    assert "You need 1 more credit." in text(response)


def test_it_prices_only_what_is_posted(ada: Person, cloudsway: ProviderAccount) -> None:
    assert ada.browser.get("/studio/text-to-video/price").status_code == 405
    assert ada.browser.post("/studio/text-to-poetry/price").status_code == 404


def test_it_asks_few_queries(
    ada: Person, cloudsway: ProviderAccount, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        open_studio(ada.browser).send(ada.browser, input__prompt=PROMPT)
    with django_assert_max_num_queries(12):
        ada.browser.get("/studio/")
    with django_assert_max_num_queries(10):
        ada.browser.post("/studio/text-to-video/price", {"input.prompt": PROMPT})


def test_it_keeps_the_price_while_shots_are_written(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    asked = {"input.multi_shot": "true", "input.shot_type": "customize", "input.mode": "pro"}
    empty = text(ada.browser.post("/studio/text-to-video/price", asked))
    assert "Create for 4 credits" in empty
    assert "price__problem" not in empty
    shot = {"input.multi_prompt.0.prompt": "A door", "input.multi_prompt.0.duration": "2"}
    partly = text(ada.browser.post("/studio/text-to-video/price", {**asked, **shot}))
    assert "Create for 4 credits" in partly
    assert "The shots add up to 2 seconds, but duration is 5." in partly
