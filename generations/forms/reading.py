"""From what a browser sends to the `input` of a request, and back to what a form starts with.

Reads, does not judge: a text that should be a number stays a text, so that the one check of
`kling.requests.parse` names it, and so that the person finds it again as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from generations.forms import words

Schema = Mapping[str, Any]
Sent = Mapping[str, str]

PREFIX = "input"
MAX_ROWS = 10
_NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,6})?")


def read(schema: Schema, sent: Sent) -> dict[str, Any]:
    """The values of a sent form, under Kling's names; what is empty is left out."""
    values = _read_object(schema, sent, PREFIX)
    return _without_what_the_model_lacks(schema, values)


def wanted(values: Mapping[str, Any]) -> dict[str, Any]:
    """Of a form's values, those to ask for: without what was set aside for something else."""
    return {name: value for name, value in values.items() if not _is_set_aside(name, values)}


def _is_set_aside(name: str, values: Mapping[str, Any]) -> bool:
    other, value = words.YIELDS.get(f"{PREFIX}.{name}", ("", ""))
    return bool(other) and values.get(other.removeprefix(f"{PREFIX}.")) == value


def starting_values(schema: Schema) -> dict[str, Any]:
    """What a fresh form holds: the defaults, and an example where a value must stand."""
    values = {}
    for name, field in schema["properties"].items():
        if "default" in field:
            values[name] = field["default"]
        elif name in schema["required"] and "examples" in field:
            values[name] = field["examples"][0]
    return values


def known_values(schema: Schema, past: Mapping[str, Any]) -> dict[str, Any]:
    """Of an earlier request, what this form has a field for."""
    return {name: value for name, value in past.items() if name in schema["properties"]}


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
        return _read_rows(field, sent, path)
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
    item = field["items"]
    places = range(min(field.get("maxItems", MAX_ROWS), MAX_ROWS))
    if item.get("type") == "object":
        rows = [_read_object(item, sent, f"{path}.{place}") for place in places]
    else:
        rows = [_read_field(item, sent, f"{path}.{place}") for place in places]
    return [row for row in rows if row not in (None, "", {})]


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
