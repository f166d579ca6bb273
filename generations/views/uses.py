"""What a result can go into: read off the declarations of the operations that are offered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from generations import forms
from generations.forms import Taking
from generations.models import Asset
from generations.views.offers import Offer
from kling.schema import input_schema


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

    takers: tuple[Use, ...] = ()

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
            for path, taking in _takers(offer.name, offer.dialects)
        )
    )


def path_for(offer: Offer, asset: Asset) -> str:
    """Where `asset` goes in the input of an operation; "" where it does not go anywhere."""
    found = uses([offer]).of(asset)
    return found[0].path if found else ""


@lru_cache(maxsize=256)
def _takers(operation: str, dialects: tuple[str, ...]) -> tuple[tuple[str, Taking], ...]:
    """Kept: which fields take what is declared in code, and a gallery asks it of everything."""
    return tuple(forms.takers(input_schema(operation, dialects)))
