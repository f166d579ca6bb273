"""From what a browser sends to the `input` of a request, and back to what a form starts with.

Reads, does not judge: a text that should be a number stays a text, so that the one check of
`kling.requests.parse` names it, and so that the person finds it again as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from generations.forms import words
from generations.forms.places import MAX_ROWS, item_of, planted
from kling.media import is_held

Schema = Mapping[str, Any]
Sent = Mapping[str, str]

PREFIX = "input"
MAX_POINTS = 100
_NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,6})?")


def read(schema: Schema, sent: Sent) -> dict[str, Any]:
    """The values of a sent form, under Kling's names; what is empty is left out."""
    values = _read_object(schema, sent, PREFIX)
    return _without_what_the_model_lacks(schema, values)


def wanted(values: Mapping[str, Any]) -> dict[str, Any]:
    """Of a form's values, those to ask for: without what was set aside for something else."""
    kept = {name: value for name, value in values.items() if not _is_set_aside(name, values)}
    return _with_one_source(kept)


def _with_one_source(values: dict[str, Any]) -> dict[str, Any]:
    """The faces that were found, if one of them is chosen; else the video, with any face."""
    if "session_id" not in values:
        return values
    choices = values.get("face_choose") or []
    is_chosen = any("face_id" in choice for choice in choices)
    left_out = "video_url" if is_chosen else "session_id"
    return {name: value for name, value in values.items() if name != left_out}


def _is_set_aside(name: str, values: Mapping[str, Any]) -> bool:
    other, choices = words.YIELDS.get(f"{PREFIX}.{name}", ("", ""))
    return bool(other) and values.get(other.removeprefix(f"{PREFIX}.")) in choices.split("|")


def starting_values(schema: Schema) -> dict[str, Any]:
    """What a fresh form holds: the defaults, and an example where a value must stand."""
    values = {}
    for name, field in schema["properties"].items():
        if name in words.STARTS:
            values[name] = words.STARTS[name]
        elif "default" in field:
            values[name] = field["default"]
        elif name in schema["required"] and "examples" in field:
            values[name] = field["examples"][0]
        elif name in schema["required"] and "enum" in field:
            values[name] = field["enum"][0]
    return values


def known_values(schema: Schema, past: Mapping[str, Any]) -> dict[str, Any]:
    """Of an earlier request, what this form has a field for, each file in its file field."""
    fields, values = schema["properties"], {}
    for name, value in past.items():
        beside = fields.get(name, {}).get("x-file-field")
        if beside in fields and isinstance(value, str) and is_held(value):
            values[beside] = value
        elif name in fields:
            values[name] = _known(fields[name], value)
    return values


def _known(field: Schema, value: Any) -> Any:
    if field.get("type") == "object" and isinstance(value, Mapping):
        return known_values(field, value)
    if field.get("type") == "array" and isinstance(value, list):
        return [_known(item_of(field), entry) for entry in value]
    return value


def with_piece(schema: Schema, values: Mapping[str, Any], path: str, value: str) -> dict[str, Any]:
    """`values` with a file or a result in the field at `path`, and what it needs beside it."""
    made = {**values, **planted(path, value)}
    name = path.partition(".")[0]
    for field, wanted_by in words.NEEDS.items():
        other, choice = wanted_by[0].removeprefix(f"{PREFIX}."), wanted_by[1].partition("|")[0]
        is_choice = choice in schema["properties"].get(other, {}).get("enum", ())
        if field == f"{PREFIX}.{name}" and is_choice:
            made[other] = choice
    return made


def _read_object(schema: Schema, sent: Sent, path: str) -> dict[str, Any]:
    values = {}
    for name, field in schema["properties"].items():
        if name in words.AUTOMATIC:
            continue
        value = _read_field(field, sent, f"{path}.{name}")
        if value not in (None, "", {}, []):
            values[name] = value
    return values


def _read_field(field: Schema, sent: Sent, path: str) -> Any:
    kind = field.get("type")
    if kind == "object":
        return _read_object(field, sent, path)
    if kind == "array":
        return _read_points(sent, path) if is_points(field) else _read_rows(field, sent, path)
    text = sent.get(path)
    if kind == "boolean":
        # A box that is not ticked is not sent at all.
        return True if text else (False if field.get("default") else None)
    if text is None:
        return None
    if kind in ("number", "integer"):
        return _number(text.strip())
    # Browsers send two characters for a line break, people count one.
    return text.replace("\r\n", "\n")


def _read_rows(field: Schema, sent: Sent, path: str) -> list[Any]:
    item = item_of(field)
    places = range(min(field.get("maxItems", MAX_ROWS), MAX_ROWS))
    if item.get("type") == "object":
        rows = [_read_object(item, sent, f"{path}.{place}") for place in places]
    else:
        rows = [_read_field(item, sent, f"{path}.{place}") for place in places]
    return [row for row in rows if row not in (None, "", {}) and not _is_empty(item, row)]


def _is_empty(item: Schema, row: Any) -> bool:
    """A row in which only choices are made, as a row of buttons always has one, is no entry."""
    fields = item.get("properties", {})
    asked = {name for name, field in fields.items() if "enum" not in field}
    return bool(asked) and isinstance(row, dict) and not asked & row.keys()


def is_points(field: Schema) -> bool:
    """A list of points, which a form takes as one text: `10,20 30,40`."""
    return set(field.get("items", {}).get("properties", ())) == {"x", "y"}


def points_text(value: Any) -> str:
    rows = value if isinstance(value, list) else []
    return " ".join(f"{row.get('x')},{row.get('y')}" for row in rows if isinstance(row, Mapping))


def _read_points(sent: Sent, path: str) -> list[Any]:
    points = []
    for part in sent.get(path, "").split()[:MAX_POINTS]:
        across, _, up = part.partition(",")
        points.append({"x": _number(across), "y": _number(up)})
    return points


def _number(text: str) -> int | float | str:
    if not _NUMBER.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)


def _without_what_the_model_lacks(schema: Schema, values: dict[str, Any]) -> dict[str, Any]:
    """Some models have one quality and no choice, but a row of buttons always sends one."""
    chosen = values.get("model_name")
    for model in schema.get("x-models", ()):
        if model["name"] != chosen:
            continue
        lists = {"mode": model["modes"], "duration": model["durations"], **model["choices"]}
        empty = {name for name, allowed in lists.items() if not allowed}
        return {name: value for name, value in values.items() if name not in empty}
    return values
