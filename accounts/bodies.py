"""Bodies of API requests."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

EMPTY = "The body is empty. Send a JSON object."


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it does not know: a misspelt one would otherwise be silently dropped."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := set(data) - set(self.fields)):
            errors = dict.fromkeys(sorted(unknown), "There is no such field.")
            raise serializers.ValidationError(errors, code="unknown_field")
        return super().to_internal_value(data)


def json_body(request: Request) -> Any:
    """The JSON object that a request has to bring.

    Raises `ParseError`, also where there is no body at all: DRF takes that for an empty object,
    and a program that forgot to send anything would hear of missing fields.
    """
    body = request.data
    if request.stream is None:
        raise ParseError(EMPTY)
    return body
