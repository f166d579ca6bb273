"""gunicorn's threaded worker, whose threads no silent client can keep.

gunicorn has a thread wait for the head of a request, for its body, and for whoever takes the
answer, and sets no limit to that: as many silent connections as there are threads would stop the
site for good. And its main thread, which accepts them all, waits for each client to close its end.
Here the main thread collects heads and closes without waiting, and a client has to go on sending
its body, and taking its answer.
"""

from __future__ import annotations

import errno
import selectors
import socket
from collections import deque
from concurrent.futures import Future
from functools import partial
from time import monotonic
from typing import Any, NoReturn, Self

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

HEAD_SECONDS = 10.0  # for all of a head
HEAD_BYTES = 64 * 1024  # at which gunicorn is to refuse it
# Seconds that a body may be waited for in all, and one more for so many bytes that have come: a
# poor telephone connection is quicker.
GRACE, BYTES_A_SECOND = 5.0, 2048
TAKING = 60.0  # seconds for a piece of the answer to be taken
# Seconds for a client to close its end. To close ours at once could lose it the answer's end.
PARTING = 2.0


class PatientSocket(socket.socket):
    """A client's, whose patience ends: as if the client had reset the connection."""

    ahead = b""
    waited = 0.0
    received = 0

    @classmethod
    def of(cls, accepted: socket.socket) -> Self:
        kind = (accepted.family, accepted.type, accepted.proto)
        return cls(*kind, fileno=accepted.detach())

    def begin(self) -> None:
        """A new request: on a connection that is kept, each has its own time."""
        self.waited, self.received = 0.0, 0

    def has_head(self) -> bool:
        """Take what has come, without waiting: is that a head, or all that there will be?"""
        self.setblocking(False)
        try:
            piece = super().recv(HEAD_BYTES)
        except BlockingIOError:
            return False
        except OSError:  # whoever handles the request meets it again
            return True
        self.ahead += piece
        return not piece or b"\r\n\r\n" in self.ahead or len(self.ahead) >= HEAD_BYTES

    def is_over(self) -> bool:
        """Throw away what still comes, without waiting: has the client closed its end?"""
        try:
            return not super().recv(HEAD_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            return True

    @property
    def left(self) -> float:
        return GRACE + self.received / BYTES_A_SECOND - self.waited

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        if self.ahead:
            # All of it, however much was asked for: gunicorn looks for a next request in what it
            # has itself.
            found, self.ahead = self.ahead, b""
            return found
        if self.left <= 0:
            self._give_up()
        given, began = self.gettimeout(), monotonic()
        self.settimeout(self.left if given is None else min(given, self.left))
        try:
            found = super().recv(bufsize, flags)
        except TimeoutError:
            if given is not None and given < self.left:
                raise
            self._give_up()
        finally:
            self.waited += monotonic() - began
            self.settimeout(given)
        self.received += len(found)
        return found

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        self.settimeout(TAKING)
        try:
            super().sendall(data, flags)
        except TimeoutError:
            self._give_up()

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        self.settimeout(TAKING)
        try:
            return super().sendfile(file, offset, count)
        except TimeoutError:
            self._give_up()

    def _give_up(self) -> NoReturn:
        raise ConnectionResetError(errno.ECONNRESET, "The client was too slow.")


class Worker(ThreadWorker):  # type: ignore[misc]
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.parting: deque[Any] = deque()

    def enqueue_req(self, conn: Any) -> None:
        """Of a connection that is new, or on which something has come: when its head is there."""
        if not isinstance(conn.sock, PatientSocket):
            conn.sock = PatientSocket.of(conn.sock)
        conn.sock.begin()
        conn.data_ready = True
        if _has_read_ahead(conn) or conn.sock.has_head():
            super().enqueue_req(conn)
            return
        conn.timeout = monotonic() + HEAD_SECONDS  # after which gunicorn closes what is pending
        self.pending_conns.append(conn)
        go_on = partial(self.on_head_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, go_on)

    def on_head_readable(self, conn: Any, client: PatientSocket) -> None:
        if client.has_head():
            self.poller.unregister(client)
            self.pending_conns.remove(conn)
            super().enqueue_req(conn)

    def finish_request(self, conn: Any, fs: Future[Any]) -> None:
        if not fs.cancelled() and not fs.exception() and fs.result():
            super().finish_request(conn, fs)
        else:
            self._part(conn)

    def on_parting_readable(self, conn: Any, client: PatientSocket) -> None:
        if client.is_over():
            self._leave(conn)

    def murder_pending(self) -> None:
        """gunicorn's, every second: those whose time is over."""
        super().murder_pending()
        while self.parting and self.parting[0].timeout <= monotonic():
            self._leave(self.parting[0])

    def _part(self, conn: Any) -> None:
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.nr_conns -= 1
            conn.close()
            return
        conn.sock.setblocking(False)
        conn.timeout = monotonic() + PARTING
        self.parting.append(conn)
        go_on = partial(self.on_parting_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, go_on)

    def _leave(self, conn: Any) -> None:
        self.parting.remove(conn)
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    def _cap_keepalive(self, deadline: float) -> None:
        """When it is to end, it waits no longer for those that have not said anything yet."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)


def _has_read_ahead(conn: Any) -> bool:
    """Whether gunicorn has bytes of the next request already."""
    return conn.parser is not None and bool(conn.parser.unreader.buf.getvalue())
