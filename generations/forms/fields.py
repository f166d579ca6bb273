"""From one field of a schema, with its value and errors, to the control of a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from generations.forms import words
from generations.forms.complaints import Complaints
from generations.forms.controls import Control, Kind, Option, Row
from generations.forms.pieces import Piece, is_silent, piece_of, taking
from generations.forms.places import MAX_ROWS, inner_fields, is_stood_in_for, item_of
from generations.forms.reading import PREFIX, is_points, points_text
from kling import catalogue
from kling.media import is_held
from kling.operations.base import Facts, Operation

Schema = Mapping[str, Any]
LONG_TEXT = 200  # characters from which a text gets more than one line


@dataclass(frozen=True)
class Fields:
    """Makes the controls of one form. `pieces`: what is known of the ids of ours in its values."""

    operation: Operation
    schema: Schema
    complaints: Complaints
    pieces: Mapping[str, Piece] = field(default_factory=dict)

    @cached_property
    def facts(self) -> Mapping[str, Facts]:
        return self.operation.Input.facts()

    @cached_property
    def models(self) -> Mapping[str, str]:
        return {model["name"]: model["title"] for model in self.schema.get("x-models", ())}

    def controls(self, values: Mapping[str, Any]) -> list[Control]:
        return [
            control
            for control in self._inside(PREFIX, self.schema, values, needed=True)
            if self._can_be_used(control.key.partition(".")[0])
        ]

    def _can_be_used(self, name: str) -> bool:
        """A field that none of the models on offer takes would only be refused."""
        feature = self.facts[name].feature
        models = self.schema.get("x-models")
        return not (feature and models) or any(feature in model["features"] for model in models)

    def _inside(
        self, path: str, spec: Schema, values: Mapping[str, Any], *, needed: bool
    ) -> list[Control]:
        """What an object holds; of one that is not `needed`, nothing is chosen beforehand."""
        fields, required = spec["properties"], spec.get("required", ()) if needed else ()
        return [
            self.control(f"{path}.{name}", inner, values.get(name), name in required)
            for name, inner in inner_fields(spec)
            if name not in words.AUTOMATIC and _is_shown(inner, fields, values.get(name))
        ]

    def control(self, path: str, spec: Schema, value: Any, required: bool = False) -> Control:
        name = path.rpartition(".")[2]
        kind = kind_of(name, spec, required=required)
        if kind == "group" and len(spec["properties"]) == 1:
            [(inner, only)] = spec["properties"].items()
            found = value.get(inner) if isinstance(value, Mapping) else None
            made = self.control(f"{path}.{inner}", only, found)
            return replace(made, needs=self._needs(path) or made.needs)
        taken = taking(spec) if kind in ("file", "source") else None
        text = points_text(value) if kind == "points" else _text(value)
        return Control(
            kind=kind,
            name=path,
            label=words.TITLES.get(path) or spec.get("title", name),
            help=words.HELP.get(path, _help(name, spec)),
            value=text,
            is_required=required,
            options=self._options(name, choices_of(spec), value, required, spec),
            children=self._children(path, spec, value, required) if kind == "group" else (),
            rows=self._rows(path, spec, value) if kind == "rows" else (),
            errors=self.complaints.about(path),
            limit=spec.get("maxLength") if kind == "textarea" else None,
            minimum=spec.get("minimum", 1 if name in words.WHOLE_NUMBERS else None),
            maximum=spec.get("maximum"),
            step="1" if name in words.WHOLE_NUMBERS and spec["type"] == "string" else "any",
            unit=words.UNITS.get(name, ""),
            placeholder=self._placeholder(name, spec),
            feature=getattr(self.facts.get(path.removeprefix(f"{PREFIX}.")), "feature", "") or "",
            needs=self._needs(path),
            yields_to=words.YIELDS.get(path),
            at_least=spec.get("minItems", 1),
            taking=taken,
            piece=piece_of(text, taken, self.pieces) if taken else None,
            is_changed=value not in (None, "", {}, [], spec.get("default")),
        )

    def _needs(self, path: str) -> tuple[str, str] | None:
        if path not in words.NEEDS_LISTED:
            return words.NEEDS.get(path)
        other, names = words.NEEDS_LISTED[path]
        lists = catalogue.default().entry(self.operation.name).lists
        return other, "|".join(value for name in names for value in lists.get(name, ()))

    def _options(
        self, name: str, choices: list[str], value: Any, required: bool, spec: Schema
    ) -> tuple[Option, ...]:
        start = choices[0] if required and choices else None
        chosen = _text(value if value is not None else spec.get("default", start))
        made = [
            Option(text, self.models.get(text) or words.choice(name, text), text == chosen)
            for text in choices
        ]
        if made and "default" not in spec and not required:
            made.insert(0, Option("", words.NOT_SET.get(name, "Not set"), not chosen))
        return tuple(made)

    def _children(self, path: str, spec: Schema, value: Any, needed: bool) -> tuple[Control, ...]:
        values = value if isinstance(value, Mapping) else {}
        return tuple(self._inside(path, spec, values, needed=needed))

    def _rows(self, path: str, spec: Schema, value: Any) -> tuple[Row, ...]:
        given = value if isinstance(value, list) else []
        item, rows = item_of(spec), []
        for place in range(min(spec.get("maxItems", MAX_ROWS), MAX_ROWS)):
            entry = given[place] if place < len(given) else None
            # An entry in which only choices are made counts as none, so they may stand there.
            made = self.control(f"{path}.{place}", item, entry, item.get("type") == "object")
            title = spec.get("title", "") if made.label.isdecimal() else made.label
            inner = made.children or (replace(made, label=words.entry(path, place, title)),)
            rows.append(Row(place + 1, tuple(_in_a_row(child) for child in inner)))
        return tuple(rows)

    def _placeholder(self, name: str, spec: Schema) -> str:
        if name in ("prompt", "text") and self.schema["properties"].get(name) is spec:
            return words.PLACEHOLDERS.get(self.operation.name, "")
        return str(spec["default"]) if spec.get("type") == "number" and "default" in spec else ""


def _in_a_row(child: Control) -> Control:
    """Many rows say the same, so only what cannot be guessed is said."""
    return child if child.kind in ("points", "number") else replace(child, help="")


def _is_shown(spec: Schema, siblings: Mapping[str, Schema], value: Any) -> bool:
    """One thing is asked for once: as a file, where a field beside it takes the id of the same."""
    if is_silent(spec):
        return False
    is_foreign_id = isinstance(value, str) and value != "" and not is_held(value)
    return is_foreign_id or not is_stood_in_for(spec, siblings)


def kind_of(name: str, spec: Schema, *, required: bool = False) -> Kind:
    simple: dict[str, Kind] = {"boolean": "switch", "object": "group"}
    if spec.get("type") == "array":
        return "points" if is_points(spec) else "rows"
    if "x-media" in spec:
        return "file"
    if "x-source" in spec:
        return "faces" if spec["x-source"] == "session" else "source"
    if spec.get("type") in simple:
        return simple[spec["type"]]
    if choices := choices_of(spec):
        few = len(choices) <= words.MOST_BUTTONS
        is_row = name != "model_name" and few and ("default" in spec or required)
        return "segmented" if is_row else "select"
    is_number = spec.get("type") in ("number", "integer") or "minimum" in spec
    if is_number or name in words.WHOLE_NUMBERS:
        return "number"
    is_long = name.endswith("prompt") or spec.get("maxLength", 0) > LONG_TEXT
    return "textarea" if is_long else "text"


def choices_of(spec: Schema) -> list[str]:
    """The values to choose from, as texts; also of a whole number that can be counted on hands."""
    if "enum" in spec:
        return [str(value) for value in spec["enum"]]
    if spec.get("type") != "integer" or not {"default", "minimum", "maximum"} <= spec.keys():
        return []
    values = range(int(spec["minimum"]), int(spec["maximum"]) + 1)
    return [str(value) for value in values] if len(values) <= words.MOST_BUTTONS else []


def _help(name: str, spec: Schema) -> str:
    # “As text; a number is understood too” is for programs.
    described = str(spec.get("description", ""))
    is_program_talk = "enum" in spec and name in words.UNITS
    return "" if is_program_talk or name in words.SELF_EVIDENT else described


def _text(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return "true" if value else ""
    return str(value)
