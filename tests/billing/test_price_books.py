"""Price books in admin: compared, published as compared, begun on time, and never poisonous."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.core.serializers.base import DeserializationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing import prices
from billing.amounts import to_micro
from billing.models import Margin, OperationRate, PriceBook, UnitPrice


@pytest.fixture
def draft(db: None) -> PriceBook:
    return prices.draft_from(PriceBook.objects.get())


def page(client: Client, book: PriceBook) -> str:
    answer = client.get(f"/admin/billing/pricebook/{book.pk}/publish/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def press(client: Client, book: PriceBook, html: str) -> str:
    digest = re.search(r'name="digest" value="(\w+)"', html)
    assert digest is not None
    address = f"/admin/billing/pricebook/{book.pk}/publish/"
    answer = client.post(address, {"digest": digest[1]}, follow=True)
    return str(answer.content.decode())


def row(html: str, job: str) -> list[str]:
    found = re.search(rf"<td>{re.escape(job)}</td>(.*?)</tr>", html, re.DOTALL)
    assert found is not None, job
    return re.findall(r"<td>(.*?)</td>", found[1])


def test_it_shows_what_gets_dearer_and_cheaper(operator: Client, draft: PriceBook) -> None:
    draft.unit_prices.filter(unit_type="video").update(credits=to_micro("1.1"))
    draft.margins.create(operation="avatar", factor=Decimal("0.5"))
    draft.operation_rates.create(operation="effects", units=Decimal(2))
    html = page(operator, draft)
    job = "Text to video, Kling 3.0, Pro 1080p, with sound, 5 seconds"
    assert row(html, job) == ["6", "6.6", "+10.0 %"]
    assert row(html, "Avatar, Pro 1080p, 5 seconds") == ["4", "2.2", "-45.0 %"]
    assert row(html, "Effects") == ["not on sale", "2.2", ""]
    assert "Image, Kling Image 3.0, 1 image" not in html
    assert prices.current_book() != draft
    assert "is in force" in press(operator, draft, html)
    assert prices.current_book() == draft


@pytest.mark.parametrize("change", ["draft", "in force"])
def test_it_publishes_only_what_was_compared(
    operator: Client, draft: PriceBook, change: str
) -> None:
    later = prices.draft_from(draft)
    html = page(operator, later)
    if change == "draft":
        later.unit_prices.filter(unit_type="video").update(credits=to_micro(50))
    else:
        draft.unit_prices.filter(unit_type="video").update(credits=to_micro(9))
        prices.publish(draft)
    refused = press(operator, later, html)
    assert "changed meanwhile" in refused
    assert prices.current_book() != later
    assert "is in force" in press(operator, later, refused)


def test_it_offers_no_button_for_a_book_with_gaps(operator: Client, draft: PriceBook) -> None:
    draft.unit_prices.filter(unit_type="image").delete()
    html = page(operator, draft)
    assert "No price for units of type image." in html
    assert "Publish these prices" not in html


def test_staff_without_the_permission_publish_nothing(draft: PriceBook) -> None:
    user = User.objects.create_user("staff@example.com", "a-long-enough-passphrase", is_staff=True)
    client = Client()
    client.force_login(user)
    address = f"/admin/billing/pricebook/{draft.pk}/publish/"
    assert client.get(address).status_code == 403
    assert client.post(address, {"digest": "x"}).status_code == 403
    assert prices.current_book() != draft


def test_a_book_begins_at_its_time(operator: Client, draft: PriceBook) -> None:
    now = timezone.now()
    PriceBook.objects.filter(pk=draft.pk).update(valid_from=now + timedelta(hours=2))
    html = page(operator, draft)
    assert "comes into force on" in press(operator, draft, html)
    first = PriceBook.objects.get(version=1)
    assert prices.current_book() == first
    with time_machine.travel(now + timedelta(hours=1, minutes=59), tick=False):
        assert prices.current_book() == first
    with time_machine.travel(now + timedelta(hours=2), tick=False):
        assert prices.current_book() == draft


def test_a_newer_book_takes_the_place_of_one_that_waits(draft: PriceBook) -> None:
    now = timezone.now()
    PriceBook.objects.filter(pk=draft.pk).update(valid_from=now + timedelta(hours=2))
    prices.publish(draft)
    newer = prices.draft_from(draft)
    prices.publish(newer)
    assert prices.current_book() == newer
    with time_machine.travel(now + timedelta(hours=3)):
        assert prices.current_book() == newer


# field of the form, and what must not stand in it
POISON = [
    *[("unit_prices-0-credits", value) for value in ("0", "-1", "NaN", "Infinity", "-Infinity")],
    *[("unit_prices-0-credits", value) for value in ("1000000.000001", "1e400", "9" * 40, "free")],
    *[("margins-0-factor", value) for value in ("0", "-1", "NaN", "Infinity", "100.1", "1000")],
    *[("operation_rates-0-units", value) for value in ("0", "-1", "NaN", "Infinity", "10001")],
]


@pytest.mark.parametrize(("field", "value"), [(None, ""), *POISON])
def test_the_form_refuses_poison(
    operator: Client, draft: PriceBook, field: str | None, value: str
) -> None:
    answer = operator.post(
        f"/admin/billing/pricebook/{draft.pk}/change/",
        {**form_of(draft), **({field: value} if field else {})},
    )
    if field is None:  # the control: without poison the same form is taken
        assert answer.status_code == 302
        assert draft.unit_prices.filter(credits=to_micro(2)).count() == 3
    else:
        assert answer.status_code == 200
        assert "errorlist" in answer.content.decode()
        assert not draft.unit_prices.filter(credits=to_micro(2)).exists()


def form_of(draft: PriceBook) -> dict[str, str]:
    form = {"note": "", "valid_from_0": "", "valid_from_1": ""}
    rows = list(draft.unit_prices.order_by("pk"))
    for name, known, total in (
        ("unit_prices", len(rows), len(rows)),
        ("margins", 0, 1),
        ("operation_rates", 0, 1),
    ):
        form |= {f"{name}-INITIAL_FORMS": str(known), f"{name}-TOTAL_FORMS": str(total)}
        form[f"{name}-0-book"] = str(draft.pk)
    for number, unit in enumerate(rows):
        form |= {
            f"unit_prices-{number}-id": str(unit.pk),
            f"unit_prices-{number}-book": str(draft.pk),
            f"unit_prices-{number}-unit_type": unit.unit_type,
            f"unit_prices-{number}-credits": "2",
        }
    form |= {"margins-0-operation": "avatar", "margins-0-model": "", "margins-0-factor": "1.5"}
    return form | {"operation_rates-0-operation": "effects", "operation_rates-0-units": "2"}


ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "unit price": ("billing.unitprice", {"unit_type": "song", "credits": 1}),
    "margin": ("billing.margin", {"operation": "", "model": "", "factor": "1.5"}),
    "rate": ("billing.operationrate", {"operation": "effects", "units": "2"}),
}
LOADED = [
    *[("unit price", {"credits": value}) for value in (0, -1, 10**12 + 1, "NaN", "Infinity")],
    *[("margin", {"factor": value}) for value in ("0", "-1", "1000", "NaN", "Infinity", "1e3")],
    *[("rate", {"units": value}) for value in ("0", "-1", "NaN", "Infinity", "10000.1")],
]


def fixture(path: Path, draft: PriceBook, kind: str, changed: dict[str, Any]) -> str:
    model, fields = ROWS[kind]
    file = path / "prices.json"
    content = [{"model": model, "fields": {"book": draft.pk, **fields, **changed}}]
    file.write_text(json.dumps(content))
    return str(file)


@pytest.mark.parametrize(("kind", "poison"), LOADED, ids=str)
def test_a_fixture_loads_no_poison(
    draft: PriceBook, tmp_path: Path, kind: str, poison: dict[str, Any]
) -> None:
    before = count()
    refusals = (DatabaseError, DeserializationError, ArithmeticError)
    with pytest.raises(refusals), transaction.atomic():
        call_command("loaddata", fixture(tmp_path, draft, kind, poison), verbosity=0)
    assert count() == before
    call_command("loaddata", fixture(tmp_path, draft, kind, {}), verbosity=0)
    assert count() == before + 1


def test_a_fixture_adds_nothing_to_a_published_book(draft: PriceBook, tmp_path: Path) -> None:
    prices.publish(draft)
    with pytest.raises(IntegrityError), transaction.atomic():
        call_command("loaddata", fixture(tmp_path, draft, "margin", {}), verbosity=0)


def count() -> int:
    return sum(model.objects.count() for model in (UnitPrice, Margin, OperationRate))


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE billing_unitprice SET credits = 0 WHERE book_id = %s",
        "UPDATE billing_unitprice SET credits = -1 WHERE book_id = %s",
        "UPDATE billing_unitprice SET credits = 1000000000001 WHERE book_id = %s",
        "INSERT INTO billing_margin (book_id, operation, model, factor) VALUES (%s, '', '', 0)",
        "INSERT INTO billing_margin (book_id, operation, model, factor) VALUES (%s, '', '', 1000)",
        "INSERT INTO billing_margin (book_id, operation, model, factor) VALUES (%s, '', '', 'NaN')",
        "INSERT INTO billing_operationrate (book_id, operation, units) VALUES (%s, 'x', 'NaN')",
        "INSERT INTO billing_operationrate (book_id, operation, units) VALUES (%s, 'x', -2)",
    ],
)
def test_the_database_takes_no_poison(draft: PriceBook, attack: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack, [draft.pk])


def test_the_database_takes_no_book_that_is_born_published(db: None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PriceBook.objects.create(version=9, published_at=timezone.now())
