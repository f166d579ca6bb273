"""Fields of which one may be given, or one must, or of which one makes sense only with another.

Empty fields have been dropped before, so a field is given where it is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kling.errors import FieldError


def check_apart(values: Mapping[str, Any], *groups: tuple[str, ...]) -> Iterator[FieldError]:
    """At most one of the groups may be used; the fields of one group go together."""
    used = [group for group in groups if any(values.get(name) for name in group)]
    if not used:
        return
    first = next(name for name in used[0] if values.get(name))
    for group in used[1:]:
        for name in group:
            if values.get(name):
                yield FieldError(name, "exclusive", f"{name} cannot be used with {first}.")


def check_exactly_one(values: Mapping[str, Any], first: str, second: str) -> Iterator[FieldError]:
    """Two fields for the same thing: both together and neither are refused."""
    if first in values and second in values:
        message = f"Give either {first} or {second}, not both."
        yield FieldError(second, "exclusive", message)
    else:
        yield from check_any(values, first, second)


def check_any(values: Mapping[str, Any], first: str, second: str) -> Iterator[FieldError]:
    """At least one of the two is needed."""
    if first not in values and second not in values:
        message = f"{first} is required, or {second} in its place."
        yield FieldError(first, "required", message)


def check_only_with(values: Mapping[str, Any], name: str, other: str) -> Iterator[FieldError]:
    if name in values and other not in values:
        message = f"{name} is only used with {other}; give {other} too, or leave {name} out."
        yield FieldError(name, "exclusive", message)
