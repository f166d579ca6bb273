"""One page of the studio: an operation, the values of its form, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from django.http import Http404, QueryDict

from accounts.access import Actor
from generations import approvals, forms
from generations.forms import words
from generations.models import Generation
from generations.views import faces
from generations.views.finding import find
from generations.views.offers import Offer, groups
from generations.views.pieces import find_asset, pieces
from generations.views.pricing import PriceTag, price_tag
from generations.views.tiles import recent_tiles
from generations.views.uses import path_for
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
        return self.offer.wanted(self.values)


def chosen(available: list[Offer], operation: str) -> Offer:
    for offer in available:
        if operation in (offer.name, ""):
            return offer
    raise Http404


def fresh_sheet(available: list[Offer], operation: str, asked: QueryDict, *, actor: Actor) -> Sheet:
    """A form with defaults, an example's words, a result, or the settings of an earlier job."""
    if past := asked.get("from"):
        return _sheet_of_past(available, find(actor, str(past)))
    offer = chosen(available, operation)
    values = forms.starting_values(offer.schema)
    examples = words.EXAMPLES.get(offer.name, ())
    number = str(asked.get("example", ""))
    if number in map(str, range(len(examples))):
        values["prompt"] = examples[int(number)].prompt
    sheet = Sheet(offer, values)
    return _with_result(sheet, str(asked["use"]), actor) if asked.get("use") else sheet


def _with_result(sheet: Sheet, public_id: str, actor: Actor) -> Sheet:
    """With a result in the first field that takes it. Raises Http404: there is no such result."""
    asset = find_asset(actor.workspace, public_id)
    if asset is None:
        raise Http404
    path = path_for(sheet.offer, asset)
    if not path:
        title = sheet.offer.operation.title
        return replace(sheet, notice=f"“{title}” has no use for a result of this kind.")
    values = forms.with_piece(sheet.offer.schema, sheet.values, path, asset.public_id)
    return replace(sheet, values=values)


def _sheet_of_past(available: list[Offer], past: Generation) -> Sheet:
    for offer in available:
        if offer.name == past.operation:
            return Sheet(offer, forms.known_values(offer.schema, past.input))
    notice = "What that generation was made with is not on offer any more."
    return Sheet(available[0], forms.starting_values(available[0].schema), notice=notice)


def page_context(sheet: Sheet, available: list[Offer], *, actor: Actor) -> dict[str, Any]:
    offer, workspace = sheet.offer, actor.workspace
    tiles = recent_tiles(workspace, limit=RECENT)
    tag = price_tag(offer.name, sheet.wanted, schema=offer.schema, workspace=workspace)
    known = pieces(workspace, forms.held_in(sheet.values))
    form = forms.build(offer.operation, offer.schema, sheet.values, sheet.errors, pieces=known)
    return {
        **price_context(offer, tag, actor=actor),
        "available": available,
        "groups": groups(available),
        "form": form,
        "sheet": sheet,
        **_faces(form, sheet, actor),
        "tiles": tiles,
        "examples": words.EXAMPLES.get(offer.name, ()),
        "is_newcomer": not tiles,
    }


def _faces(form: forms.StudioForm, sheet: Sheet, actor: Actor) -> dict[str, Any]:
    if not any(control.kind == "faces" for control in form.controls):
        return {}
    return faces.context(faces.choice_of(sheet.values, actor.workspace))


def price_context(offer: Offer, tag: PriceTag, *, actor: Actor) -> dict[str, Any]:
    """What the price fragment needs; the problems are those that the person can still mend."""
    form = forms.build(offer.operation, offer.schema, {}, tag.errors)
    return {
        "offer": offer,
        "tag": tag,
        "price_problems": form.problems,
        "price_awaits": _awaited(offer.schema, tag.awaited),
        "may_write": actor.may_write,
        "needs_approval": approvals.is_needed(actor, credits=tag.credits or 0),
    }


def _awaited(schema: Mapping[str, Any], paths: tuple[str, ...]) -> list[str]:
    """“the video”, “the sound”, of the fields at these paths."""
    found = [forms.taking_at(schema, path) for path in paths]
    return list(dict.fromkeys(f"the {taking.noun}" for taking in found if taking))
