"""Every answer of the payment sandbox, and every event, against the types of the `stripe` library.

The schemas are made here of the library's response classes, so they are always those of the
version that is installed. An object within another is checked by its own class.
"""

from __future__ import annotations

import importlib
import json
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from jsonschema import Draft202012Validator
from stripe._list_object import ListObject
from stripe._object_classes import OBJECT_CLASSES
from stripe._stripe_object import StripeObject

from billing.sandbox.api import schema

Schema = dict[str, Any]
INHERITED = frozenset(
    name for base in (StripeObject, dict) for name in getattr(base, "__annotations__", {})
)


class Unknown:
    """A type that the library imports for type checkers alone: always another resource."""

    def __class_getitem__(cls, _item: Any) -> type:
        return cls


class Names(dict[str, Any]):
    def __missing__(self, name: str) -> Any:
        return Unknown


def complaints(value: Any) -> list[str]:
    """What is wrong with an answer; empty if nothing is."""
    found = []
    for item in _objects(value):
        for error in validator(item["object"]).iter_errors(item):
            place = ".".join(str(part) for part in error.absolute_path)
            found.append(f"{item['object']}: {place or 'it'}: {error.message[:200]}")
    return found


def _objects(value: Any) -> Iterator[Schema]:
    if isinstance(value, list):
        for item in value:
            yield from _objects(item)
    if isinstance(value, dict):
        if isinstance(value.get("object"), str) and not value.get("deleted"):
            yield value
        for item in value.values():
            yield from _objects(item)


@cache
def validator(kind: str) -> Draft202012Validator:
    if kind == "list":
        fields = {"data": {"type": "array"}, "has_more": {"type": "boolean"}, "url": {}}
        return Draft202012Validator(
            {"type": "object", "properties": fields, "required": [*fields, "object"]}
        )
    module, name = OBJECT_CLASSES[kind]
    return Draft202012Validator(_of_class(getattr(importlib.import_module(module), name)))


def _of_class(cls: type) -> Schema:
    names = Names({**vars(typing), **vars(sys.modules[cls.__module__]), **vars(cls)})
    properties: Schema = {}
    required = []
    for name, hint in get_type_hints(cls, localns=names).items():
        if name in INHERITED or name.startswith("_") or get_origin(hint) is typing.ClassVar:
            continue
        properties[name] = _of(hint)
        if type(None) not in get_args(hint):
            required.append(name)
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _of(hint: Any) -> Schema:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        closed = any(get_origin(one) is Literal for one in arguments)
        return {"anyOf": [_of(one) for one in arguments if not (closed and one is str)]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is list:
        return {"type": "array", "items": _of(arguments[0])}
    if origin is ListObject or origin is dict:
        return {"type": "object"}
    if isinstance(hint, type) and issubclass(hint, StripeObject):
        # A resource of its own is checked where it is found.
        return {"type": "object"} if hasattr(hint, "OBJECT_NAME") else _of_class(hint)
    if origin is not None or hint is Unknown:
        return {"type": "object"}
    return schema.SCALARS.get(hint, {})


def of_request(params: str) -> Schema:
    """The schema by which the sandbox reads a request, in one document."""
    root = schema.of_params(schema.named(params))
    definitions: Schema = {}
    waiting = list(_references(root))
    while waiting:
        reference = waiting.pop()
        name = reference.removeprefix("#/$defs/")
        if name not in definitions:
            definitions[name] = schema.resolved({"$ref": reference})
            waiting += _references(definitions[name])
    return {**root, "$defs": definitions}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for item in value.values():
            yield from _references(item)


class Checked:
    """The sandbox's application, with each exchange of its API looked at."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application
        self.complaints: list[str] = []

    def __call__(self, environ: Any, start: Any) -> Iterable[bytes]:
        statuses: list[str] = []

        def begin(status: str, headers: Any) -> Any:
            statuses.append(status)
            return start(status, headers)

        content = list(self.application(environ, begin))
        if environ["PATH_INFO"].startswith("/v1/") and statuses[0].startswith(("200", "402")):
            self.complaints += complaints(json.loads(b"".join(content)))
        return content
