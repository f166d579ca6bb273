from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

MAX_DEPTH = 100
TOO_DEEP = "The JSON is nested too deeply."
TOO_LONG = "A number is too long."
NO_UTF8 = "The body is not valid UTF-8 JSON."


class StrictJSONParser(JSONParser):
    """JSON objects only, and only what a database can hold."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        try:
            body = super().parse(stream, media_type, dict(parser_context or {}))
            _refuse_unstorable(body)
        except RecursionError:
            raise ParseError(TOO_DEEP) from None
        except UnicodeError:
            raise ParseError(NO_UTF8) from None
        except ParseError as exc:
            raise _in_our_words(exc) from None
        if not isinstance(body, dict):
            raise ParseError("The body must be a JSON object.")
        return body


def _in_our_words(error: ParseError) -> ParseError:
    """DRF passes on what Python says, which may be advice for whoever runs the interpreter."""
    cause = error.__context__
    if isinstance(cause, UnicodeError):
        return ParseError(NO_UTF8)
    # Python reads integers of 4300 digits at most; a longer one is a bare ValueError.
    is_bare = isinstance(cause, ValueError) and not isinstance(cause, json.JSONDecodeError)
    if is_bare and "set_int_max_str_digits" in str(cause):
        return ParseError(TOO_LONG)
    return error


def _refuse_unstorable(value: Any, depth: int = MAX_DEPTH) -> None:
    """What passes the JSON grammar and breaks every encoder after it.

    Half of a surrogate pair; and an object so deep that it can be read here and no longer be
    written a few calls further in.
    """
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, dict | list):
        if depth == 0:
            raise ParseError(TOO_DEEP)
        if isinstance(value, dict):
            "".join(value).encode()
            value = value.values()
        for item in value:
            _refuse_unstorable(item, depth - 1)
