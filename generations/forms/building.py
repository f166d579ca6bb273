"""From a schema, values and errors to the controls of a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from generations.forms import words
from generations.forms.controls import Control, Kind, Option, Row, Section
from generations.forms.reading import MAX_ROWS, PREFIX
from kling.errors import FieldError
from kling.operations.base import Facts, Operation

Schema = Mapping[str, Any]
LONG_TEXT = 200  # characters from which a text gets more than one line


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
    def texts(self) -> list[Control]:
        return [control for control in self.controls if control.kind == "textarea"]

    @property
    def settings(self) -> list[Control]:
        return [control for control in self.controls if control.kind != "textarea"]


def build(
    operation: Operation,
    schema: Schema,
    values: Mapping[str, Any],
    errors: Iterable[FieldError] = (),
) -> StudioForm:
    """The form of `operation` holding `values`, each error beside its field."""
    builder = _Builder(operation, schema, tuple(errors))
    made = builder.controls(values)
    basic = [control for control in made if not _is_advanced(schema, control)]
    folded = [control for control in made if _is_advanced(schema, control)]
    titles = [title for title in (words.SHOTS, words.MORE) if _in(title, folded)]
    return StudioForm(
        operation=operation,
        controls=tuple(basic),
        sections=tuple(Section(title, tuple(_in(title, folded))) for title in titles),
        capabilities=list(schema.get("x-models", ())),
        problems=tuple(builder.problems(made)),
    )


def _is_advanced(schema: Schema, control: Control) -> bool:
    return bool(schema["properties"][_field(control)]["x-advanced"])


def _in(title: str, controls: list[Control]) -> list[Control]:
    return [item for item in controls if words.SECTIONS.get(_field(item), words.MORE) == title]


def _field(control: Control) -> str:
    return control.key.partition(".")[0]


@dataclass(frozen=True)
class _Builder:
    operation: Operation
    schema: Schema
    errors: tuple[FieldError, ...]

    @cached_property
    def facts(self) -> Mapping[str, Facts]:
        return self.operation.Input.facts()

    def controls(self, values: Mapping[str, Any]) -> list[Control]:
        fields = sorted(self.schema["properties"].items(), key=lambda item: item[1]["x-order"])
        return [
            self.control(f"{PREFIX}.{name}", spec, values.get(name), name in self.required)
            for name, spec in fields
            if self._can_be_used(name)
        ]

    @cached_property
    def required(self) -> frozenset[str]:
        return frozenset(self.schema["required"])

    def _can_be_used(self, name: str) -> bool:
        """A field that none of the models on offer takes would only be refused."""
        feature = self.facts[name].feature
        models = self.schema.get("x-models")
        return not (feature and models) or any(feature in model["features"] for model in models)

    def control(self, path: str, spec: Schema, value: Any, required: bool = False) -> Control:
        name, kind = path.rpartition(".")[2], _kind(path.rpartition(".")[2], spec)
        if kind == "group" and len(spec["properties"]) == 1:
            [(inner, only)] = spec["properties"].items()
            found = value.get(inner) if isinstance(value, Mapping) else None
            return self.control(f"{path}.{inner}", only, found)
        return Control(
            kind=kind,
            name=path,
            label=spec.get("title", name),
            help=_help(name, spec),
            value=_text(value),
            is_required=required,
            options=self._options(name, spec, value) if "enum" in spec else (),
            children=self._children(path, spec, value) if kind == "group" else (),
            rows=self._rows(path, spec, value) if kind == "rows" else (),
            errors=tuple(self._words(error) for error in self.errors if error.field == path),
            limit=spec.get("maxLength") if kind == "textarea" else None,
            minimum=spec.get("minimum", 1 if name in words.WHOLE_NUMBERS else None),
            maximum=spec.get("maximum"),
            step="1" if name in words.WHOLE_NUMBERS and spec["type"] == "string" else "any",
            unit=words.UNITS.get(name, ""),
            placeholder=self._placeholder(name, spec),
            feature=getattr(self.facts.get(path.removeprefix(f"{PREFIX}.")), "feature", "") or "",
            needs=words.NEEDS.get(path),
            yields_to=words.YIELDS.get(path),
            is_changed=value not in (None, "", {}, [], spec.get("default")),
        )

    def _options(self, name: str, spec: Schema, value: Any) -> tuple[Option, ...]:
        chosen = _text(value if value is not None else spec.get("default"))
        titles = {model["name"]: model["title"] for model in self.schema.get("x-models", ())}
        titles |= words.CHOICES.get(name, {})
        unit = words.UNITS.get(name, "")
        made = [
            Option(text, titles.get(text, f"{text} {unit}".strip()), text == chosen)
            for text in map(str, spec["enum"])
        ]
        if "default" not in spec:
            made.insert(0, Option("", "Not set", not chosen))
        return tuple(made)

    def _children(self, path: str, spec: Schema, value: Any) -> tuple[Control, ...]:
        inner = value if isinstance(value, Mapping) else {}
        return tuple(
            self.control(f"{path}.{name}", item, inner.get(name))
            for name, item in spec["properties"].items()
            if name not in words.AUTOMATIC
        )

    def _rows(self, path: str, spec: Schema, value: Any) -> tuple[Row, ...]:
        given = value if isinstance(value, list) else []
        rows = []
        for place in range(min(spec.get("maxItems", MAX_ROWS), MAX_ROWS)):
            entry = given[place] if place < len(given) else None
            made = self.control(f"{path}.{place}", spec["items"], entry)
            inner = tuple(replace(child, help="") for child in made.children or (made,))
            rows.append(Row(place + 1, inner))
        return tuple(rows)

    def _placeholder(self, name: str, spec: Schema) -> str:
        if name == "prompt" and self.schema["properties"].get("prompt") is spec:
            return words.PLACEHOLDERS.get(self.operation.name, "")
        return str(spec["default"]) if spec.get("type") == "number" and "default" in spec else ""

    def problems(self, made: list[Control]) -> list[Problem]:
        anchors = {inner.name: inner.id for control in made for inner in control.inside()}
        return [
            Problem(self._words(error), anchors.get(error.field, _nearest(error.field, anchors)))
            for error in self.errors
        ]

    def _words(self, error: FieldError) -> str:
        """The message with titles where it has Kling's names of fields."""
        path, message = error.field.removeprefix(f"{PREFIX}."), error.message
        if message.startswith(path):
            message = _label(path, self.schema) + message.removeprefix(path)
        for name, spec in self.schema["properties"].items():
            if "_" in name:
                message = re.sub(rf"\b{name}\b", f"“{spec['title']}”", message)
        for value, title in words.CHOICES["shot_type"].items():
            message = re.sub(rf"\b{value}\b", f"“{title}”", message)
        return message


def _label(path: str, schema: Schema) -> str:
    """“Shots 1, Seconds” of `multi_prompt.0.duration`."""
    label, spec = "", schema
    for part in path.split("."):
        if part.isdigit():
            label, spec = f"{label} {int(part) + 1}", spec.get("items", {})
        else:
            spec = spec.get("properties", {}).get(part, {})
            title = str(spec.get("title", part))
            label = f"{label}, {title}" if label else title
    return label


def _nearest(path: str, anchors: Mapping[str, str]) -> str:
    """The closest field around one that the form does not show."""
    while path and path not in anchors:
        path = path.rpartition(".")[0]
    return anchors.get(path, "")


def _kind(name: str, spec: Schema) -> Kind:
    simple: dict[str, Kind] = {"boolean": "switch", "object": "group", "array": "rows"}
    if spec.get("type") in simple:
        return simple[spec["type"]]
    if "enum" in spec:
        return "segmented" if "default" in spec and name != "model_name" else "select"
    if spec.get("type") in ("number", "integer") or name in words.WHOLE_NUMBERS:
        return "number"
    is_long = name.endswith("prompt") or spec.get("maxLength", 0) > LONG_TEXT
    return "textarea" if is_long else "text"


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
