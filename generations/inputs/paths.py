"""Reaching into an input by the dotted path of a field, as `kling.media.Spot` has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOTHING = object()


def replaced(values: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """`values` with `value` at `path`. Only what leads there is copied.

    An input that was not checked yet may be nested as deep as JSON can be, so nothing here goes
    deeper than the path does.
    """
    return dict(_changed(values, path.split("."), value))


def without(values: Mapping[str, Any], path: str) -> dict[str, Any]:
    """`values` with nothing at `path`."""
    return dict(_changed(values, path.split("."), NOTHING))


def has(values: Mapping[str, Any], path: str) -> bool:
    """Whether something stands at `path`: null and the empty text are nothing."""
    try:
        return at(values, path) not in (None, "")
    except (KeyError, IndexError):
        return False


def at(values: Mapping[str, Any], path: str) -> Any:
    """What stands at `path`. Raises KeyError, IndexError."""
    holder: Any = values
    for part in path.split("."):
        holder = holder[_key(holder, part)]
    return holder


def _changed(holder: Any, parts: list[str], value: Any) -> Any:
    copied: Any = list(holder) if isinstance(holder, list | tuple) else dict(holder)
    key = _key(copied, parts[0])
    if len(parts) > 1:
        copied[key] = _changed(copied[key], parts[1:], value)
    elif value is NOTHING:
        del copied[key]
    else:
        copied[key] = value
    return copied


def _key(holder: Any, part: str) -> int | str:
    return int(part) if isinstance(holder, list | tuple) else part
