"""The studio's form, made from an operation's JSON Schema: no field is written down twice."""

from __future__ import annotations

from generations.forms.building import Problem, StudioForm, build
from generations.forms.controls import FILE_PART
from generations.forms.pieces import Piece, Taking, held_in
from generations.forms.places import field_at, item_of, planted, takers, taking_at
from generations.forms.reading import (
    PREFIX,
    known_values,
    read,
    starting_values,
    wanted,
    with_piece,
)

__all__ = [
    "FILE_PART",
    "PREFIX",
    "Piece",
    "Problem",
    "StudioForm",
    "Taking",
    "build",
    "field_at",
    "held_in",
    "item_of",
    "known_values",
    "planted",
    "read",
    "starting_values",
    "takers",
    "taking_at",
    "wanted",
    "with_piece",
]
