"""JSON Schema made of the types of the installed `stripe` library.

The library is generated from Stripe's own description of the API, so its parameter types say which
fields a request may have, at exactly the version that the product speaks. A definition is made when
it is first asked for: the whole of Checkout alone is some 160 types.
"""

from __future__ import annotations

import decimal
import importlib
import sys
import types
from functools import cache
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin

from stripe._request_options import RequestOptions
from typing_extensions import get_type_hints, is_typeddict

Schema = dict[str, Any]

# Options of the library's call, such as the idempotency key: they never travel as parameters.
OPTIONS = frozenset(RequestOptions.__annotations__)
SCALARS: dict[Any, Schema] = {
    Any: {},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    decimal.Decimal: {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"},
    str: {"type": "string"},
    type(None): {"type": "null"},
}


def named(name: str) -> type:
    """ "checkout.SessionCreateParams" is that class of `stripe.params`."""
    package, _, cls = name.rpartition(".")
    module = importlib.import_module(".".join(["stripe.params", package]).rstrip("."))
    found: type = getattr(module, cls)
    return found


@cache
def of_params(cls: type) -> Schema:
    """Schema of one TypedDict; nested ones are references, by `reference`."""
    own = {name: hint for name, hint in cls.__annotations__.items() if name not in OPTIONS}
    hints = get_type_hints(
        types.SimpleNamespace(__annotations__=own),
        globalns=vars(sys.modules[cls.__module__]),
        include_extras=True,
    )
    properties: Schema = {}
    required: list[str] = []
    for name, hint in hints.items():
        origin: Any = get_origin(hint)
        if origin is not NotRequired:
            required.append(name)
        properties[name] = _of(_bare(hint))
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def resolved(schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = of_params(_CLASSES[schema["$ref"]])
    return schema


_CLASSES: dict[str, type] = {}


def _reference(cls: type) -> Schema:
    reference = f"#/$defs/{cls.__module__}.{cls.__qualname__}"
    _CLASSES[reference] = cls
    return {"$ref": reference}


def _bare(hint: Any) -> Any:
    while get_origin(hint) in (NotRequired, Required):
        (hint,) = get_args(hint)
    return hint


def _of(hint: Any) -> Schema:
    if is_typeddict(hint):
        return _reference(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _any_of(arguments)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is list:
        return {"type": "array", "items": _of(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(arguments[1])}
    if hint in SCALARS:
        return SCALARS[hint]
    raise TypeError(f"No schema for {hint!r}")


def _any_of(hints: tuple[Any, ...]) -> Schema:
    # The library leaves its enums open for the values of later versions. Those are errors here.
    closed = any(get_origin(hint) is Literal for hint in hints)
    kept = [hint for hint in hints if not _is_spare(hint) and not (closed and hint is str)]
    schemas = [_of(hint) for hint in kept]
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _is_spare(hint: Any) -> bool:
    """What only says that an answer's object may be sent back, or that None is left out."""
    return hint is type(None) or getattr(get_origin(hint), "__name__", "") == "UntypedStripeObject"
