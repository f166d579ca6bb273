"""Checking a request and pricing it, with what is known of its files.

They are checked as they are and billed by whole seconds; a file that nobody looks into is not
checked, and billed as one of five seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from kling import catalogue, operations, requests, units
from kling.errors import InvalidInput
from kling.media import Media, spots
from kling.requests import Request

from .materials import assumed, billed

# What stands for the units of operations whose price Kling does not document.
RATES: Final[Mapping[str, Decimal]] = {
    operation.name: Decimal(1) for operation in operations.all_operations()
}


def judged(
    operation: operations.Operation,
    fields: Mapping[str, Any],
    *,
    dialect: str,
    media: Mapping[str, Media],
) -> Request:
    """The request with the units that will be taken for it. Raises InvalidInput."""
    try:
        request = requests.parse(operation.name, fields, dialect=dialect, media=media, rates=RATES)
    except InvalidInput as error:
        if any(one.code != "unknown_length" for one in error.errors):
            raise
        found = spots(operation.Input, fields)
        guesses = {spot.path: assumed(spot, dialect) for spot in found if spot.path not in media}
        media = {path: one for path, one in guesses.items() if one} | dict(media)
        request = requests.parse(operation.name, fields, dialect=dialect, media=media, rates=RATES)
    models = catalogue.default()
    amount = units.compute(
        operation,
        models.model(operation.name, request.model),
        request.input,
        models,
        media={path: billed(one) for path, one in media.items()},
        rates=RATES,
    )
    return replace(request, units=amount)
