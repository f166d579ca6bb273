"""Which operations can be asked for here, and through whose eyes their form is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from generations import offering
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
    """An operation and the account that would serve it now; without one it waits for one."""

    operation: Operation
    account: ProviderAccount

    @property
    def name(self) -> str:
        return self.operation.name

    @property
    def is_open(self) -> bool:
        return self.account.paused_at is None

    @cached_property
    def schema(self) -> dict[str, Any]:
        return offering.schema_of(self.operation, [self.account])

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
    return [Offer(one.operation, one.accounts[0]) for one in offering.offered()]


def groups(available: Iterable[Offer]) -> list[Group]:
    """The offers by what they make; a group without any is left out."""
    known = list(available)
    made = [
        Group(name, title, tuple(offer for offer in known if offer.group == name))
        for name, title in GROUPS.items()
    ]
    return [group for group in made if group.offers]
