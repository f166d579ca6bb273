"""`/healthz` and `/readyz`: for load balancers, and for whoever asks what is missing.

Answered before any other middleware: a probe speaks to an address, not to one of ALLOWED_HOSTS,
and needs no session. Reasons name what is wrong, never where it is or how it is reached.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from threading import Lock
from time import monotonic

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse

from worker.heartbeat import workers_alive

OK = "ok"
HEARTBEAT_SECONDS = 60
STORAGE_WAIT_SECONDS = 3.0
# Of an answer of the storage, good or bad: probes come often, and a write may cost money.
STORAGE_KEEP_SECONDS = 10.0


class HealthMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == "/healthz":
            return live()
        if request.path_info == "/readyz":
            return ready()
        return self.get_response(request)


def live() -> HttpResponse:
    return _answer(JsonResponse({"status": "alive"}))


def ready() -> HttpResponse:
    checks = {"database": _database()}
    # The others ask the database too: behind one that hangs they would only take longer.
    reachable = checks["database"] == OK
    for name, check in (("migrations", _migrations), ("worker", _worker)):
        checks[name] = _safely(check) if reachable else "unknown: no database"
    checks["storage"] = storage.check()
    is_ready = set(checks.values()) == {OK}
    body = {"status": "ready" if is_ready else "unready", "checks": checks}
    return _answer(JsonResponse(body, status=200 if is_ready else 503))


def _answer(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    # Django would log each 503 of a start as an error.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as exc:
        return f"does not answer ({type(exc).__name__})"
    return OK


def _safely(check: Callable[[], str]) -> str:
    try:
        return check()
    except Error as exc:
        return f"cannot be asked ({type(exc).__name__})"


def _migrations() -> str:
    missing = _on_disk() - set(MigrationRecorder(connection).applied_migrations())
    return f"{len(missing)} not applied: run manage.py migrate" if missing else OK


@cache
def _on_disk() -> frozenset[tuple[str, str]]:
    """What this code needs; read once, since it changes with the code only."""
    return frozenset(MigrationLoader(None).graph.nodes)


def _worker() -> str:
    if workers_alive(seconds=HEARTBEAT_SECONDS):
        return OK
    return f"no heartbeat in {HEARTBEAT_SECONDS} s: start one with make worker"


class StorageCheck:
    """Writes, reads and deletes a small file now and then, in a thread of its own.

    A storage that hangs must not hang the probe: it is reported, and one thread waits for it.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="storage-check")
        self._lock = Lock()
        self._running: Future[str] | None = None
        self._asked_at = 0.0

    def check(self) -> str:
        with self._lock:
            now = monotonic()
            done = self._running is not None and self._running.done()
            if self._running is None or (done and now - self._asked_at > STORAGE_KEEP_SECONDS):
                self._running, self._asked_at = self._threads.submit(write_and_read), now
            running = self._running
        try:
            return running.result(timeout=STORAGE_WAIT_SECONDS)
        except TimeoutError:
            return f"did not answer within {STORAGE_WAIT_SECONDS:.0f} s"


def write_and_read() -> str:
    """`ok`, or what a small file met on its way into the storage and out again."""
    name = f"health/{socket.gethostname()}-{os.getpid()}"
    content = os.urandom(16)
    try:
        default_storage.delete(name)
        name = default_storage.save(name, ContentFile(content))
        with default_storage.open(name) as file:
            same = file.read() == content
        default_storage.delete(name)
    except Exception as exc:  # noqa: BLE001 - each storage has exceptions of its own
        return f"cannot be written and read ({type(exc).__name__})"
    return OK if same else "does not give back what was written"


storage = StorageCheck()
