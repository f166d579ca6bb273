"""What every provider takes, as tables of Markdown made from the declarations.

``python -m kling.reference docs/operations.md`` writes them between the two marks of that file;
a test compares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from kling import catalogue, dialects, operations
from kling.catalogue import Catalogue, Feature, Model, Rate
from kling.dialects import Dialect
from kling.media import MEGABYTE, NAMES
from kling.operations.base import Operation
from kling.schema import input_schema

BEGIN, END = "<!-- made from the declarations: begin -->", "<!-- end -->"
NOT_TAKEN = "–"
# Models are listed with their dates, so the tables do not change from one day to the next.
NO_DAY = date(2000, 1, 1)
Schema = Mapping[str, Any]
# Limits of a file, and how they are read.
_MEASURES = (
    ("side", "pixels a side"),
    ("ratio", "wide to high"),
    ("seconds", "s"),
    ("frame_rate", "frames a second"),
)


def markdown(models: Catalogue | None = None) -> str:
    """The tables of all operations, in the order of the registry."""
    using = models or catalogue.default()
    parts = [_overview(using)]
    parts += [_section(operation, using) for operation in operations.all_operations()]
    return "\n\n".join(parts) + "\n"


def inserted(document: str) -> str:
    """``document`` with the tables between its marks. Raises ValueError without marks."""
    head, begin, rest = document.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"The document has no {BEGIN} … {END}.")
    return f"{head}{BEGIN}\n\n{markdown()}\n{END}{tail}"


def _overview(using: Catalogue) -> str:
    rows = [
        [
            f"[`{one.name}`](#{one.name})" + _aside(one),
            f"`{one.path}`",
            *(_offered(one, dialect, using) for dialect in dialects.all_dialects()),
            _price(using, one),
        ]
        for one in operations.all_operations()
    ]
    titles = [dialect.title for dialect in dialects.all_dialects()]
    return _table(["operation", "path", *titles, "price"], rows)


def _aside(operation: Operation) -> str:
    if operation.is_step:
        return " (a step)"
    return "" if operation.listed else " (only at `/kling/v1`)"


def _offered(operation: Operation, dialect: Dialect, using: Catalogue) -> str:
    if not dialect.serves(operation):
        return NOT_TAKEN
    models = [m for m in using.models_of(operation.name) if dialect.name in m.dialects]
    return ", ".join(_dated(model, dialect) for model in models) or "yes"


def _dated(model: Model, dialect: Dialect) -> str:
    retired = model.retired_at.get(dialect.name)
    return f"~~{model.name}~~ ({retired})" if retired else model.name


def _price(using: Catalogue, operation: Operation) -> str:
    entry = using.entry(operation.name)
    if entry.priced_by == "operator":
        return f"set by the operator, per {entry.per}"
    return f"{entry.unit_type} units per {entry.per}"


def _section(operation: Operation, using: Catalogue) -> str:
    parts = [f"### {operation.name}", operation.description, _fields(operation, using)]
    models = using.models_of(operation.name)
    entry = using.entry(operation.name)
    if models:
        rows = [[_names(m), *_abilities(m), _rates(m.rates)] for m in models]
        parts.append(_table(["model", "modes", "seconds", "can do", "units"], rows))
    elif entry.rates:
        parts.append(f"Units per {entry.per}: {_rates(entry.rates)}.")
    return "\n\n".join(parts)


def _fields(operation: Operation, using: Catalogue) -> str:
    served = [one for one in dialects.all_dialects() if one.serves(operation)]
    schemas = [input_schema(operation, one.name, models=using, today=NO_DAY) for one in served]
    rows = []
    for name in operation.Input.model_fields:
        if not any(name in schema["properties"] for schema in schemas):
            continue
        fields = [schema["properties"].get(name) for schema in schemas]
        cells = [_cell(name, field) for field in fields]
        rows.append([_named(name, schemas[0]), *cells])
        rows += _parts(name, fields)
    return _table(["field", *(one.title for one in served)], rows)


def _named(path: str, holder: Schema) -> str:
    """The field in code type; `holder` is the schema of what it stands in."""
    required = path.rpartition(".")[2] in holder.get("required", ())
    return f"`{path}`" + (" (required)" if required else "")


def _parts(path: str, schemas: list[Schema | None]) -> Iterator[list[str]]:
    """Rows for what stands inside a field, of which there is one schema for each provider."""
    found = next(schema for schema in schemas if schema is not None)
    if "items" in found:
        found, path = found["items"], f"{path}[]"
        schemas = [schema and schema["items"] for schema in schemas]
    for name in found.get("properties", {}):
        full = f"{path}.{name}"
        inner = [schema and schema["properties"][name] for schema in schemas]
        yield [_named(full, found), *(_cell(full, schema) for schema in inner)]
        yield from _parts(full, inner)


def _cell(name: str, schema: Schema | None) -> str:
    if schema is None:
        return NOT_TAKEN
    if name == "model_name":
        return "see below"
    words = [_kind(schema)]
    if "default" in schema:
        words.append(f"default {_value(schema['default'])}")
    return ", ".join(word for word in words if word)


def _kind(schema: Schema) -> str:
    if "x-media" in schema:
        return _file(schema)
    if "x-source" in schema:
        return _source(schema)
    if "enum" in schema:
        return _choices(schema["enum"])
    if schema["type"] == "array":
        return f"list of {_count(schema)}"
    if schema["type"] == "string":
        return f"text ≤ {schema['maxLength']}" if "maxLength" in schema else "text"
    if schema["type"] in ("number", "integer"):
        return _range(schema)
    return {"boolean": "true or false", "object": "object"}[schema["type"]]


def _source(schema: Schema) -> str:
    noun = schema["x-source"]
    words = f"id of {'an' if noun[0] in 'aeiou' else 'a'} {noun}"
    presets = schema.get("x-presets", ())
    known = [f"{one['id']} ({', '.join(one['languages'])})" for one in presets]
    return f"{words}, such as {' · '.join(known)}" if known else words


def _file(schema: Schema) -> str:
    about = schema["x-media"]
    types = "/".join(NAMES[one] for one in about["types"])
    many = f"{_count(schema)} × " if schema["type"] == "array" else ""
    words = [f"{many}{about['kind']}: {types}", f"≤ {about['max_bytes'] // MEGABYTE} MB"]
    for name, noun in _MEASURES:
        least, most = about.get(f"min_{name}"), about.get(f"max_{name}")
        if least is not None and most is not None:
            words.append(f"{least:g}–{most:g} {noun}")
        elif least is not None or most is not None:
            words.append(f"{'≥' if most is None else '≤'} {least or most:g} {noun}")
    return ", ".join(words)


def _choices(values: list[Any]) -> str:
    if len(values) > 12 and not all(str(value).isdecimal() for value in values):
        return f"one of {len(values)}, for example {_value(values[0])}"
    numbers = [int(value) for value in values if str(value).isdecimal()]
    if len(numbers) == len(values) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]}–{numbers[-1]}"
    return " · ".join(map(_value, values))


def _count(schema: Schema) -> str:
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    return f"{least} or more" if most is None else f"{least}–{most}" if least != most else f"{most}"


def _range(schema: Schema) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    noun = "whole number" if schema["type"] == "integer" else "number"
    if least is None and most is None:
        return noun
    return f"{noun} {least}–{most}" if most is not None else f"{noun} from {least}"


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _names(model: Model) -> str:
    others = [
        f"{' · '.join(names)} at {dialects.get(dialect).title}"
        for dialect, names in model.also_named.items()
    ]
    return f"`{model.name}`" + (f" ({', '.join(others)})" if others else "")


def _abilities(model: Model) -> list[str]:
    seconds = _choices(list(map(str, model.durations))) if model.durations else NOT_TAKEN
    can_do = [f"`{name}`{_where(feature)}" for name, feature in model.features.items()]
    can_do += [f"`{name}`: {' · '.join(values)}" for name, values in model.choices.items()]
    return [" · ".join(model.modes) or NOT_TAKEN, seconds, ", ".join(can_do) or NOT_TAKEN]


def _where(feature: Feature) -> str:
    words = [*(feature.modes or ()), *(f"{one} s" for one in feature.durations or ())]
    words += [f"sound {feature.sound}"] if feature.sound else []
    words += [f"with `{needed}`" for needed in feature.needs]
    words += ["always"] if feature.required else []
    return f" ({', '.join(words)})" if words else ""


def _rates(rates: tuple[Rate, ...]) -> str:
    return ", ".join(f"{_condition(row)}{row.units}" for row in rates)


def _condition(row: Rate) -> str:
    words = [
        name if value == "on" else f"no {name}" if value == "off" else value
        for name, value in row.when.items()
    ]
    return f"{' '.join(words)} " if words else ""


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(arguments: list[str]) -> int:
    file = Path(arguments[0])
    file.write_text(inserted(file.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
