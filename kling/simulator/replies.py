"""Answers as values, and the ways in which an answer can go wrong on the wire."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from .errors import ConnectionDropped, Refusal
from .faults import Fault

HTML_502: Final = (
    b"<html>\n<head><title>502 Bad Gateway</title></head>\n<body>\n"
    b"<center><h1>502 Bad Gateway</h1></center>\n<hr><center>nginx</center>\n</body>\n</html>\n"
)
HOLD_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Reply:
    """`length` is what Content-Length says; None is the truth about `body`."""

    status: int = 200
    body: Iterable[bytes] = ()
    content_type: str = "application/json"
    length: int | None = None
    headers: tuple[tuple[str, str], ...] = field(default=())


def json_reply(body: Any, *, status: int = 200) -> Reply:
    encoded = json.dumps(body, ensure_ascii=False).encode()
    return Reply(status=status, body=(encoded,), length=len(encoded))


def bytes_reply(body: bytes, *, status: int = 200, content_type: str) -> Reply:
    return Reply(status=status, body=(body,), length=len(body), content_type=content_type)


def html_502() -> Reply:
    return bytes_reply(HTML_502, status=502, content_type="text/html")


def spoiled(reply: Reply, fault: Fault, *, stopping: threading.Event) -> Reply:
    """What comes instead of `reply` (stages submit and query).

    Raises ConnectionDropped where nothing comes, and Refusal for a Kling code.
    """
    match fault.kind:
        case "drop":
            raise ConnectionDropped
        case "hold":
            hold(fault, stopping=stopping)
        case "http_500":
            return bytes_reply(b"Internal Server Error", status=500, content_type="text/plain")
        case "html_502":
            return html_502()
        case "broken_json":
            whole = b"".join(reply.body)
            return bytes_reply(whole[: len(whole) // 2], content_type="application/json")
        case "code":
            raise Refusal(int(fault.number(5000)), http_status=fault.http)
        case "nested_code":
            return _nested(Refusal(int(fault.number(1201)), http_status=fault.http))
        case "wrapped":
            return _wrapped(reply)
    return reply


def hold(fault: Fault, *, stopping: threading.Event) -> None:
    """Keep the client waiting, then drop it. Ends at once when the simulator stops."""
    stopping.wait(fault.number(HOLD_SECONDS))
    raise ConnectionDropped


def cut(reply: Reply, *, after: int) -> Reply:
    """The first `after` bytes under the full Content-Length, then a closed connection."""
    return replace(reply, body=_until(reply.body, after))


def _until(body: Iterable[bytes], after: int) -> Iterator[bytes]:
    left = after
    for chunk in body:
        if len(chunk) >= left:
            yield chunk[:left]
            break
        left -= len(chunk)
        yield chunk
    raise ConnectionDropped


def _nested(refusal: Refusal) -> Reply:
    """CometAPI passes Kling's errors on in two layers of its own."""
    inner = {"code": refusal.code, "message": refusal.message}
    body = {
        "message": refusal.message,
        "data": {"data": inner, "message": refusal.message},
    }
    return json_reply(body, status=refusal.http_status)


_OUTER_WORDS: Final = {
    "submitted": "SUBMITTED",
    "processing": "IN_PROGRESS",
    "succeed": "SUCCESS",
    "failed": "FAILURE",
}


def _wrapped(reply: Reply) -> Reply:
    inner = json.loads(b"".join(reply.body))
    task = inner.get("data") or {}
    word = _OUTER_WORDS.get(str(task.get("task_status")), "UNKNOWN")
    outer = {
        "task_id": task.get("task_id"),
        "status": word,
        "fail_reason": task.get("task_status_msg") or "",
        "progress": "100%" if word in ("SUCCESS", "FAILURE") else "50%",
        "data": inner,
    }
    return json_reply({"code": "success", "message": "", "data": outer})
