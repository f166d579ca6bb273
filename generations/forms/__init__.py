"""The studio's form, made from an operation's JSON Schema: no field is written down twice."""

from __future__ import annotations

from generations.forms.building import StudioForm, build
from generations.forms.reading import known_values, read, starting_values, wanted

__all__ = ["StudioForm", "build", "known_values", "read", "starting_values", "wanted"]
