"""What Kling documents no price for is sold when the operator has said one, and at that one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from billing import prices
from billing.models import OperationRate, PriceBook
from generations.models import ProviderAccount
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations import media
from tests.generations.kling_api.conftest import KlingApi, refusal
from tests.generations.test_main_job import create
from tests.generations.test_uploads import upload
from tests.working import finish

pytestmark = pytest.mark.django_db


@pytest.fixture
def official(db: None, simulator: RunningSimulator) -> ProviderAccount:
    return make_account(simulator.url, dialect="official")


@pytest.fixture
def order(ada: Person) -> dict[str, Any]:
    picture = upload(ada, media.flat_png(600, 600)).json()["id"]
    return {
        "operation": "effects",
        "input": {"effect_scene": "bullet_time", "input": {"image": picture, "duration": "5"}},
    }


def set_price(units: str | None) -> None:
    current = prices.current_book()
    assert current is not None
    draft = prices.draft_from(current)
    OperationRate.objects.filter(book=draft, operation="effects").delete()
    if units is not None:
        OperationRate.objects.create(book=draft, operation="effects", units=Decimal(units))
    prices.publish(draft)


def names(person: Person) -> list[str]:
    return [one["name"] for one in person.api.get("/operations").json()["data"]]


def test_it_is_not_offered_without_a_price(
    ada: Person, official: ProviderAccount, order: dict[str, Any]
) -> None:
    assert "effects" not in names(ada)
    assert ada.api.get("/operations/effects").status_code == 404
    assert ada.browser.get("/studio/effects/").status_code == 404
    for address in ("/generations", "/quotes"):
        answer = ada.api.post(address, order)
        refused = answer.json()
        assert (answer.status_code, refused["code"]) == (422, "invalid_input")
        assert (refused["retryable"], refused["charged"]) == (False, False)
        [error] = refused["errors"]
        assert (error["field"], error["code"]) == ("operation", "not_offered")
        assert "no price" in error["message"]
    program = KlingApi(ada.api.key).post("videos/effects", order["input"])
    assert refusal(program) == (404, 1203)
    assert ada.api.get("/credits").json()["held"] == "0"


def test_it_is_sold_at_the_operators_price(
    ada: Person, official: ProviderAccount, order: dict[str, Any]
) -> None:
    set_price("2.5")
    assert "effects" in names(ada)
    assert ada.browser.get("/studio/effects/").status_code == 200
    quote = ada.api.post("/quotes", order).json()
    assert (quote["units"], quote["credits"]) == ("2.5", "2.5")
    longer = {**order["input"], "input": {**order["input"]["input"], "duration": "10"}}
    assert ada.api.post("/quotes", {**order, "input": longer}).json()["units"] == "5"


def test_a_job_keeps_its_price_when_the_operator_takes_it_away(
    ada: Person, official: ProviderAccount, order: dict[str, Any], settings: Any
) -> None:
    set_price("2.5")
    made = create(ada.api, order)
    set_price(None)
    assert "effects" not in names(ada)
    finish(made["id"])
    done = ada.api.get(f"/generations/{made['id']}").json()
    assert (done["status"], done["error"]) == ("succeeded", None)
    assert Decimal(done["credits"]["charged"]) <= Decimal("2.5")


def test_the_price_goes_into_the_next_draft(db: None) -> None:
    set_price("0.75")
    assert prices.rates() == {"effects": Decimal("0.75")}
    draft = prices.draft_from(PriceBook.objects.latest("version"))
    OperationRate.objects.filter(book=draft).update(units=9)
    assert prices.rates() == {"effects": Decimal("0.75")}
    prices.publish(draft)
    assert prices.rates() == {"effects": Decimal(9)}


@pytest.mark.parametrize("units", ["0", "-1", "NaN", "Infinity", "10001", "0.00001", "many"])
def test_the_operators_form_refuses_a_poisonous_rate(operator: Client, units: str) -> None:
    current = prices.current_book()
    assert current is not None
    draft = prices.draft_from(current)
    answer = operator.post(f"/admin/billing/pricebook/{draft.pk}/change/", draft_form(draft, units))
    assert answer.status_code == 200
    assert not OperationRate.objects.exists()


def test_the_operators_form_takes_a_rate(operator: Client) -> None:
    current = prices.current_book()
    assert current is not None
    draft = prices.draft_from(current)
    answer = operator.post(f"/admin/billing/pricebook/{draft.pk}/change/", draft_form(draft, "1.5"))
    assert answer.status_code == 302
    assert draft.operation_rates.get().units == Decimal("1.5")
    prices.publish(draft)
    page = operator.get(f"/admin/billing/pricebook/{draft.pk}/change/").content.decode()
    assert 'name="operation_rates-0-units"' not in page


def draft_form(draft: PriceBook, units: str) -> dict[str, str]:
    """Only one row more: what stands in the draft already is left alone."""
    form = {"note": "effects"}
    for name in ("unit_prices", "margins", "operation_rates"):
        rows = [] if name == "operation_rates" else list(getattr(draft, name).all())
        total = 1 if name == "operation_rates" else len(rows)
        form |= {f"{name}-TOTAL_FORMS": str(total), f"{name}-INITIAL_FORMS": str(len(rows))}
        for place, row in enumerate(rows):
            form |= {f"{name}-{place}-id": str(row.pk), f"{name}-{place}-book": str(draft.pk)}
            if name == "unit_prices":
                form |= {
                    f"{name}-{place}-unit_type": row.unit_type,
                    f"{name}-{place}-credits": str(Decimal(row.credits) / 10**6),
                }
    form |= {"operation_rates-0-operation": "effects", "operation_rates-0-units": units}
    return {**form, "operation_rates-0-book": str(draft.pk)}
