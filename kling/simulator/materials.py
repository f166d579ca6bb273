"""The files and earlier results that a task is made from, as far as they are known."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Final

from kling.media import Media, MediaKind, Spot

# Seconds of a file that nobody has looked into.
ASSUMED_SECONDS: Final = Decimal(5)
_DECIMALS: Final = ("seconds", "frames_per_second")


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What stands at `path` of the input.

    `address`: where it is fetched from, if anywhere. `file`: its name below the folder of the
    state, once it is here. `parent`: the task that made it, and `provider_id` the id it was named
    by. While `unseen`, it has to be fetched and looked into.
    """

    path: str
    kind: MediaKind
    address: str = ""
    file: str = ""
    parent: str = ""
    provider_id: str = ""
    media: Media | None = None
    unseen: bool = False


def to_json(materials: Iterable[Material]) -> str:
    return json.dumps([asdict(material) for material in materials], default=str)


def from_json(text: str) -> tuple[Material, ...]:
    return tuple(_material(values) for values in json.loads(text))


def _material(values: dict[str, Any]) -> Material:
    media = values.pop("media")
    if media is not None:
        numbers = {name: Decimal(media[name]) for name in _DECIMALS if media[name] is not None}
        media = Media(**(media | numbers))
    return Material(media=media, **values)


def assumed(spot: Spot, dialect: str) -> Media | None:
    """What a file is taken for that nobody looks into: of the usual length, and good."""
    if spot.rule is None:
        return None
    rule = spot.rule.on(dialect)
    seconds = None
    if rule.kind != "image":
        low, high = rule.min_seconds or ASSUMED_SECONDS, rule.max_seconds or ASSUMED_SECONDS
        seconds = min(max(ASSUMED_SECONDS, low), high)
    return Media(kind=rule.kind, media_type=rule.media_types[0], bytes=1, seconds=seconds)


def billed(media: Media) -> Media:
    """With whole seconds, at least one: 9.066 s are billed as 9 (protocol, section 9.5)."""
    if media.seconds is None:
        return media
    whole = max(Decimal(1), media.seconds.to_integral_value(rounding=ROUND_FLOOR))
    return Media(**(asdict(media) | {"seconds": whole}))
