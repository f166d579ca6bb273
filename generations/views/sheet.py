"""One page of the studio: an operation, the values of its form, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.http import Http404, QueryDict

from accounts.access import Actor
from generations import forms
from generations.forms import words
from generations.models import Generation
from generations.views.finding import find
from generations.views.offers import Offer
from generations.views.pricing import PriceTag, price_tag
from generations.views.tiles import recent_tiles
from kling.errors import FieldError

RECENT = 6


def new_key() -> str:
    """Makes one rendered form one job, however often it is sent."""
    return f"form-{uuid4().hex}"


@dataclass(frozen=True)
class Sheet:
    offer: Offer
    values: dict[str, Any]
    key: str = field(default_factory=new_key)
    errors: tuple[FieldError, ...] = ()
    notice: str = ""
    needs_credits: bool = False

    @property
    def wanted(self) -> dict[str, Any]:
        return forms.wanted(self.values)


def chosen(available: list[Offer], operation: str) -> Offer:
    for offer in available:
        if operation in (offer.name, ""):
            return offer
    raise Http404


def fresh_sheet(available: list[Offer], operation: str, asked: QueryDict, *, actor: Actor) -> Sheet:
    """A form with defaults, an example's words, or the settings of an earlier generation."""
    if past := asked.get("from"):
        return _sheet_of_past(available, find(actor, str(past)))
    offer = chosen(available, operation)
    values = forms.starting_values(offer.schema)
    examples = words.EXAMPLES.get(offer.name, ())
    number = str(asked.get("example", ""))
    if number in map(str, range(len(examples))):
        values["prompt"] = examples[int(number)].prompt
    return Sheet(offer, values)


def _sheet_of_past(available: list[Offer], past: Generation) -> Sheet:
    for offer in available:
        if offer.name == past.operation:
            return Sheet(offer, forms.known_values(offer.schema, past.input))
    notice = "What that generation was made with is not on offer any more."
    return Sheet(available[0], forms.starting_values(available[0].schema), notice=notice)


def page_context(sheet: Sheet, available: list[Offer], *, actor: Actor) -> dict[str, Any]:
    offer = sheet.offer
    tiles = recent_tiles(actor.workspace, limit=RECENT)
    tag = price_tag(offer.name, sheet.wanted, workspace=actor.workspace)
    return {
        **price_context(offer, tag, actor=actor),
        "offers": available,
        "form": forms.build(offer.operation, offer.schema, sheet.values, sheet.errors),
        "sheet": sheet,
        "tiles": tiles,
        "examples": words.EXAMPLES.get(offer.name, ()),
        "is_newcomer": not tiles,
    }


def price_context(offer: Offer, tag: PriceTag, *, actor: Actor) -> dict[str, Any]:
    """What the price fragment needs; the problems are those that the person can still mend."""
    form = forms.build(offer.operation, offer.schema, {}, tag.errors)
    return {
        "offer": offer,
        "tag": tag,
        "price_problems": [problem.message for problem in form.problems],
        "may_write": actor.may_write,
    }
