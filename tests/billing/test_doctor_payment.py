"""What `manage.py doctor` says about Stripe, after asking it."""

from __future__ import annotations

from contextlib import suppress
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from billing import packs
from billing.models import Pack, PackPrice
from tests.billing.conftest import Shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _asks_stripe(shop: Shop, settings: Any) -> None:
    """Our stand-in answers, but the installation takes it for Stripe."""
    settings.PAYMENT_SANDBOX = False


def said() -> list[str]:
    output = StringIO()
    with suppress(SystemExit):
        call_command("doctor", stdout=output)
    return [line for line in output.getvalue().splitlines() if " payment " in line]


def test_it_names_the_account_and_mode_of_the_key(settings: Any) -> None:
    pinned = settings.STRIPE_ACCOUNT_ID
    assert any(f"belongs to {pinned}, in test mode" in line for line in said())


def test_it_says_how_to_pin_the_account(settings: Any) -> None:
    pinned, settings.STRIPE_ACCOUNT_ID = settings.STRIPE_ACCOUNT_ID, ""
    (found,) = [line for line in said() if "not pinned" in line]
    assert found.startswith("warning")
    assert f"STRIPE_ACCOUNT_ID={pinned}" in found


def test_it_finds_a_key_of_another_account(settings: Any) -> None:
    settings.STRIPE_ACCOUNT_ID = "acct_of_before"
    (found,) = [line for line in said() if "acct_of_before" in line]
    assert found.startswith("wrong")


def test_it_finds_a_key_of_the_other_mode(settings: Any) -> None:
    settings.STRIPE_LIVEMODE = True
    (found,) = [line for line in said() if "STRIPE_LIVEMODE" in line]
    assert found.startswith("wrong")


@pytest.mark.parametrize(
    ("currency", "amount", "text"), [("kwd", 5501, "5.501 KWD"), ("zzz", 2700, "27.00 ZZZ")]
)
def test_it_finds_a_price_that_cannot_be_charged(currency: str, amount: int, text: str) -> None:
    """Such as may be on sale since before it was refused."""
    small = Pack.objects.get(slug="small")
    draft = packs.draft_from(small)
    PackPrice.objects.create(pack=draft, currency=currency, amount=amount)
    packs.withdraw(small)
    Pack.objects.filter(pk=draft.pk).update(is_active=True, published_at=small.published_at)
    (found,) = [line for line in said() if "cannot charge" in line]
    assert text in found


def test_it_says_when_stripe_does_not_answer(settings: Any) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    assert any("Stripe did not answer" in line for line in said())
