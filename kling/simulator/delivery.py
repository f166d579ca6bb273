"""The media files over HTTP, with Range, and what can go wrong with them."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from .errors import ConnectionDropped
from .faults import Fault
from .media.recipes import CONTENT_TYPES
from .replies import Reply, bytes_reply, cut, hold

CHUNK: Final = 256 * 1024
HTML: Final = b"<!doctype html><title>Sign in</title><p>This file needs a sign-in.</p>"
PRIVATE_ADDRESS: Final = "http://10.0.0.1/internal"
HUGE: Final = 10 * 1000**3
_RANGE: Final = re.compile(r"^bytes=(\d*)-(\d*)$")


def file_reply(path: Path, *, byte_range: str | None) -> Reply:
    """The file or the asked part of it; 404 when it is gone. Several ranges get the whole."""
    if not path.is_file():
        return bytes_reply(b"not found", status=404, content_type="text/plain")
    size = path.stat().st_size
    kind = CONTENT_TYPES[path.suffix.removeprefix(".")]
    basic = (("Accept-Ranges", "bytes"), ("Cache-Control", "private"))
    matched = _RANGE.match(byte_range or "")
    if matched is None or matched.groups() == ("", ""):
        body = _chunks(path, start=0, length=size)
        return Reply(body=body, content_type=kind, length=size, headers=basic)
    start, stop = _bounds(*matched.groups(), size=size)
    if start >= stop:
        unmet = (("Content-Range", f"bytes */{size}"),)
        return Reply(status=416, content_type=kind, length=0, headers=unmet)
    return Reply(
        status=206,
        body=_chunks(path, start=start, length=stop - start),
        content_type=kind,
        length=stop - start,
        headers=(*basic, ("Content-Range", f"bytes {start}-{stop - 1}/{size}")),
    )


def forbidden() -> Reply:
    body = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'
    return bytes_reply(body, status=403, content_type="application/xml")


def spoiled(reply: Reply, fault: Fault, *, stopping: threading.Event) -> Reply:
    """What comes instead of the file (stage download)."""
    match fault.kind:
        case "status":
            status = int(fault.number(403))
            return bytes_reply(b"denied", status=status, content_type="text/plain")
        case "cut":
            return cut(reply, after=(reply.length or 0) // 2)
        case "lying_length":
            return replace(reply, length=int((reply.length or 0) * fault.number(0.5)))
        case "html":
            return bytes_reply(HTML, content_type="text/html; charset=utf-8")
        case "redirect":
            return Reply(status=302, headers=(("Location", str(fault.value or PRIVATE_ADDRESS)),))
        case "drip":
            pace = int(fault.number(1000))
            return replace(reply, body=_drip(reply, pace=pace, stopping=stopping))
        case "huge":
            size = int(fault.number(HUGE))
            return replace(reply, status=200, body=_zeros(size), length=size)
        case "hold":
            hold(fault, stopping=stopping)
    raise ConnectionDropped


def _bounds(first: str, last: str, *, size: int) -> tuple[int, int]:
    """Half-open bounds of `first-last`; `-n` is the last n bytes."""
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last else size


def _chunks(path: Path, *, start: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while length > 0 and (chunk := file.read(min(CHUNK, length))):
            length -= len(chunk)
            yield chunk


def _drip(reply: Reply, *, pace: int, stopping: threading.Event) -> Iterator[bytes]:
    for chunk in reply.body:
        for start in range(0, len(chunk), max(1, pace // 10)):
            if stopping.wait(0.1):
                raise ConnectionDropped
            yield chunk[start : start + max(1, pace // 10)]


def _zeros(size: int) -> Iterator[bytes]:
    block = bytes(CHUNK)
    while size > 0:
        yield block[:size]
        size -= CHUNK
