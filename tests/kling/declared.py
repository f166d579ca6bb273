"""Wrong and just right inputs, made from what the operations declare.

Each limit gives a case at it and a case one beyond it, each list of values one for every value
and one outside, at every depth. The schema that is published is the source: what it promises,
the check must keep.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kling import operations
from kling.schema import input_schema
from tests.kling.inputs import SMALLEST, TODAY

Schema = Mapping[str, Any]
PICTURE = "https://files.example/picture.png"
OUTSIDE = "no-such-value"


@dataclass(frozen=True)
class Case:
    """An input that is right but for `field`, which is beyond its limit or just at it."""

    operation: str
    dialect: str
    field: str
    what: str
    values: dict[str, Any]
    is_refused: bool

    def __str__(self) -> str:
        return f"{self.operation}-{self.dialect}-{self.field}-{self.what}"


@dataclass(frozen=True)
class _Walk:
    operation: str
    dialect: str

    def case(self, path: tuple[Any, ...], what: str, value: Any, *, refused: bool) -> Case:
        values = _with(self.base(path), path, value)
        field = ".".join(map(str, path))
        return Case(self.operation, self.dialect, field, what, values, refused)

    def base(self, path: tuple[Any, ...]) -> dict[str, Any]:
        """A right input that has everything around the field that will be changed."""
        values = copy.deepcopy(SMALLEST[self.operation])
        if len(path) > 1 and not _has(values, path[:-1]):
            schema = input_schema(self.operation, self.dialect, today=TODAY)["properties"]
            values[path[0]] = _around(schema[path[0]], path[1:])
        return values

    def cases(self, path: tuple[Any, ...], schema: Schema) -> Iterator[Case]:
        yield from self.wrong_types(path, schema)
        kind = schema.get("type")
        if "enum" in schema:
            yield from self.values(path, schema)
        elif kind == "string":
            yield from self.lengths(path, schema)
        elif kind in ("number", "integer"):
            yield from self.bounds(path, schema)
        elif kind == "array":
            yield from self.lists(path, schema)
        elif kind == "object":
            yield from self.objects(path, schema)

    def wrong_types(self, path: tuple[Any, ...], schema: Schema) -> Iterator[Case]:
        wrong: dict[str, Any] = {
            "string": {"a": 1},
            "number": "many",
            "integer": "many",
            "boolean": "perhaps",
            "array": "one",
            "object": "one",
        }
        kind = schema.get("type", "")
        if kind in wrong:
            yield self.case(path, "wrong type", wrong[kind], refused=True)

    def values(self, path: tuple[Any, ...], schema: Schema) -> Iterator[Case]:
        for value in schema["enum"]:
            yield self.case(path, f"value {value}", value, refused=False)
        yield self.case(path, "value outside", OUTSIDE, refused=True)

    def lengths(self, path: tuple[Any, ...], schema: Schema) -> Iterator[Case]:
        longest = schema.get("maxLength")
        if longest is None or "x-media" in schema:
            return
        yield self.case(path, "longest", "x" * longest, refused=False)
        yield self.case(path, "too long", "x" * (longest + 1), refused=True)

    def bounds(self, path: tuple[Any, ...], schema: Schema) -> Iterator[Case]:
        step = 1 if schema["type"] == "integer" else 0.1
        for name, beyond in (("minimum", -step), ("maximum", step)):
            if name in schema:
                yield self.case(path, name, schema[name], refused=False)
                value = round(schema[name] + beyond, 3)
                yield self.case(path, f"beyond {name}", value, refused=True)

    def lists(self, path: tuple[Any, ...], schema: Schema) -> Iterator[Case]:
        entry = entry_of(schema)
        item = sample(entry)
        most = schema.get("maxItems")
        if most is not None:
            yield self.case(path, "most", [item] * most, refused=False)
            yield self.case(path, "too many", [item] * (most + 1), refused=True)
        yield from self.cases((*path, 0), entry)

    def objects(self, path: tuple[Any, ...], schema: Schema) -> Iterator[Case]:
        whole = sample(schema)
        yield self.case(path, "unknown part", {**whole, "surprise": 1}, refused=True)
        for name in schema.get("required", ()):
            without = {key: value for key, value in whole.items() if key != name}
            yield self.case(path, f"without {name}", without, refused=True)
        for name, part in schema["properties"].items():
            yield from self.cases((*path, name), part)


def cases(operation: str, dialect: str) -> Iterator[Case]:
    """Every case of an operation through a dialect."""
    schema = input_schema(operation, dialect, today=TODAY)
    walk = _Walk(operation, dialect)
    for name, part in schema["properties"].items():
        yield from walk.cases((name,), part)
    for name in schema["required"]:
        values = {key: value for key, value in SMALLEST[operation].items() if key != name}
        yield Case(operation, dialect, name, "left out", values, True)
    everywhere = input_schema(operation, today=TODAY)["properties"]
    for name in everywhere.keys() - schema["properties"].keys():
        values = {**SMALLEST[operation], name: sample(everywhere[name])}
        yield Case(operation, dialect, name, "not documented here", values, True)
    values = {**SMALLEST[operation], "surprise": 1}
    yield Case(operation, dialect, "surprise", "unknown field", values, True)


def with_field(operation: str, dialect: str, path: tuple[Any, ...]) -> dict[str, Any]:
    """An input that has a file at `path`."""
    return _with(_Walk(operation, dialect).base(path), path, PICTURE)


def sample(schema: Schema) -> Any:
    """A value that the schema allows."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        names = schema.get("required") or list(schema["properties"])[:1]
        return {name: sample(schema["properties"][name]) for name in names}
    if kind == "array":
        return [sample(entry_of(schema))] * max(1, schema.get("minItems", 1))
    if kind == "boolean":
        return True
    if kind in ("number", "integer"):
        return schema.get("minimum", 1)
    return PICTURE if "x-media" in schema else "5"


def entry_of(schema: Schema) -> Schema:
    """What a list takes; a list of files carries the mark for its entries."""
    marks = {"x-media": schema["x-media"]} if "x-media" in schema else {}
    return {**schema["items"], **marks}


def _around(schema: Schema, path: tuple[Any, ...]) -> Any:
    """A sample that has whatever holds the end of `path`."""
    whole = sample(schema)
    if len(path) > 1:
        inner = schema["items"] if path[0] == 0 else schema["properties"][path[0]]
        whole[path[0]] = _around(inner, path[1:])
    return whole


def declared() -> list[tuple[str, str]]:
    return [(one.name, dialect) for one in operations.all_operations() for dialect in one.dialects]


def _has(values: Any, path: tuple[Any, ...]) -> bool:
    for part in path:
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def _with(values: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    holder: Any = values
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value
    return values
