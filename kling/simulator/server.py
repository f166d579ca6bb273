"""HTTP/1.1 for the simulator: threads, kept connections, and connections that break on purpose."""

from __future__ import annotations

import io
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import unquote

from . import control
from .app import Simulator
from .errors import ConnectionDropped
from .faults import FaultScript
from .settings import Settings

logger = logging.getLogger(__name__)

LARGEST_BODY: Final = 64 * 1024 * 1024
IDLE_SECONDS: Final = 75


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], simulator: Simulator) -> None:
        self.simulator = simulator
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Without HTTPServer's reverse lookup of the host, which may wait for a name server."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is everyday; only our own mistakes deserve a traceback."""
        if self.simulator.stopping.is_set():
            return
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            logger.exception("error while serving %s", client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "kling-simulator"
    sys_version = ""
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    # One packet for head and body; with none, each header block is a packet of its own.
    wbufsize = 64 * 1024

    def _serve(self) -> None:
        began, status = time.monotonic(), "-"
        try:
            status = self._respond()
        except ConnectionDropped:
            self.close_connection = True
            status += " dropped"
        finally:
            path = self.path.partition("?")[0]
            milliseconds = (time.monotonic() - began) * 1000
            logger.info("%s %s %s %.0f ms", self.command, path, status, milliseconds)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

    def _respond(self) -> str:
        environ = self._environ()
        if environ is None:
            return "413"
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], _: Any = None, /
        ) -> Callable[[bytes], object]:
            started.append((status, headers))
            return self.wfile.write

        body = self.server.simulator(environ, start_response)
        status, headers = started[-1]
        code, _, phrase = status.partition(" ")
        self.send_response(int(code), phrase)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        declared = int(dict(headers)["Content-Length"])
        if self.command != "HEAD":
            self._send(body, declared=declared)
        return code

    def _send(self, body: Iterable[bytes], *, declared: int) -> None:
        """At most what was declared; where less comes, the connection has to end to say so."""
        left = declared
        try:
            for chunk in body:
                self.wfile.write(chunk[:left])
                self.wfile.flush()
                left -= len(chunk)
                if left <= 0:
                    break
        finally:
            self.close_connection = self.close_connection or left != 0

    def _environ(self) -> dict[str, Any] | None:
        """The WSGI environment, the body read in full; None after a refusal of its size."""
        length = self.headers.get("Content-Length") or "0"
        chunked = "Transfer-Encoding" in self.headers
        if chunked or not length.isdigit() or int(length) > LARGEST_BODY:
            self.close_connection = True
            self.send_error(411 if chunked else 413)
            return None
        path, _, query = self.path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "GET" if self.command == "HEAD" else self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path),
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": length,
            "SERVER_NAME": str(self.server.server_address[0]),
            "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(self.rfile.read(int(length))),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
        return environ

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet: `_serve` writes the one line of a request."""


class RunningSimulator:
    """A simulator in threads of this process. Also a context manager."""

    def __init__(self, simulator: Simulator, server: _Server) -> None:
        self.simulator = simulator
        self.url = f"http://{server.server_address[0]!s}:{server.server_address[1]}"
        self._server = server
        self._thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    @property
    def faults(self) -> FaultScript:
        return self.simulator.faults

    @property
    def settings(self) -> Settings:
        return self.simulator.settings

    def tasks(self) -> list[dict[str, Any]]:
        """As `GET /_simulator/tasks`."""
        return control.tasks(self.simulator)

    def submissions(self) -> list[dict[str, Any]]:
        return self.simulator.store.submissions()

    def callbacks(self) -> list[dict[str, Any]]:
        return self.simulator.store.callbacks()

    def stop(self) -> None:
        """Stop accepting, break off what hangs, close the state. A second call does nothing."""
        if not self._thread.is_alive():
            return
        self.simulator.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.simulator.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(
    *, state: Path, host: str = "127.0.0.1", port: int = 0, **settings: Any
) -> RunningSimulator:
    """Serve on `host:port` (0 picks a free port). Further names are those of `Settings`."""
    simulator = Simulator(Settings(state=state, **settings))
    try:
        server = _Server((host, port), simulator)
    except OSError:
        simulator.close()
        raise
    running = RunningSimulator(simulator, server)
    simulator.begin(base_url=running.url)
    return running
