"""The operator publishes other prices at the worst moment: nobody pays more than was agreed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from billing import prices
from billing.amounts import to_micro
from billing.models import PriceBook
from generations.models import Generation, ProviderAccount
from tests.conftest import Person
from tests.generations.pages import Form, open_studio
from tests.generations.test_main_job import SOUND, create
from tests.working import finish

pytestmark = pytest.mark.django_db

USUAL, DEARER, CHEAPER = "1", "3", "0.5"
# Of sound, which takes a quarter of a unit.
PRICES = {USUAL: "0.25", DEARER: "0.75", CHEAPER: "0.125"}


def publish(unit: str) -> None:
    draft = prices.draft_from(PriceBook.objects.latest("version"))
    draft.unit_prices.filter(unit_type="video").update(credits=to_micro(unit))
    prices.publish(draft)


class Publisher:
    """Publishes a price just before the statement of a given number, of all that run inside."""

    def __init__(self, number: int, unit: str) -> None:
        self.number, self.unit = number, unit
        self.count, self.busy = 0, False

    def __call__(self, execute: Callable[..., Any], *rest: Any) -> Any:
        if not self.busy:
            self.count += 1
            if self.count == self.number:
                self.busy = True
                publish(self.unit)
                self.busy = False
        return execute(*rest)


def at_each_statement(unit: str, request: Callable[[], Any]) -> list[Any]:
    """What each of the requests answered, with prices changed before its 1st, 2nd, … statement."""
    answers, number = [], 0
    while True:
        number += 1
        publisher = Publisher(number, unit)
        with connection.execute_wrapper(publisher):
            answers.append(request())
        if publisher.count < number:
            return answers
        publish(USUAL)


@pytest.mark.parametrize("unit", [DEARER, CHEAPER])
def test_a_quote_holds_whenever_prices_change(
    ada: Person, cloudsway: ProviderAccount, unit: str
) -> None:
    quote = ada.api.post("/quotes", SOUND).json()
    answers = at_each_statement(
        unit, lambda: ada.api.post("/generations", {**SOUND, "quote_id": quote["id"]})
    )
    assert len(answers) > 10
    assert {answer.status_code for answer in answers} == {202}
    quoted = {answer.json()["credits"]["quoted"] for answer in answers}
    assert quoted == {quote["credits"], min(PRICES[unit], quote["credits"])}


def test_without_a_quote_the_change_is_seen(ada: Person, cloudsway: ProviderAccount) -> None:
    """The control: some of the same requests do meet the new price."""
    answers = at_each_statement(DEARER, lambda: ada.api.post("/generations", SOUND))
    assert {answer.json()["credits"]["quoted"] for answer in answers} == {"0.25", "0.75"}


@pytest.mark.parametrize("unit", [DEARER, CHEAPER])
def test_a_job_is_charged_by_its_own_prices(
    ada: Person, cloudsway: ProviderAccount, unit: str
) -> None:
    quote = ada.api.post("/quotes", SOUND).json()
    publish(unit)
    made = create(ada.api, {**SOUND, "quote_id": quote["id"]})
    agreed = min(PRICES[unit], quote["credits"])
    assert made["credits"]["held"] == agreed
    publish(DEARER if unit == CHEAPER else CHEAPER)
    finish(str(made["id"]))
    done = ada.api.get(f"/generations/{made['id']}").json()
    assert done["credits"] == {"quoted": agreed, "held": "0", "charged": agreed}


def test_the_button_keeps_its_price_whenever_prices_change(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    form = open_studio(ada.browser, "text-to-audio")
    shown = int(form.values["price"])
    answers = at_each_statement(DEARER, lambda: press(ada, form))
    assert {answer.status_code for answer in answers} == {302, 409}
    made = Generation.objects.values_list("quoted", flat=True)
    assert len(made) == sum(answer.status_code == 302 for answer in answers)
    assert max(made) <= shown


def press(person: Person, form: Form) -> Any:
    """Each time the button of another form: the same would make no second job."""
    key = f"form-{Generation.objects.count():032x}"
    return form.send(person.browser, input__prompt="Waves", key=key)


def test_the_raised_price_is_taken_once_it_was_seen(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    form = open_studio(ada.browser, "text-to-audio")
    publish(DEARER)
    refused = form.send(ada.browser, input__prompt="Waves")
    assert refused.status_code == 409
    seen = Form(refused)
    assert Decimal(seen.values["price"]) > Decimal(form.values["price"])
    assert seen.send(ada.browser).status_code == 302
    assert Generation.objects.get().quoted == int(seen.values["price"])


def test_a_second_click_leads_to_the_job_though_prices_rose(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    form = open_studio(ada.browser, "text-to-audio")
    first = form.send(ada.browser, input__prompt="Waves")
    publish(DEARER)
    second = form.send(ada.browser, input__prompt="Waves")
    assert second["Location"] == first["Location"]


@pytest.mark.parametrize("price", ["", "free", "-1", "9" * 30])
def test_a_button_without_a_price_makes_no_job(
    ada: Person, cloudsway: ProviderAccount, price: str
) -> None:
    form = open_studio(ada.browser, "text-to-audio")
    assert form.send(ada.browser, input__prompt="Waves", price=price).status_code == 409
    assert not Generation.objects.exists()
