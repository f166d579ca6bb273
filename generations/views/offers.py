"""Which operations can be asked for here, and through whose eyes their form is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from generations import forms, offering
from generations.models import ProviderAccount
from kling.operations.base import Operation

ICONS = {
    "text-to-video": "video",
    "image-to-video": "image-video",
    "omni-video": "layers",
    "motion-control": "motion",
    "video-extend": "extend",
    "lip-sync": "lips",
    "avatar": "user",
    "effects": "wand",
    "image": "image",
    "omni-image": "layers",
    "image-expand": "expand",
    "multi-image-to-image": "gallery",
    "virtual-try-on": "shirt",
    "text-to-audio": "audio",
    "video-to-audio": "video-audio",
    "text-to-speech": "speech",
    "custom-voice": "microphone",
    "custom-element": "cube",
}
GROUPS = {
    "video": "Video",
    "image": "Image",
    "audio": "Sound",
    "own": "Voices and elements",
}


@dataclass(frozen=True)
class Offer:
    """An operation and the accounts that serve it, the one that is asked first in front."""

    operation: Operation
    accounts: tuple[ProviderAccount, ...]

    @property
    def account(self) -> ProviderAccount:
        return self.accounts[0]

    @property
    def dialects(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(account.dialect for account in self.accounts))

    @property
    def name(self) -> str:
        return self.operation.name

    @property
    def is_open(self) -> bool:
        return self.account.paused_at is None

    @cached_property
    def schema(self) -> dict[str, Any]:
        return offering.schema_of(self.operation, self.accounts)

    def wanted(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Of a form's values, those to ask for.

        A form sends every default. Where not all of the providers know a field, its default
        would only keep the others from being asked, so it goes unsaid.
        """
        properties, facts = self.schema["properties"], self.operation.Input.facts()
        unknown = {name for name in properties if facts[name].absent_on & set(self.dialects)}
        return {
            name: value
            for name, value in forms.wanted(values).items()
            if name not in unknown or value != properties[name].get("default")
        }

    @property
    def icon(self) -> str:
        """A new operation has the picture of what it makes until it gets one of its own."""
        return ICONS.get(self.name, self.operation.media_kind)

    @property
    def group(self) -> str:
        kind = self.operation.result_kind or self.operation.media_kind
        return kind if kind in GROUPS else "own"


@dataclass(frozen=True)
class Group:
    """Operations that make the same kind of thing."""

    name: str
    title: str
    offers: tuple[Offer, ...]

    @property
    def icon(self) -> str:
        return "cube" if self.name == "own" else self.name


def offers() -> list[Offer]:
    """In the order of the catalogue; an account that is paused only where there is no other."""
    return [Offer(one.operation, _open(one.accounts)) for one in offering.offered()]


def _open(accounts: tuple[ProviderAccount, ...]) -> tuple[ProviderAccount, ...]:
    return tuple(one for one in accounts if one.is_usable) or accounts


def groups(available: Iterable[Offer]) -> list[Group]:
    """The offers by what they make; a group without any is left out."""
    known = list(available)
    made = [
        Group(name, title, tuple(offer for offer in known if offer.group == name))
        for name, title in GROUPS.items()
    ]
    return [group for group in made if group.offers]
