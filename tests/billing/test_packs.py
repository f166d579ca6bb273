"""Packs: drafted, put on sale, and from then on only followed by other versions."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.utils import timezone

from billing import packs
from billing.amounts import to_micro
from billing.models import Order, Pack
from tests.accounts.test_members_race import wait_until_blocked
from tests.billing.test_admin import act
from tests.conftest import Person


@pytest.fixture
def small(db: None) -> Pack:
    return Pack.objects.get(slug="small")


def form(**changed: str) -> dict[str, str]:
    return {
        "slug": "small",
        "name": "120 credits",
        "credits": "120",
        "amount": "1900",
        "currency": "usd",
        "stripe_price_id": "",
        "ordering": "0",
        "further_prices-TOTAL_FORMS": "0",
        "further_prices-INITIAL_FORMS": "0",
        **changed,
    }


def on_sale(person: Person) -> dict[str, tuple[str, int]]:
    answer = person.api.get("/packs").json()["data"]
    return {row["slug"]: (row["credits"], row["amount"]) for row in answer}


def test_it_sells_another_price_as_another_version(
    operator: Client, ada: Person, small: Pack
) -> None:
    order = Order.objects.create(
        workspace=ada.workspace, pack="small", credits=small.credits, amount=1800, currency="usd"
    )
    act(operator, "pack", "draft_next", small.pk)
    draft = Pack.objects.get(slug="small", version=2)
    saved = operator.post(f"/admin/billing/pack/{draft.pk}/change/", form())
    assert saved.status_code == 302
    assert on_sale(ada)["small"] == ("100", 1800)
    act(operator, "pack", "put_on_sale", draft.pk)
    assert on_sale(ada)["small"] == ("120", 1900)
    small.refresh_from_db()
    assert (small.is_active, small.credits, small.amount) == (False, to_micro(100), 1800)
    order.refresh_from_db()
    assert (order.credits, order.amount) == (to_micro(100), 1800)


def test_the_next_version_has_the_prices_in_further_currencies(
    operator: Client, small: Pack
) -> None:
    draft = packs.draft_from(small)
    euros = {
        "further_prices-TOTAL_FORMS": "1",
        "further_prices-0-currency": "eur",
        "further_prices-0-amount": "1700",
        "further_prices-0-pack": str(draft.pk),
    }
    page = f"/admin/billing/pack/{draft.pk}/change/"
    assert operator.post(page, form(**euros)).status_code == 302
    act(operator, "pack", "put_on_sale", draft.pk)
    assert "further_prices-0-amount" not in operator.get(page).content.decode()
    assert packs.draft_from(draft).further_prices.get().amount == 1700
    with pytest.raises(IntegrityError), transaction.atomic():
        draft.further_prices.update(amount=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        draft.further_prices.all().delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        draft.further_prices.create(currency="gbp", amount=1)


def test_it_goes_back_to_an_earlier_version(operator: Client, ada: Person, small: Pack) -> None:
    draft = packs.draft_from(small)
    Pack.objects.filter(pk=draft.pk).update(amount=9900)
    packs.put_on_sale(draft)
    was_on_sale = small.published_at
    act(operator, "pack", "put_on_sale", small.pk)
    assert on_sale(ada)["small"] == ("100", 1800)
    small.refresh_from_db()
    assert small.published_at == was_on_sale


def test_it_takes_a_pack_off_sale(operator: Client, ada: Person, small: Pack) -> None:
    assert "is not on sale any more" in act(operator, "pack", "withdraw", small.pk)
    assert "small" not in on_sale(ada)


def test_a_pack_of_a_known_slug_is_its_next_version(operator: Client, ada: Person) -> None:
    assert operator.post("/admin/billing/pack/add/", form()).status_code == 302
    assert Pack.objects.get(name="120 credits").version == 2
    assert on_sale(ada)["small"] == ("100", 1800)


def test_the_terms_of_a_pack_on_sale_cannot_be_edited(operator: Client, small: Pack) -> None:
    page = operator.get(f"/admin/billing/pack/{small.pk}/change/").content.decode()
    for term in Pack.TERMS:
        assert f'name="{term}"' not in page
    assert operator.post(
        f"/admin/billing/pack/{small.pk}/change/", form(name="A hundred")
    ).status_code == (302)
    small.refresh_from_db()
    assert (small.name, small.credits, small.amount) == ("A hundred", to_micro(100), 1800)
    assert operator.post(f"/admin/billing/pack/{small.pk}/delete/").status_code == 403


@pytest.mark.parametrize(
    "poison",
    [
        {"credits": "0"},
        {"credits": "-5"},
        {"credits": "NaN"},
        {"credits": "Infinity"},
        {"credits": "10000000.000001"},
        {"amount": "0"},
        {"amount": "-1"},
        {"amount": "1000000001"},
        {"amount": "9" * 30},
        {"currency": "dollars"},
        {"currency": "isk", "amount": "150"},
        {"further_prices-TOTAL_FORMS": "1", "further_prices-0-currency": "eur"},
        {
            "further_prices-TOTAL_FORMS": "1",
            "further_prices-0-currency": "eur",
            "further_prices-0-amount": "-1",
        },
    ],
    ids=str,
)
def test_it_refuses_poison(operator: Client, small: Pack, poison: dict[str, str]) -> None:
    answer = operator.post("/admin/billing/pack/add/", form(**poison))
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert Pack.objects.filter(slug="small").count() == 1
    assert operator.post("/admin/billing/pack/add/", form()).status_code == 302


FURTHER = {"further_prices-TOTAL_FORMS": "1", "further_prices-0-amount": "2700"}


@pytest.mark.parametrize(
    ("poison", "field", "sentence"),
    [
        ({"currency": "zzz"}, "currency", "Stripe charges nothing in “zzz”."),
        ({"amount": "-1"}, "amount", "A price is more than nothing, up to 1000000000."),
        (
            {**FURTHER, "further_prices-0-currency": "zzz"},
            "further_prices-0-currency",
            "Stripe charges nothing in “zzz”.",
        ),
        (
            {
                **FURTHER,
                "further_prices-0-currency": "eur",
                "further_prices-0-amount": "-1",
            },
            "further_prices-0-amount",
            "A price is more than nothing, up to 1000000000.",
        ),
        (
            {**FURTHER, "further_prices-0-currency": "isk", "further_prices-0-amount": "150"},
            "further_prices-0-amount",
            "In ISK it has to be a multiple of 100.",
        ),
    ],
)
def test_it_says_which_field_cannot_be_charged(
    operator: Client, poison: dict[str, str], field: str, sentence: str
) -> None:
    page = operator.post("/admin/billing/pack/add/", form(**poison)).content.decode()
    assert f'id="id_{field}_error"><li>{sentence}</li>' in page
    assert page.count("errorlist") == 1
    assert not Pack.objects.filter(name="120 credits").exists()


def test_a_draft_that_cannot_be_charged_is_not_put_on_sale(
    operator: Client, ada: Person, small: Pack
) -> None:
    draft = packs.draft_from(small)
    draft.further_prices.create(currency="zzz", amount=2700)
    page = act(operator, "pack", "put_on_sale", draft.pk)
    assert "Version 2 of small is not on sale. Stripe charges nothing in “zzz”." in page
    assert on_sale(ada)["small"] == ("100", 1800)
    draft.refresh_from_db()
    assert draft.published_at is None


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE billing_pack SET credits = 1",
        "UPDATE billing_pack SET amount = 1",
        "UPDATE billing_pack SET currency = 'eur'",
        "UPDATE billing_pack SET stripe_price_id = 'price_1'",
        "UPDATE billing_pack SET slug = slug || '-2'",
        "UPDATE billing_pack SET version = 7",
        "UPDATE billing_pack SET published_at = NULL, is_active = (1 = 0)",
        "DELETE FROM billing_pack",
    ],
)
def test_the_database_keeps_the_terms(small: Pack, attack: str) -> None:
    before = list(Pack.objects.values())
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack)
    assert list(Pack.objects.values()) == before


@pytest.mark.parametrize("new_id", ["id", "id + 1000"])
def test_the_database_lets_no_pack_be_replaced(small: Pack, new_id: str) -> None:
    before = list(Pack.objects.values())
    # PostgreSQL has no such statement.
    refusal = IntegrityError if connection.vendor == "sqlite" else ProgrammingError
    with pytest.raises(refusal), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT OR REPLACE INTO billing_pack (id, slug, version, name, credits, amount, "
            "currency, stripe_price_id, is_active, ordering, published_at) "
            f"SELECT {new_id}, slug, 9, name, 1, 1, currency, '', is_active, 0, published_at "
            "FROM billing_pack"
        )
    assert list(Pack.objects.values()) == before


def test_the_database_sells_one_version_at_a_time(small: Pack) -> None:
    draft = packs.draft_from(small)
    with pytest.raises(IntegrityError), transaction.atomic():
        Pack.objects.filter(pk=draft.pk).update(is_active=True, published_at=small.published_at)


def test_the_database_sells_no_draft(small: Pack) -> None:
    packs.withdraw(small)
    draft = packs.draft_from(small)
    with pytest.raises(IntegrityError), transaction.atomic():
        Pack.objects.filter(pk=draft.pk).update(is_active=True)


def while_another_version_is_put_on_sale(call: Callable[[Pack], object]) -> str:
    """What comes of `call` that begins before another such transaction is over."""
    small = Pack.objects.get(slug="small")
    first, second = packs.draft_from(small), packs.draft_from(small)

    def run() -> str:
        try:
            call(second)
        except IntegrityError:
            return "refused"
        finally:
            connection.close()
        return "on sale"

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            packs.put_on_sale(first)
            result: Future[Any] = pool.submit(run)
            wait_until_blocked(result)
        return str(result.result(timeout=20))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_versions_put_on_sale_at_once_the_later_one_is_sold() -> None:
    assert while_another_version_is_put_on_sale(packs.put_on_sale) == "on sale"
    assert Pack.objects.get(slug="small", is_active=True).version == 3


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_later_one_would_not_know_of_the_first() -> None:
    """The control: the same, deciding on what was on sale before."""

    @transaction.atomic
    def careless(pack: Pack) -> None:
        Pack.objects.filter(slug=pack.slug, is_active=True).update(is_active=False)
        Pack.objects.filter(pk=pack.pk).update(is_active=True, published_at=timezone.now())

    assert while_another_version_is_put_on_sale(careless) == "refused"
