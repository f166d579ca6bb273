"""Which dialect and endpoint a path means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from kling import dialects, operations

from .errors import WrongPath

# Tried in this order: the official prefix "/v1/" is also how Cloudsway's paths begin.
_PREFIXES: Final = (
    ("cloudsway", re.compile(r"^/v1/ai/([^/]+)/kling/")),
    ("cometapi", re.compile(r"^/kling/v1/")),
    ("official", re.compile(r"^/v1/")),
)


@dataclass(frozen=True, slots=True)
class Route:
    """`reference` is the task id or external id of a query, None for create and list."""

    dialect: str
    path: str
    operation: operations.Operation
    reference: str | None


def dialect_of(path: str) -> str | None:
    for name, prefix in _PREFIXES:
        if prefix.match(path):
            return name
    return None


def find(path: str) -> Route:
    """The endpoint of a path without its query. Raises WrongPath where there is none."""
    for dialect, prefix in _PREFIXES:
        if matched := prefix.match(path):
            rest = path[matched.end() :].rstrip("/")
            return _endpoint(dialect, rest)
    raise WrongPath(path)


def _endpoint(dialect: str, rest: str) -> Route:
    head, _, tail = rest.rpartition("/")
    for operation in operations.all_operations():
        if not dialects.get(dialect).serves(operation):
            continue
        if operation.path == rest:
            return Route(dialect, rest, operation, None)
        if operation.path == head:
            return Route(dialect, head, operation, tail)
    raise WrongPath(rest)
