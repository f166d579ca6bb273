"""What OpenAPI says of a create and a quote: a variant for each operation, from its declaration."""

from __future__ import annotations

from typing import Any

from generations import offering
from kling.operations.base import Operation
from kling.schema import input_schema

EXAMPLE = {
    "operation": "text-to-video",
    "input": {"prompt": "A lighthouse at dusk", "duration": "5"},
}


def describe_operations(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A postprocessing hook: the body `Create` becomes one of the variants, by `operation`."""
    schemas = result["components"]["schemas"]
    general, variants = schemas["Create"], {}
    for operation in offering.listed():
        name = _name(operation)
        schemas[f"{name}Input"] = input_schema(operation)
        schemas[f"Create{name}"] = _variant(operation, general)
        variants[operation.name] = _reference(f"Create{name}")
    schemas["Create"] = {
        "type": "object",
        "oneOf": [{"$ref": reference} for reference in variants.values()],
        "discriminator": {"propertyName": "operation", "mapping": variants},
        "examples": [EXAMPLE],
    }
    return result


def _variant(operation: Operation, general: dict[str, Any]) -> dict[str, Any]:
    """The body with the input of one operation, and nothing that is not known."""
    properties = {
        **general["properties"],
        "operation": {"type": "string", "enum": [operation.name]},
        "input": {"$ref": _reference(f"{_name(operation)}Input")},
    }
    strict = {"properties": properties, "additionalProperties": False}
    return {**general, "title": operation.title, **strict}


def _name(operation: Operation) -> str:
    """`TextToVideo`: generators of code make classes of it."""
    return "".join(word.capitalize() for word in operation.name.split("-"))


def _reference(name: str) -> str:
    return f"#/components/schemas/{name}"
