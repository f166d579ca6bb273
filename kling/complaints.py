"""What an answer says when it holds no task: codes, nested errors, relays' error objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kling.errors import KlingError, Unparsable
from kling.outputs import identifier, text_of
from kling.verdicts import Complaint, verdict

MAX_SEARCHED = 500  # objects looked through for a nested error code


@dataclass(frozen=True)
class Answer:
    """A decoded answer. ``request_id`` and ``retry_after`` come from headers.

    ``asked`` is the id that was looked up, ours or the provider's; ``None`` for a submit.
    """

    body: Any
    http_status: int = 200
    request_id: str | None = None
    retry_after: float | None = None
    asked: str | None = None


def is_ok(code: object) -> bool:
    number = code_of(code)
    return number in (None, 0) or (isinstance(number, str) and number.lower() == "success")


def code_of(code: object) -> int | str | None:
    """A code as a number where it is one; relays send ``"0"`` and ``"1201"`` too."""
    if code is None:
        return None
    if isinstance(code, float) and code.is_integer():
        code = int(code)
    text = text_of(code)
    if text is None:
        return "unreadable"
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else text[:80]


def nested_error(body: dict[str, Any]) -> dict[str, Any] | None:
    """The first object anywhere inside with a code of Kling's (1000 and more)."""
    for node in _objects(body):
        code = code_of(node.get("code"))
        if isinstance(code, int) and code >= 1000:
            return node
    return None


def _objects(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every object inside, breadth first, up to a bound."""
    queue: list[Any] = [body]
    for node in queue:
        if isinstance(node, dict):
            yield node
            queue += list(node.values())[:MAX_SEARCHED]
        elif isinstance(node, list):
            queue += node[:MAX_SEARCHED]
        if len(queue) > MAX_SEARCHED * 10:
            return


def foreign_error(answer: Answer, body: dict[str, Any]) -> KlingError:
    """An error in a shape other than Kling's: nested twice, or a relay's ``error`` object."""
    nested = nested_error(body)
    if nested is not None:
        return complaint(answer, nested, code_of(nested["code"]), message_of(nested))
    error = body.get("error")
    if isinstance(error, dict):
        code = code_of(error.get("code") or error.get("type"))
        return complaint(answer, body, code, message_of(error))
    return complaint(answer, body, None, text_of(error) or message_of(body))


def complaint(
    answer: Answer, node: dict[str, Any], code: int | str | None, message: str
) -> KlingError:
    return verdict(
        Complaint(
            code=code,
            message=message,
            http_status=answer.http_status,
            request_id=request_id_of(node, answer),
            retry_after=answer.retry_after,
            lookup=answer.asked is not None,
        )
    )


def message_of(node: dict[str, Any]) -> str:
    for name in ("message", "msg", "error_msg"):
        if text := text_of(node.get(name)):
            return text
    return ""


def request_id_of(node: dict[str, Any], answer: Answer) -> str | None:
    for place in (node, answer.body):
        if isinstance(place, dict) and (found := identifier(place.get("request_id"))):
            return found
    return answer.request_id


def unparsable(answer: Answer, message: str) -> Unparsable:
    found = request_id_of({}, answer)
    return Unparsable(message, http_status=answer.http_status, request_id=found)
