"""JSON Schema of an operation's input, for OpenAPI, the web form and GET /operations.

Generated from the same declarations that validate, so the three cannot disagree. ``x-order``
and ``x-advanced`` say where a form shows a field, ``x-models`` what each model can do,
``x-media`` marks a field that takes a file and says which, ``x-source`` one that takes an id of
an earlier result, ``x-presets`` ids that Kling has to offer there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from annotated_types import Ge, Le
from pydantic import BaseModel

from kling import catalogue, dialects, operations
from kling.capabilities import Scope
from kling.catalogue import Catalogue, Feature, Model
from kling.operations.base import Facts, Operation


def input_schema(
    operation: Operation | str,
    dialect: str | Sequence[str] | None = None,
    *,
    models: Catalogue | None = None,
    today: date | None = None,
) -> dict[str, Any]:
    """The schema for one dialect, or the widest that any of these, or of all, takes.

    An object of JSON Schema 2020-12, without ``$ref``. Seconds of video are text in it, as on
    the wire; a number is accepted as well.
    """
    if isinstance(operation, str):
        operation = operations.get(operation)
    names = (dialect,) if isinstance(dialect, str) else dialect or operation.dialects
    day = today or datetime.now(UTC).date()
    using = models or catalogue.default()
    scopes = [Scope(operation, dialects.get(name), using, day) for name in names]
    bare = _bare(operation.Input)
    properties = {
        name: _property(bare["properties"][name], name, facts, scopes)
        for name, facts in operation.Input.facts().items()
        if any(scope.dialect.name not in facts.absent_on for scope in scopes)
    }
    schema = {
        "type": "object",
        "title": operation.title,
        "description": operation.description,
        "additionalProperties": False,
        "properties": properties,
        "required": list(bare.get("required", ())),
    }
    if operation.has_models:
        schema["x-models"] = _models(scopes, properties)
    return schema


@lru_cache(maxsize=64)
def _bare(declared: type[BaseModel]) -> dict[str, Any]:
    """What pydantic says of the declaration, which never changes; to be copied, not altered."""
    raw = declared.model_json_schema()
    bare: dict[str, Any] = _inlined(raw, raw.get("$defs", {}))
    return bare


# What pydantic writes for a bound of a number that it converts first.
BOUNDS = {"ge": "minimum", "le": "maximum"}


def _inlined(node: Any, definitions: dict[str, Any]) -> Any:
    """Without ``$ref`` and without "or null": a form and a reader want the thing itself."""
    if isinstance(node, list):
        return [_inlined(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = definitions[node["$ref"].rsplit("/", 1)[-1]]
        rest = {key: value for key, value in node.items() if key != "$ref"}
        return _inlined(target | rest, definitions)
    node = {BOUNDS.get(key, key): value for key, value in node.items()}
    options = [option for option in node.get("anyOf", ()) if option != {"type": "null"}]
    if options == [{"type": "integer"}, {"type": "number"}]:
        options = options[1:]
    if len(options) == 1:
        rest = {key: value for key, value in node.items() if key != "anyOf"}
        if rest.get("default", ...) is None:
            del rest["default"]
        return _inlined(options[0] | rest, definitions)
    return {key: _inlined(value, definitions) for key, value in node.items() if key != "$defs"}


def _property(bare: dict[str, Any], name: str, facts: Facts, scopes: list[Scope]) -> dict[str, Any]:
    live = [scope for scope in scopes if scope.dialect.name not in facts.absent_on]
    schema: dict[str, Any] = _with_files(bare, [scope.dialect.name for scope in live])
    schema.update(title=facts.title, description=facts.description)
    schema["x-order"], schema["x-advanced"] = facts.order, facts.advanced
    schema.pop("default", None)
    schema |= _bounds(scopes[0].operation, name)
    if facts.default is not None:
        schema["default"] = facts.default
    if facts.example is not None:
        schema["examples"] = [facts.example]
    _narrow(schema, name, facts, live)
    return schema


def _with_files(node: Any, names: list[str]) -> Any:
    """A copy in which files are what the pages of these dialects say; the widest where two differ.

    What stands with a field is the widest of all pages.
    """
    if isinstance(node, list):
        return [_with_files(item, names) for item in node]
    if not isinstance(node, dict):
        return node
    copied = {key: _with_files(value, names) for key, value in node.items()}
    through = copied.pop("x-media-through", {})
    narrower = [through.get(name) for name in names]
    if any(narrower) and all(one == narrower[0] for one in narrower):
        copied["x-media"] = narrower[0]
    return copied


def _bounds(operation: Operation, name: str) -> dict[str, float]:
    """Numeric bounds, which pydantic leaves out of the schema of a converted number."""
    bounds: dict[str, Any] = {}
    for item in operation.Input.model_fields[name].metadata:
        if isinstance(item, Ge):
            bounds["minimum"] = item.ge
        elif isinstance(item, Le):
            bounds["maximum"] = item.le
    return bounds


def _narrow(schema: dict[str, Any], name: str, facts: Facts, scopes: list[Scope]) -> None:
    limits = [facts.limit(scope.dialect.name) for scope in scopes]
    lengths = [limit.max_length for limit in limits]
    if "maxLength" in schema and all(length is not None for length in lengths):
        schema["maxLength"] = max(length for length in lengths if length is not None)
    choices = [limit.choices for limit in limits]
    if all(options is not None for options in choices):
        wanted = {option for options in choices for option in options or ()}
        order = schema.get("enum") or sorted(wanted, key=_numbers_first)
        schema["enum"] = [option for option in order if option in wanted]
    if facts.listed_in:
        schema["enum"] = list(scopes[0].listed(facts))
        schema.pop("maxLength", None)
    if name == "model_name":
        schema["enum"] = [model.name for model in _offered(scopes)]
        defaults = {scope.default_model() for scope in scopes} - {None}
        if len(defaults) == 1:
            schema["default"] = defaults.pop()


def _numbers_first(text: str) -> tuple[int, str]:
    return (int(text), "") if text.isdecimal() else (10_000, text)


def _offered(scopes: list[Scope]) -> list[Model]:
    """Models that any of the scopes offers, in the order of the catalogue."""
    models = scopes[0].catalogue.models_of(scopes[0].operation.name)
    return [
        model
        for model in models
        if any(model.is_offered(scope.dialect.name, scope.today) for scope in scopes)
    ]


def _models(scopes: list[Scope], properties: dict[str, Any]) -> list[dict[str, Any]]:
    return [_model(model, scopes, properties) for model in _offered(scopes)]


def _model(model: Model, scopes: list[Scope], properties: dict[str, Any]) -> dict[str, Any]:
    """What a form needs to know about a model: which fields and values go with it."""
    live = [scope for scope in scopes if model.is_offered(scope.dialect.name, scope.today)]
    fields = scopes[0].operation.Input.facts()
    needed = {facts.feature for name, facts in fields.items() if name in properties}
    features = {
        name: _condition(feature) for name, feature in model.features.items() if name in needed
    }
    return {
        "name": model.name,
        "title": model.title,
        "default": any(scope.default_model() == model.name for scope in live),
        "dialects": [scope.dialect.name for scope in live],
        "modes": _values("mode", model, live, fields),
        "durations": _values("duration", model, live, fields),
        "choices": {
            name: _values(name, model, live, fields) for name in model.choices if name in properties
        },
        "sound": "sound" in features,
        "features": features,
        "expected_seconds": scopes[0].catalogue.expected_seconds(model.operation, model),
    }


def _condition(feature: Feature) -> dict[str, list[str]]:
    """Where a feature works; empty means everywhere."""
    sound = None if feature.sound is None else (feature.sound,)
    needs = feature.needs or None
    lists = {"modes": feature.modes, "durations": feature.durations, "sound": sound, "needs": needs}
    return {name: list(map(str, values)) for name, values in lists.items() if values is not None}


def _values(name: str, model: Model, scopes: list[Scope], fields: dict[str, Facts]) -> list[str]:
    """Values of a field with this model, through any of the dialects, in the model's order."""
    if name not in fields:
        return []
    taken = {value for scope in scopes for value in scope.choices(name, fields[name], model) or ()}
    return [value for value in model.choices_of(name) or () if value in taken]
