"""Input as it came → clean values, or one plain error for each wrong field.

Three steps that know no model: tidy the JSON, check it against the declared types, check it
against what the dialect's page says. What depends on the model is in kling/capabilities.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic_core import ErrorDetails

from kling.dialects import Dialect
from kling.errors import FieldError, InvalidInput
from kling.media import item_of, model_in
from kling.operations.base import Limit, Operation

MAX_DEPTH = 8  # of JSON in an input; the deepest declared field has 3
MAX_ERRORS = 50
SHOWN_NAME = 80  # characters of an unknown field's name that are repeated to the user

_RESERVED = {
    "callback_url": "callback_url is set for you. To be told about the result, give webhook_url "
    "beside operation, outside of input.",
    "external_task_id": "external_task_id is set for you. Use metadata, outside of input, for an "
    "id of your own; to be told about the result, give webhook_url there.",
}

# pydantic's error type → our code and how the sentence goes on after the field's name
_TYPES = {
    "missing": ("required", "is required"),
    "string_type": ("wrong_type", "must be text"),
    "bool_type": ("wrong_type", "must be true or false"),
    "int_type": ("wrong_type", "must be a whole number"),
    "float_type": ("wrong_type", "must be a number"),
    "list_type": ("wrong_type", "must be a list"),
    "model_type": ("wrong_type", "must be an object"),
    "finite_number": ("out_of_range", "must be a finite number"),
    "literal_error": ("not_allowed", "must be {expected}"),
    "string_too_long": ("too_long", "may have at most {max_length} characters"),
    "string_too_short": ("required", "must not be empty"),
    "string_pattern_mismatch": ("not_allowed", "must be an id: letters, digits and . _ - only"),
    "too_long": ("too_many", "may have at most {max_length} entries"),
    "too_short": ("too_few", "must have at least {min_length} entries"),
    "greater_than_equal": ("out_of_range", "must be at least {ge}"),
    "less_than_equal": ("out_of_range", "must be at most {le}"),
}


def validate(operation: Operation, given: object, dialect: Dialect) -> dict[str, Any]:
    """The values that were given, cleaned and typed. Raises InvalidInput with every error."""
    if not isinstance(given, Mapping):
        raise InvalidInput([FieldError("", "wrong_type", "input must be an object.")])
    values, errors = _tidy(given)
    errors += list(_unknown_fields(operation, values))
    known = {name: value for name, value in values.items() if name in operation.Input.model_fields}
    failed = {error.field.split(".")[0] for error in errors}
    try:
        model = operation.Input.model_validate(known)
    except ValidationError as exc:
        details = exc.errors(include_url=False, include_input=False)
        found = [_plain_error(one, operation, dialect) for one in details]
        errors += [error for error in found if error.field.split(".")[0] not in failed]
        raise InvalidInput(errors[:MAX_ERRORS]) from None
    clean = model.model_dump(exclude_unset=True, exclude_none=True)
    errors += list(_dialect_errors(operation, clean, dialect))
    if errors:
        raise InvalidInput(errors[:MAX_ERRORS])
    return clean


def declared_of(model: type[BaseModel], given: Mapping[str, Any]) -> dict[str, Any]:
    """What of ``given`` is declared, at every depth: for callers who ignore the rest."""
    declared: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        alias = info.validation_alias
        names = alias.choices if isinstance(alias, AliasChoices) else (name,)
        for one in names:
            if isinstance(one, str) and one in given:
                declared[one] = _declared_in(info.annotation, given[one])
    return declared


def _declared_in(annotation: Any, value: Any) -> Any:
    if isinstance(value, Mapping) and (inner := model_in(annotation)) is not None:
        return declared_of(inner, value)
    if isinstance(value, list) and (item := item_of(annotation)) is not None:
        return [_declared_in(item, one) for one in value]
    return value


def _tidy(given: Mapping[Any, Any]) -> tuple[dict[str, Any], list[FieldError]]:
    """Strips texts and drops what is empty: Kling's own default for most fields is "Empty"."""
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for key, value in given.items():
        name = str(key)
        try:
            cleaned = _cleaned(value, MAX_DEPTH)
        except ValueError as exc:
            message = f"{name[:SHOWN_NAME]} {exc}."
            errors.append(FieldError(name[:SHOWN_NAME], "invalid_characters", message))
            continue
        if cleaned is not None and cleaned not in ("", []):
            values[name] = cleaned
    return values, errors


