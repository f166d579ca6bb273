"""The prices an installation starts with; the operator publishes further ones in admin."""

from __future__ import annotations

from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps
from django.utils import timezone

from billing.amounts import MICRO

# A video unit costs about $0.14 at the provider, an image unit $0.0035, a try-on unit $0.07.
UNIT_PRICES = {"video": MICRO, "image": 25_000, "try-on": 500_000}

# slug, name, credits, cents
PACKS = (
    ("small", "100 credits", 100, 1800),
    ("medium", "500 credits", 500, 8500),
    ("large", "2,000 credits", 2000, 32000),
)


def create_missing(*, using: str, apps: Apps = installed, **_: Any) -> None:
    """Publish price book 1 and offer the first packs, where there are none at all.

    Runs after every migrate and flush, so that an emptied database can price jobs too.
    """
    try:
        books = apps.get_model("billing", "PriceBook")._default_manager.using(using)
        packs = apps.get_model("billing", "Pack")._default_manager.using(using)
    except LookupError:  # migrated back to nothing
        return
    if not books.exists():
        book = books.create(version=1, note="First prices")
        for unit_type, micro in UNIT_PRICES.items():
            book.unit_prices.create(unit_type=unit_type, credits=micro)
        books.filter(pk=book.pk).update(published_at=timezone.now())
    if not packs.exists():
        for ordering, (slug, name, amount, cents) in enumerate(PACKS):
            packs.create(
                slug=slug,
                name=name,
                credits=amount * MICRO,
                amount=cents,
                currency="usd",
                ordering=ordering,
                is_active=True,
                published_at=timezone.now(),
            )
