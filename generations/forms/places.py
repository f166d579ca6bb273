"""Finding fields in a schema by their path, and the first one that takes a file of a kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generations.forms.pieces import Taking, taking

Schema = Mapping[str, Any]
MAX_ROWS = 10


def inner_fields(spec: Schema) -> Iterator[tuple[str, Schema]]:
    """The fields of an object in the order of its form."""
    fields = spec.get("properties", {}).items()
    yield from sorted(fields, key=lambda item: item[1].get("x-order", 0))


def item_of(spec: Schema) -> Schema:
    """The schema of an entry; what is said of the files of a list, is said of each of them."""
    hints = {name: spec[name] for name in ("x-media", "x-source") if name in spec}
    return {**spec["items"], **hints}


def field_at(schema: Schema, path: str) -> Schema | None:
    """The schema of `image_list.0.image_url`; None where there is no such field."""
    spec: Schema = schema
    for part in path.split("."):
        if spec.get("type") == "array" and part.isdecimal() and len(part) < 3:
            spec = item_of(spec)
        elif part in spec.get("properties", {}):
            spec = spec["properties"][part]
        else:
            return None
    return spec


def taking_at(schema: Schema, path: str) -> Taking | None:
    spec = field_at(schema, path)
    return None if spec is None or spec.get("type") == "array" else taking(spec)


def takers(schema: Schema) -> Iterator[tuple[str, Taking]]:
    """Every field that takes a file or a result, with the path of its first entry."""
    yield from _takers(schema, "")


def _takers(spec: Schema, prefix: str) -> Iterator[tuple[str, Taking]]:
    for name, field in inner_fields(spec):
        yield from _taker(field, f"{prefix}{name}")


def _taker(spec: Schema, path: str) -> Iterator[tuple[str, Taking]]:
    if spec.get("type") == "array":
        yield from _taker(item_of(spec), f"{path}.0")
    elif spec.get("type") == "object":
        yield from _takers(spec, f"{path}.")
    elif (found := taking(spec)) is not None:
        yield path, found


def is_stood_in_for(spec: Schema, siblings: Mapping[str, Schema]) -> bool:
    """An id field beside which a file field takes the same thing."""
    return spec.get("x-file-field") in siblings


def planted(path: str, value: Any) -> dict[str, Any]:
    """`{"image_list": [{"image_url": value}]}` of `image_list.0.image_url`."""
    made = value
    for part in reversed(path.split(".")):
        made = [made] if part.isdecimal() else {part: made}
    return dict(made)
