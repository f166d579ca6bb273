"""Packs on sale. Their terms never change; another price is another version of the pack."""

from __future__ import annotations

from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from billing import currencies
from billing.errors import UnknownCurrency, UnknownPack, UnsaleablePack
from billing.models import Pack, PackPrice


class PriceTag(NamedTuple):
    """`amount` is in the currency's smallest unit."""

    amount: int
    currency: str
    stripe_price_id: str


def on_sale(slug: str) -> Pack:
    """Raises UnknownPack."""
    pack = Pack.objects.filter(slug=slug, is_active=True).first()
    if pack is None:
        raise UnknownPack(slug)
    return pack


def prices_of(pack: Pack) -> list[PriceTag]:
    """Its own price first, then those in further currencies."""
    rows: list[Pack | PackPrice] = [pack, *pack.further_prices.all()]
    return [PriceTag(row.amount, row.currency, row.stripe_price_id) for row in rows]


def price_in(pack: Pack, currency: str) -> PriceTag:
    """The price in a currency; in the pack's own if that is empty. Raises UnknownCurrency."""
    for price in prices_of(pack):
        if price.currency == (currency or pack.currency):
            return price
    raise UnknownCurrency(currency)


@transaction.atomic
def draft_from(pack: Pack) -> Pack:
    """A draft of the pack's next version, with the terms of `pack` to start from."""
    versions = _locked(pack.slug)
    draft = Pack.objects.create(
        slug=pack.slug,
        version=max(row.version for row in versions) + 1,
        name=pack.name,
        credits=pack.credits,
        amount=pack.amount,
        currency=pack.currency,
        # A price object of Stripe's has one amount: another price has to name another.
        stripe_price_id="",
        ordering=pack.ordering,
    )
    PackPrice.objects.bulk_create(
        PackPrice(pack=draft, currency=row.currency, amount=row.amount)
        for row in pack.further_prices.all()
    )
    return draft


def next_version(slug: str) -> int:
    return (Pack.objects.filter(slug=slug).aggregate(last=Max("version"))["last"] or 0) + 1


@transaction.atomic
def put_on_sale(pack: Pack) -> Pack:
    """Sell this version from now on, and no other of its slug. Its terms are final from here.

    Raises UnsaleablePack if Stripe cannot charge one of its prices.
    """
    versions = {row.pk: row for row in _locked(pack.slug)}
    row = versions[pack.pk]
    try:
        for price in prices_of(row):
            currencies.check_price(price.amount, price.currency)
    except ValidationError as exc:
        raise UnsaleablePack(" ".join(exc.messages)) from exc
    Pack.objects.filter(slug=pack.slug, is_active=True).exclude(pk=row.pk).update(is_active=False)
    row.is_active = True
    row.published_at = row.published_at or timezone.now()
    row.save(update_fields=["is_active", "published_at"])
    return row


@transaction.atomic
def withdraw(pack: Pack) -> None:
    """Take it off sale. Orders that were begun can still be paid: they have their own copy."""
    Pack.objects.filter(pk=pack.pk).update(is_active=False)


def _locked(slug: str) -> list[Pack]:
    """All versions, in one order for all: whoever changes what is on sale waits for the other."""
    return list(Pack.objects.select_for_update().filter(slug=slug).order_by("pk"))
