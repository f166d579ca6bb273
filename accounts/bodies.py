from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.request import Request

EMPTY = "The body is empty. Send a JSON object."


def json_body(request: Request) -> Any:
    """The JSON object that a request has to bring.

    Raises `ParseError`, also where there is no body at all: DRF takes that for an empty object,
    and a program that forgot to send anything would hear of missing fields.
    """
    body = request.data
    if request.stream is None:
        raise ParseError(EMPTY)
    return body
