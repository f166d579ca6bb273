"""Whether a file is what a page wants: its type, size, sides, ratio, length and frame rate."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from kling.errors import FieldError
from kling.media import MEGABYTE, NAMES, Media, MediaRule, Spot


def media_errors(spot: Spot, media: Media, dialect: str) -> Iterator[FieldError]:
    """Why the provider would not take the file at this spot."""
    name = spot.path
    if spot.as_file is not None:
        # Of what the provider has itself, its pages limit the length.
        yield from _length_errors(name, spot.as_file.on(dialect), media)
    if spot.rule is None:
        return
    rule = spot.rule.on(dialect)
    if media.media_type not in rule.media_types:
        wanted = " or ".join(NAMES[one] for one in rule.media_types)
        yield FieldError(name, "unsupported_media_type", f"{name} must be {wanted}.")
        return
    if media.bytes > rule.max_bytes:
        most = rule.max_bytes // MEGABYTE
        yield FieldError(name, "too_large", f"{name} may have at most {most} MB.")
    yield from _picture_errors(name, rule, media)
    yield from _length_errors(name, rule, media)


def _picture_errors(name: str, rule: MediaRule, media: Media) -> Iterator[FieldError]:
    if media.width is None or media.height is None:
        return
    size = f"It has {media.width} × {media.height}."
    sides = (media.width, media.height)
    if rule.min_side is not None and min(sides) < rule.min_side:
        message = f"{name} must have at least {rule.min_side} pixels on each side. {size}"
        yield FieldError(name, "too_small", message)
    if rule.max_side is not None and max(sides) > rule.max_side:
        message = f"{name} may have at most {rule.max_side} pixels on each side. {size}"
        yield FieldError(name, "too_large", message)
    ratio = Decimal(media.width) / media.height
    low, high = rule.min_ratio, rule.max_ratio
    if low is not None and high is not None and not low <= ratio <= high:
        message = (
            f"{name} must be between {_proportion(low)} and {_proportion(high)}, width to height. "
            f"{size}"
        )
        yield FieldError(name, "wrong_ratio", message)


def _proportion(ratio: Decimal) -> str:
    return f"{ratio.normalize():f}:1" if ratio >= 1 else f"1:{(1 / ratio).normalize():f}"


def _length_errors(name: str, rule: MediaRule, media: Media) -> Iterator[FieldError]:
    measures = (
        (media.seconds, rule.min_seconds, rule.max_seconds, "seconds"),
        (
            media.frames_per_second,
            rule.min_frames_per_second,
            rule.max_frames_per_second,
            "frames a second",
        ),
    )
    for found, low, high, noun in measures:
        if found is None:
            continue
        if (low is not None and found < low) or (high is not None and found > high):
            bounds = f"at least {low}" if high is None else f"{low} to {high}"
            message = f"{name} must have {bounds} {noun}. It has {found.normalize():f}."
            yield FieldError(name, "out_of_range", message)
