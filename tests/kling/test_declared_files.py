"""Files at a page's limits and beyond them: generated, for each field that takes one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from kling import operations
from kling.errors import InvalidInput
from kling.media import Media, MediaRule, Spot, spots
from kling.requests import parse
from kling.schema import input_schema
from tests.kling.declared import entry_of, with_field
from tests.kling.inputs import FILES, RATES, SERVED, TODAY

OF_THE_FILE = {"unsupported_media_type", "too_large", "too_small", "wrong_ratio", "out_of_range"}
HAIR = Decimal("0.001")
PIXELS = 720  # a side that every page takes


def file_paths(schema: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if "x-media" in schema and schema["type"] == "string":
        yield path
    for name, part in schema.get("properties", {}).items():
        yield from file_paths(part, (*path, name))
    if "items" in schema:
        yield from file_paths(entry_of(schema), (*path, 0))


def fitting(rule: MediaRule) -> Media:
    return Media(
        kind=rule.kind,
        media_type=rule.media_types[0],
        bytes=1000,
        width=None if rule.kind == "audio" else PIXELS,
        height=None if rule.kind == "audio" else PIXELS,
        seconds=None if rule.kind == "image" else rule.min_seconds or Decimal(5),
        frames_per_second=rule.min_frames_per_second,
    )


def at_limits(rule: MediaRule) -> Iterator[tuple[Media, Media]]:
    """A file that is just taken, and one that is not any more."""
    fits = fitting(rule)
    for one in rule.media_types:
        yield replace(fits, media_type=one), replace(fits, media_type="application/pdf")
    yield replace(fits, bytes=rule.max_bytes), replace(fits, bytes=rule.max_bytes + 1)
    yield from _sides(rule, fits)
    yield from _ratios(rule, fits)
    for name, noun in (("seconds", "seconds"), ("frames_per_second", "frames_per_second")):
        low, high = getattr(rule, f"min_{noun}"), getattr(rule, f"max_{noun}")
        if low is not None:
            yield replace(fits, **{name: low}), replace(fits, **{name: low - HAIR})
        if high is not None:
            yield replace(fits, **{name: high}), replace(fits, **{name: high + HAIR})


def _sides(rule: MediaRule, fits: Media) -> Iterator[tuple[Media, Media]]:
    for side, beyond in ((rule.min_side, -1), (rule.max_side, 1)):
        if side is not None:
            square = replace(fits, width=side, height=side)
            yield square, replace(square, width=side + beyond, height=side + beyond)


def _ratios(rule: MediaRule, fits: Media) -> Iterator[tuple[Media, Media]]:
    for ratio, beyond in ((rule.min_ratio, -1), (rule.max_ratio, 1)):
        if ratio is not None:
            width = int(ratio * 1000)
            exact = replace(fits, width=width, height=1000)
            yield exact, replace(exact, width=width + beyond)


def of_the_file(operation: str, dialect: str, values: Any, spot: Spot, media: Media) -> set[str]:
    known = {**FILES.get(operation, {}), spot.path: media}
    try:
        parse(operation, values, dialect=dialect, media=known, rates=RATES, today=TODAY)
    except InvalidInput as exc:
        named = {error.code for error in exc.errors if error.field == spot.path}
        return named & OF_THE_FILE
    return set()


@pytest.mark.parametrize(("operation", "dialect"), SERVED)
def test_files_are_taken_up_to_the_limits_of_the_page(operation: str, dialect: str) -> None:
    schema = input_schema(operation, dialect, today=TODAY)
    for path in file_paths(schema):
        values = with_field(operation, dialect, path)
        dotted = ".".join(map(str, path))
        found = spots(operations.get(operation).Input, values)
        spot = next(one for one in found if one.path == dotted and one.rule)
        assert spot.rule is not None
        for taken, refused in at_limits(spot.rule.on(dialect)):
            assert not of_the_file(operation, dialect, values, spot, taken), (dotted, taken)
            assert of_the_file(operation, dialect, values, spot, refused), (dotted, refused)


def test_every_kind_of_file_is_asked_for_by_somebody() -> None:
    kinds = {
        spot.rule.kind
        for operation, dialect in SERVED
        for path in file_paths(input_schema(operation, dialect, today=TODAY))
        for spot in spots(operations.get(operation).Input, with_field(operation, dialect, path))
        if spot.rule
    }
    assert kinds == {"image", "video", "audio"}
