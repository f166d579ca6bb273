"""From a schema, values and errors to the controls of a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from generations.forms import words
from generations.forms.complaints import Complaints
from generations.forms.controls import Control, Section
from generations.forms.fields import Fields
from generations.forms.pieces import Piece
from kling.errors import FieldError
from kling.operations.base import Operation

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """One line of the summary above the form; `anchor` is empty where no field is to blame."""

    message: str
    anchor: str = ""


@dataclass(frozen=True)
class StudioForm:
    operation: Operation
    controls: tuple[Control, ...]
    sections: tuple[Section, ...]
    capabilities: list[dict[str, Any]]
    problems: tuple[Problem, ...]

    @property
    def main(self) -> list[Control]:
        """What somebody brings along, writes, or cannot go without: first, and over full width."""
        return [control for control in self.controls if _is_main(control)]

    @property
    def settings(self) -> list[Control]:
        return [control for control in self.controls if not _is_main(control)]


def _is_main(control: Control) -> bool:
    must_be_chosen = control.is_required and control.kind != "number"
    return control.kind in ("textarea", "faces") or control.is_material or must_be_chosen


def build(
    operation: Operation,
    schema: Schema,
    values: Mapping[str, Any],
    errors: Iterable[FieldError] = (),
    *,
    pieces: Mapping[str, Piece] | None = None,
) -> StudioForm:
    """The form of `operation` holding `values`, each error beside its field."""
    complaints = Complaints(schema, tuple(errors))
    made = Fields(operation, schema, complaints, pieces or {}).controls(values)
    basic = [control for control in made if not _is_advanced(schema, control)]
    folded = [control for control in made if _is_advanced(schema, control)]
    titles = [title for title in (words.SHOTS, words.MORE) if _in(title, folded)]
    return StudioForm(
        operation=operation,
        controls=tuple(basic),
        sections=tuple(Section(title, tuple(_in(title, folded))) for title in titles),
        capabilities=list(schema.get("x-models", ())),
        problems=tuple(problems(complaints, made)),
    )


def _is_advanced(schema: Schema, control: Control) -> bool:
    spec = schema["properties"][_field(control)]
    return bool(spec["x-advanced"]) and control.kind != "faces"


def _in(title: str, controls: list[Control]) -> list[Control]:
    return [item for item in controls if words.SECTIONS.get(_field(item), words.MORE) == title]


def _field(control: Control) -> str:
    return control.key.partition(".")[0]


def problems(complaints: Complaints, made: Iterable[Control]) -> list[Problem]:
    anchors = {inner.name: inner.id for control in made for inner in control.inside()}
    return [
        Problem(error.message, anchors.get(error.field) or _nearest(error.field, anchors))
        for error in complaints.told
    ]


def _nearest(path: str, anchors: Mapping[str, str]) -> str:
    """The closest field around one that the form does not show, or the first one in it."""
    inside = [name for name in anchors if name.startswith(f"{path}.")]
    if inside:
        return anchors[inside[0]]
    while path and path not in anchors:
        path = path.rpartition(".")[0]
    return anchors.get(path, "")
