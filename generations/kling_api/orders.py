"""From the body of a Kling request to an Order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generations.actions import Order
from generations.errors import InvalidRequest
from kling.errors import FieldError
from kling.operations.base import Operation
from kling.validation import declared_of
from webhooks.http import UnsafeAddress, check_address

MAX_ID = 200  # characters of an external_task_id


def order_of(operation: Operation, body: Mapping[str, Any]) -> Order:
    """The order in a body. Fields that the endpoint does not have are ignored, as Kling does.

    Raises InvalidRequest on `external_task_id` and `callback_url`; the rest is checked where all
    orders are.
    """
    return Order(
        operation=operation.name,
        input=declared_of(operation.Input, body),
        client_task_id=_external_task_id(body),
        callback_url=_callback_url(body),
    )


def _external_task_id(body: Mapping[str, Any]) -> str:
    text = _text(body, "external_task_id")
    if len(text) > MAX_ID or not text.isprintable():
        message = f"external_task_id may have at most {MAX_ID} printable characters."
        raise _wrong("external_task_id", "too_long", message)
    return text


def _callback_url(body: Mapping[str, Any]) -> str:
    url = _text(body, "callback_url")
    try:
        return check_address(url) if url else ""
    except UnsafeAddress as exc:
        raise _wrong("callback_url", "unsafe_address", f"callback_url: {exc}") from None


def _text(body: Mapping[str, Any], name: str) -> str:
    """An empty text means none: the providers' own examples send one."""
    value = body.get(name)
    if value is None or isinstance(value, str):
        return (value or "").strip()
    raise _wrong(name, "wrong_type", f"{name} must be text.")


def _wrong(name: str, code: str, message: str) -> InvalidRequest:
    return InvalidRequest([FieldError(name, code, message)])
