"""The errors of a form: beside which field they stand, and in the words of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from generations.forms import words
from generations.forms.places import field_at, inner_fields, item_of
from generations.forms.reading import PREFIX
from kling.errors import FieldError

Schema = Mapping[str, Any]
# A field that is needed here and not always: the words that follow are the answer to "why?".
SAYS_WHY = re.compile(r"is required (when|without) ")


@dataclass(frozen=True)
class Complaints:
    schema: Schema
    errors: tuple[FieldError, ...]

    @cached_property
    def told(self) -> tuple[FieldError, ...]:
        """The errors as a page says them, each at a field that the form shows."""
        return tuple(self._told(error) for error in self.errors)

    def about(self, path: str) -> tuple[str, ...]:
        return tuple(error.message for error in self.told if error.field == path)

    def _told(self, error: FieldError) -> FieldError:
        path = shown_path(self.schema, error.field.removeprefix(f"{PREFIX}."))
        field = f"{PREFIX}.{path}" if error.field.startswith(f"{PREFIX}.") else path
        spec = field_at(self.schema, path)
        is_bare = error.code == "required" and not SAYS_WHY.search(error.message)
        if is_bare and spec is not None:
            return replace(error, field=field, message=f"{label(path, self.schema)} is required.")
        return replace(error, field=field, message=self._words(path, error))

    def _words(self, path: str, error: FieldError) -> str:
        """The message with titles where it has Kling's names of fields."""
        message = error.message
        given = error.field.removeprefix(f"{PREFIX}.")
        if message.startswith(given):
            message = label(path, self.schema) + message.removeprefix(given)
        for name, title in self._titles:
            message = re.sub(rf"(?<![“\w.]){re.escape(name)}(?![”\w])", f"“{title}”", message)
        for value, title in words.VALUES_IN_MESSAGES.items():
            message = re.sub(rf"\b{value}\b", f"“{title}”", message)
        return message

    @cached_property
    def _titles(self) -> list[tuple[str, str]]:
        """Names that are no words of English, the longest paths first."""
        found = dict(_named(self.schema, ""))
        return sorted(found.items(), key=lambda item: -len(item[0]))


def _named(spec: Schema, prefix: str) -> Iterator[tuple[str, str]]:
    for name, field in inner_fields(spec):
        title = str(field.get("title", name))
        if "_" in name:
            yield name, title
        inner = item_of(field) if field.get("type") == "array" else field
        yield from _named(inner, f"{prefix}{name}.")


def shown_path(schema: Schema, path: str) -> str:
    """The path of the file field that stands for an id field, where there is one."""
    spec = field_at(schema, path)
    beside = spec.get("x-file-field") if spec else None
    if not beside:
        return path
    head, dot, _ = path.rpartition(".")
    other = f"{head}{dot}{beside}"
    return path if field_at(schema, other) is None else other


def label(path: str, schema: Schema) -> str:
    """“Shots 1, Seconds” of `multi_prompt.0.duration`."""
    made, spec = "", schema
    for part in path.split("."):
        if part.isdigit():
            made, spec = f"{made} {int(part) + 1}", item_of(spec) if "items" in spec else {}
        else:
            spec = spec.get("properties", {}).get(part, {})
            title = str(spec.get("title", part))
            made = f"{made}, {title}" if made else title
    return made
