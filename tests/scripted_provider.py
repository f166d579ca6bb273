"""A provider of a few lines: whatever is asked, a function of the test answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[str], tuple[int, Any]]


class ScriptedProvider:
    """`answer` gets the path of a GET and gives status and JSON; `asked` holds the paths."""

    def __init__(self, url: str, answer: Answer) -> None:
        self.url = url
        self.answer = answer
        self.asked: list[str] = []


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    provider: ScriptedProvider


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    server: _Server

    def do_GET(self) -> None:
        provider = self.server.provider
        provider.asked.append(self.path)
        status, content = provider.answer(self.path)
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def running(answer: Answer) -> Iterator[ScriptedProvider]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.provider = ScriptedProvider(f"http://127.0.0.1:{server.server_port}", answer)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.provider
        finally:
            server.shutdown()
            thread.join()


def task(task_id: str, status: str = "processing", **fields: Any) -> dict[str, Any]:
    return {"task_id": task_id, "task_status": status, **fields}


def ok(data: Any) -> tuple[int, Any]:
    return 200, {"code": 0, "message": "SUCCEED", "data": data}
