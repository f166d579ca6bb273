"""What a result can go into: read off the declarations of the operations that are offered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from generations import forms
from generations.forms import Taking
from generations.models import Asset
from generations.views.offers import Offer


@dataclass(frozen=True)
class Use:
    """An operation, and the place of its input where a result of this kind goes."""

    name: str
    title: str
    icon: str
    path: str
    taking: Taking


@dataclass(frozen=True)
class Uses:
    """The uses of all kinds, for a page with many results."""

    takers: tuple[Use, ...]

    def of(self, asset: Asset) -> list[Use]:
        """One for each operation: its first field that takes the result."""
        found: dict[str, Use] = {}
        for use in self.takers:
            if use.taking.takes(asset.kind, asset.media_type):
                found.setdefault(use.name, use)
        return list(found.values())


def uses(offers: Iterable[Offer]) -> Uses:
    return Uses(
        tuple(
            Use(offer.name, offer.operation.title, offer.icon, path, taking)
            for offer in offers
            for path, taking in forms.takers(offer.schema)
        )
    )


def path_for(offer: Offer, asset: Asset) -> str:
    """Where `asset` goes in the input of an operation; "" where it does not go anywhere."""
    found = uses([offer]).of(asset)
    return found[0].path if found else ""


def put(schema: dict[str, Any], values: dict[str, Any], path: str, asset: Asset) -> dict[str, Any]:
    return forms.with_piece(schema, values, path, asset.public_id)