def _cleaned(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _clean_text(value)
    if isinstance(value, Mapping | list | tuple) and depth == 0:
        raise ValueError("is nested too deeply")
    if isinstance(value, Mapping):
        inner = {str(key): _cleaned(item, depth - 1) for key, item in value.items()}
        return {key: item for key, item in inner.items() if item is not None and item != ""}
    if isinstance(value, list | tuple):
        return [_cleaned(item, depth - 1) for item in value]
    return value


def _clean_text(text: str) -> str:
    # PostgreSQL stores neither NUL nor half a surrogate pair, and Kling's JSON takes neither.
    if "\x00" in text:
        raise ValueError("must not contain the NUL character")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("contains half of a character") from None
    return text.strip()


def _unknown_fields(operation: Operation, values: Mapping[str, Any]) -> Iterator[FieldError]:
    names = list(operation.Input.model_fields)
    for name in values:
        shown = name[:SHOWN_NAME]
        if name in _RESERVED:
            yield FieldError(name, "reserved_field", _RESERVED[name])
        elif name not in names:
            near = difflib.get_close_matches(shown, names, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            message = f"{operation.name} has no field {shown}.{hint}"
            yield FieldError(shown, "unknown_field", message)


def _plain_error(details: ErrorDetails, operation: Operation, dialect: Dialect) -> FieldError:
    """pydantic's error in our codes and words."""
    # A union adds the names of its members to the path; they are no field of ours.
    path = [str(part)[:SHOWN_NAME] for part in details["loc"] if part not in ("int", "float")]
    field = ".".join(path)
    context = {key: _words(value) for key, value in details.get("ctx", {}).items()}
    context |= _narrower(operation, field, dialect)
    if "expected" in context:
        context["expected"] = one_of(context["expected"].split(", "))
    kind = details["type"]
    if kind == "extra_forbidden":
        return FieldError(field, "unknown_field", f"{field} is not known.")
    if kind in _TYPES:
        code, rest = _TYPES[kind]
        return FieldError(field, code, f"{field} {rest.format(**context)}.")
    return FieldError(field, kind, f"{field} {details['msg']}.")


def _narrower(operation: Operation, field: str, dialect: Dialect) -> dict[str, str]:
    """The dialect's own limits, so that a message does not name another provider's."""
    facts = operation.Input.facts().get(field)
    limit = facts.limit(dialect.name) if facts else Limit()
    words: dict[str, str] = {}
    if limit.max_length is not None:
        words["max_length"] = str(limit.max_length)
    if limit.choices is not None:
        words["expected"] = ", ".join(limit.choices)
    return words


def one_of(choices: Sequence[str]) -> str:
    """How a sentence with "must be" goes on."""
    return choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"


def _words(value: object) -> str:
    """pydantic writes ``'std', 'pro' or '4k'``; people read std, pro, 4k."""
    text = str(value).replace("'", "").replace(" or ", ", ")
    return text.removesuffix(".0")


def _dialect_errors(
    operation: Operation, values: Mapping[str, Any], dialect: Dialect
) -> Iterator[FieldError]:
    for name, facts in operation.Input.facts().items():
        if name not in values:
            continue
        value, limit = values[name], facts.limit(dialect.name)
        if dialect.name in facts.absent_on:
            message = f"{name} is not available through {dialect.title} for {operation.name}."
            yield FieldError(name, "not_offered", message)
        elif limit.max_length is not None and len(value) > limit.max_length:
            message = f"{name} may have at most {limit.max_length} characters."
            yield FieldError(name, "too_long", message)
        elif limit.choices is not None and value not in limit.choices:
            message = f"{name} must be {one_of(limit.choices)}."
            yield FieldError(name, "not_allowed", message)
