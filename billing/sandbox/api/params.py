"""Request parameters: `line_items[0][price]=price_1` as nested values, checked by their schema."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from billing.sandbox.api.schema import Schema, resolved
from billing.sandbox.errors import Refused

NAME = re.compile(r"[^\[\]]+")
METADATA_VALUE = re.compile(r"\bmetadata\]?\[")
MOST_METADATA_KEYS = 50
LONGEST_METADATA_KEY = 40
LONGEST_METADATA_VALUE = 500
LONGEST_TEXT = 5000


def nested(encoded: str) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        path = NAME.findall(name)
        if not path:
            raise Refused("Invalid request parameters.")
        place = result
        for part in path[:-1]:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise Refused(f"Invalid {name}.", param=name)
        place[path[-1]] = value
    return result


def read(value: Any, schema: Schema, name: str = "") -> Any:
    """The value in its JSON type. `name` is how Stripe's `param` writes the place.

    Raises Refused at the first thing that the schema does not allow.
    """
    schema = resolved(schema)
    if "anyOf" in schema:
        return _read_any(value, schema["anyOf"], name)
    if "enum" in schema:
        return _read_choice(value, schema["enum"], name)
    return READERS[schema.get("type", "")](value, schema, name)


def _read_any(value: Any, schemas: list[Schema], name: str) -> Any:
    fitting = [one for one in schemas if _is_object(one) == isinstance(value, dict)] or schemas
    for schema in fitting[:-1]:
        try:
            return read(value, schema, name)
        except Refused:
            continue
    return read(value, fitting[-1], name)


def _is_object(schema: Schema) -> bool:
    return resolved(schema).get("type") in ("object", "array")


def _read_choice(value: Any, choices: list[Any], name: str) -> Any:
    if value not in choices:
        allowed = ", ".join(str(choice) for choice in choices)
        raise Refused(f"Invalid {name}: must be one of {allowed}", param=name)
    return value


def _read_object(value: Any, schema: Schema, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refused("Invalid object", param=name)
    properties = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    for key in schema.get("required", []):
        if key not in value:
            param = inside(name, key)
            raise Refused(
                f"Missing required param: {param}.", code="parameter_missing", param=param
            )
    result = {}
    for key, item in value.items():
        param = inside(name, key)
        if key not in properties and not isinstance(others, dict):
            raise Refused(
                f"Received unknown parameter: {param}", code="parameter_unknown", param=param
            )
        result[key] = read(item, properties.get(key, others), param)
        if key == "metadata":
            _check_metadata(result[key], param)
    return result


def _read_array(value: Any, schema: Schema, name: str) -> list[Any]:
    if not isinstance(value, dict) or not all(key.isdigit() for key in value):
        raise Refused("Invalid array", param=name)
    return [read(value[key], schema["items"], f"{name}[{key}]") for key in sorted(value, key=int)]


def _read_text(value: Any, schema: Schema, name: str) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise Refused("Invalid string", param=name)
    # A value of metadata may be empty: that takes its key off.
    if not value and not METADATA_VALUE.search(name):
        raise Refused(
            f"You passed an empty string for '{name}'.", code="parameter_invalid_empty", param=name
        )
    if not re.fullmatch(schema.get("pattern", ".*"), value, re.DOTALL):
        raise Refused(f"Invalid decimal: {value}", param=name)
    return value


def _read_integer(value: Any, _schema: Schema, name: str) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"-?\d{1,18}", value):
        raise Refused(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
    return int(value)


def _read_number(value: Any, _schema: Schema, name: str) -> float:
    if not isinstance(value, str) or not re.fullmatch(r"-?\d{1,12}(\.\d{1,12})?", value):
        raise Refused(f"Invalid number: {value}", param=name)
    return float(value)


def _read_boolean(value: Any, _schema: Schema, name: str) -> bool:
    if value not in ("true", "false"):
        raise Refused(f"Invalid boolean: {value}", param=name)
    return bool(value == "true")


READERS: dict[str, Callable[[Any, Schema, str], Any]] = {
    "object": _read_object,
    "array": _read_array,
    "string": _read_text,
    "integer": _read_integer,
    "number": _read_number,
    "boolean": _read_boolean,
    "": lambda value, _schema, _name: value,
}


def _check_metadata(value: Any, name: str) -> None:
    if not isinstance(value, dict):
        return
    if len(value) > MOST_METADATA_KEYS:
        raise Refused("Metadata can have up to 50 keys.", param=name)
    for key, item in value.items():
        if len(key) > LONGEST_METADATA_KEY or len(item) > LONGEST_METADATA_VALUE:
            raise Refused(
                "Metadata keys can have up to 40 characters, values up to 500.",
                param=f"{name}[{key}]",
            )


def inside(name: str, key: str) -> str:
    return f"{name}[{key}]" if name else key
