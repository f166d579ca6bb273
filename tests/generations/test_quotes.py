"""A quote binds us: what is created with it costs at most that."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from billing.models import PriceBook, UnitPrice
from generations.models import ProviderAccount
from tests.conftest import Person
from tests.generations.test_main_job import SOUND, VIDEO

pytestmark = pytest.mark.django_db


def raise_prices(factor: int) -> None:
    old = PriceBook.objects.order_by("-version").first()
    assert old is not None
    book = PriceBook.objects.create(version=old.version + 1)
    for price in old.unit_prices.all():
        UnitPrice.objects.create(
            book=book, unit_type=price.unit_type, credits=price.credits * factor
        )
    book.published_at = timezone.now()
    book.save(update_fields=["published_at"])


def test_it_tells_the_price_in_units_and_credits(ada: Person, cloudsway: ProviderAccount) -> None:
    body = {
        "operation": "text-to-video",
        "input": {"prompt": "sea", "model_name": "kling-v3", "mode": "pro", "sound": "on"},
    }
    quote = ada.api.post("/quotes", body).json()
    assert quote["id"].startswith("quo_")
    assert (quote["credits"], quote["units"], quote["unit_type"]) == ("6", "6", "video")
    assert sum(Decimal(line["units"]) for line in quote["breakdown"]) == 6
    assert ada.api.get("/credits").json()["held"] == "0"


def test_it_is_charged_at_most_the_quote(ada: Person, cloudsway: ProviderAccount) -> None:
    quote = ada.api.post("/quotes", SOUND).json()
    raise_prices(4)
    dearer = ada.api.post("/generations", SOUND).json()
    quoted = ada.api.post("/generations", {**SOUND, "quote_id": quote["id"]}).json()
    assert dearer["credits"]["quoted"] == "1"
    assert quoted["credits"]["quoted"] == "0.25"


def test_it_is_bound_to_its_request(ada: Person, cloudsway: ProviderAccount) -> None:
    quote = ada.api.post("/quotes", SOUND).json()
    response = ada.api.post("/generations", {**VIDEO, "quote_id": quote["id"]})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "quote_id"


def test_it_expires(ada: Person, cloudsway: ProviderAccount) -> None:
    quote = ada.api.post("/quotes", SOUND).json()
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        response = ada.api.post("/generations", {**SOUND, "quote_id": quote["id"]})
    assert (response.status_code, response.json()["code"]) == (409, "quote_expired")


def test_it_is_of_no_use_to_a_stranger(
    ada: Person, charlie: Person, cloudsway: ProviderAccount
) -> None:
    quote = ada.api.post("/quotes", SOUND).json()
    response = charlie.api.post("/generations", {**SOUND, "quote_id": quote["id"]})
    assert response.json()["errors"][0]["code"] == "unknown_quote"
