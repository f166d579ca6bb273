"""A host on loopback that gives files, and answers for their task, as a test has written down."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TASK = "8676"
TASK_PATH = f"/kling/v1/videos/text2video/{TASK}"  # as CometAPI has it

Reply = Callable[["Handler"], None]


class MediaServer:
    """`replies[path]` are given one after the other, the last one for ever."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.replies: dict[str, list[Reply]] = defaultdict(list)
        self.asked: list[str] = []
        self.stopping = threading.Event()

    def on(self, path: str, *replies: Reply) -> str:
        """Have `path` answered so; returns its address."""
        self.replies[path] = list(replies)
        return self.url + path

    def task_gives(self, *results: dict[str, Any], status: str = "succeed") -> None:
        """What the provider says of the task when it is asked for fresh links."""
        groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for result in results:
            groups[f"{result['kind']}s"].append({"id": "1", "url": result["url"]})
        data = {"task_id": TASK, "task_status": status, "task_result": groups}
        self.on(TASK_PATH, whole(json.dumps({"code": 0, "data": data}).encode()))


def whole(content: bytes, content_type: str = "application/octet-stream") -> Reply:
    return lambda handler: handler.reply(200, content, {"Content-Type": content_type})


def unsized(content: bytes) -> Reply:
    """Without a length: the end of the connection is the end of the file."""
    return lambda handler: handler.reply(200, content, {"Content-Length": ""})


def status(code: int) -> Reply:
    return lambda handler: handler.reply(code, b"no", {})


def html() -> Reply:
    return whole(b"<!doctype html><title>Sign in</title>", "video/mp4")


def cut(content: bytes) -> Reply:
    """Breaks off in the middle."""
    return lambda handler: handler.reply(
        200, content[: len(content) // 2], {"Content-Length": str(len(content))}
    )


def redirect(target: str) -> Reply:
    return lambda handler: handler.reply(302, b"", {"Location": target})


def huge(size: int) -> Reply:
    """Says that it is so large."""
    return lambda handler: handler.reply(200, b"\0" * 1024, {"Content-Length": str(size)})


def drip(content: bytes) -> Reply:
    """A byte every 50 ms, so that no single read ever takes long."""

    def dripping(handler: Handler) -> None:
        handler.begin(200, {"Content-Length": str(len(content))})
        for position in range(len(content)):
            if handler.media_server.stopping.wait(0.05):
                return
            handler.wfile.write(content[position : position + 1])

    return dripping


class Handler(BaseHTTPRequestHandler):
    media_server: MediaServer

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.media_server.asked.append(path)
        replies = self.media_server.replies.get(path) or [status(404)]
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        reply(self)

    def reply(self, code: int, content: bytes, headers: dict[str, str]) -> None:
        self.begin(code, {"Content-Length": str(len(content)), **headers})
        self.wfile.write(content)

    def begin(self, code: int, headers: dict[str, str]) -> None:
        self.close_connection = True
        self.send_response(code)
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args: object) -> None:
        """A client that hangs up is what some tests ask for."""


@contextmanager
def running() -> Iterator[MediaServer]:
    handler = type("BoundHandler", (Handler,), {})
    server = QuietServer(("127.0.0.1", 0), handler)
    media_server = MediaServer(f"http://127.0.0.1:{server.server_port}")
    handler.media_server = media_server
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield media_server
    finally:
        media_server.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()
