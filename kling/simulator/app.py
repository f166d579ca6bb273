"""The provider as a plain WSGI application."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from . import (
    access,
    control,
    costs,
    deletions,
    delivery,
    envelopes,
    outputs,
    pages,
    replies,
    routes,
    synchronous,
)
from . import submissions as intake
from .callbacks import Callbacks
from .errors import ConnectionDropped, Refusal, WrongPath
from .faults import FaultScript
from .gallery import Gallery
from .inspection import Inspector
from .links import BadLink, Links
from .media.cache import MediaCache
from .replies import Reply, json_reply
from .routes import Route
from .settings import Settings
from .shelf import Shelf
from .store import Store
from .tasks import Task

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

logger = logging.getLogger(__name__)

_MEDIA: Final = re.compile(r"^/media/([0-9a-f]{40})/([0-9]+\.(mp4|png|mp3|wav))$")


class Simulator:
    """One provider with its state in one folder. `close()` when done."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stopping = threading.Event()
        self.faults = FaultScript()
        self.store = Store(settings.state / "simulator.sqlite3")
        self.cache = MediaCache(settings.state / "media")
        self.shelf = Shelf(settings.state)
        self.inspector = Inspector(
            settings=settings, store=self.store, shelf=self.shelf, then=self._draw
        )
        self.links = Links(secret=self.store.secret("links"), lifetime=settings.link_lifetime)
        self.callbacks = Callbacks(settings=settings, store=self.store, gallery=self.gallery)

    def begin(self, *, base_url: str) -> None:
        """Called once the address is known: links and callbacks name it."""
        self.links.base_url = (self.settings.public_url or base_url).rstrip("/")
        self.callbacks.start()

    def close(self) -> None:
        self.stopping.set()
        self.callbacks.stop()
        self.inspector.close()
        self.cache.close()
        self.store.close()

    def gallery(self, now: float) -> Gallery:
        return Gallery(
            cache=self.cache,
            links=self.links,
            store=self.store,
            look=self.inspector.begin,
            now=now,
        )

    def _draw(self, task: Task) -> None:
        outputs.ready(task, self.cache)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        reply = self._answer(environ)
        status = f"{reply.status} {HTTPStatus(reply.status).phrase}"
        headers = [("Content-Type", reply.content_type), *reply.headers]
        headers.append(("Content-Length", str(reply.length or 0)))
        start_response(status, headers)
        return reply.body

    def _answer(self, environ: WSGIEnvironment) -> Reply:
        """Raises ConnectionDropped only; everything else becomes an answer."""
        path = environ["PATH_INFO"]
        dialect = routes.dialect_of(path)
        try:
            return self._routed(environ, path)
        except Refusal as refusal:
            return json_reply(envelopes.refused(refusal), status=refusal.http_status)
        except WrongPath:
            if dialect == "cometapi" or dialect is None:
                return json_reply(envelopes.wrong_path(path), status=404)
            return json_reply(envelopes.refused(Refusal(1203)), status=404)

    def _routed(self, environ: WSGIEnvironment, path: str) -> Reply:
        method: str = environ["REQUEST_METHOD"]
        if path == "/":
            return pages.front(self.settings.fetch_files)
        if matched := _MEDIA.match(path):
            return self._media(environ, token=matched[1], name=matched[2])
        if path.startswith(control.PREFIX) and self.settings.control:
            return control.answer(self, method, path, _body(environ))
        dialect = routes.dialect_of(path)
        is_costs = path == "/account/costs"
        if dialect is None and not is_costs:
            raise WrongPath(path)
        access.check(
            environ.get("HTTP_AUTHORIZATION"),
            dialect=dialect or "official",
            settings=self.settings,
        )
        if is_costs:
            return json_reply(costs.report(_query(environ), store=self.store))
        if method == "POST" and (kind := deletions.kind_of(path)):
            return deletions.answer(
                kind, _body(environ), store=self.store, now=self.settings.clock()
            )
        return self._called(method, routes.find(path), environ)

    def _called(self, method: str, route: Route, environ: WSGIEnvironment) -> Reply:
        if method == "POST" and route.reference is None:
            return self._create(route, _body(environ))
        if method != "GET":
            raise Refusal(1202)
        if route.reference is not None:
            return self._query(route, route.reference)
        if route.dialect != "official":
            raise WrongPath(route.path)
        return self._list(route, _query(environ))

    def _create(self, route: Route, raw: bytes) -> Reply:
        submission = intake.read(route, raw)
        fault = self.faults.take(
            "submit", dialect=route.dialect, path=route.path, texts=submission.texts
        )
        now = self.settings.clock()
        if fault is not None and not fault.accepted:
            intake.record(submission, store=self.store, now=now, outcome=f"fault {fault.kind}")
            empty = json_reply(envelopes.plain(route.dialect, {}))
            return replies.spoiled(empty, fault, stopping=self.stopping)
        try:
            task = self._accepted(submission)
        except Refusal as refusal:
            outcome = f"refused {refusal.code}"
            intake.record(submission, store=self.store, now=now, outcome=outcome)
            raise
        intake.record(submission, store=self.store, now=now, outcome="accepted", task=task)
        self._set_going(task)
        reply = self._created(task)
        return replies.spoiled(reply, fault, stopping=self.stopping) if fault else reply

    def _accepted(self, submission: intake.Submission) -> Task:
        return intake.accept(
            submission,
            settings=self.settings,
            store=self.store,
            shelf=self.shelf,
            faults=self.faults,
        )

    def _created(self, task: Task) -> Reply:
        if not task.synchronous:
            return json_reply(envelopes.accepted(task, self.settings.clock()))
        done = synchronous.wait(task, store=self.store, cache=self.cache, stopping=self.stopping)
        return json_reply(envelopes.queried(done, self.gallery(self.settings.clock())))

    def _set_going(self, task: Task) -> None:
        """Begin to look and draw at once: most of the delay is then over before anybody asks."""
        self.gallery(task.created_at).ready(task)
        texts = (task.words, task.external_id)
        faults = self.faults.take_all("callback", dialect=task.dialect, path=task.path, texts=texts)
        self.callbacks.plan(task, faults)

    def _query(self, route: Route, reference: str) -> Reply:
        now = self.settings.clock()
        task = self.store.find(
            dialect=route.dialect,
            path=route.path,
            reference=reference,
            by_external=self.settings.lookup_by_external_id,
        )
        texts = (reference, *((task.task_id, task.external_id, task.words) if task else ()))
        fault = self.faults.take("query", dialect=route.dialect, path=route.path, texts=texts)
        lost = fault is not None and fault.kind == "not_found"
        if task is None or lost or not task.visible(now):
            refusal = Refusal(1201, f"Task not found by id/external id: {reference}")
            reply = json_reply(envelopes.refused(refusal), status=refusal.http_status)
        else:
            reply = json_reply(envelopes.queried(task, self.gallery(now)))
        return replies.spoiled(reply, fault, stopping=self.stopping) if fault else reply

    def _list(self, route: Route, query: dict[str, str]) -> Reply:
        fault = self.faults.take("query", dialect=route.dialect, path=route.path)
        now = self.settings.clock()
        page = self.store.page(
            dialect=route.dialect,
            path=route.path,
            number=_within(query, "pageNum", default=1, highest=1000),
            size=_within(query, "pageSize", default=30, highest=500),
        )
        shown = [task for task in page if task.visible(now)]
        reply = json_reply(envelopes.listed(route.dialect, shown, self.gallery(now)))
        return replies.spoiled(reply, fault, stopping=self.stopping) if fault else reply

    def _media(self, environ: WSGIEnvironment, *, token: str, name: str) -> Reply:
        try:
            self.links.check(
                token=token,
                name=name,
                query=environ.get("QUERY_STRING", ""),
                now=self.settings.clock(),
            )
        except BadLink:
            return delivery.forbidden()
        file = self.cache.folder / f"{token}.{name.rpartition('.')[2]}"
        reply = delivery.file_reply(file, byte_range=environ.get("HTTP_RANGE"))
        fault = self.faults.take("download", texts=(name,))
        return delivery.spoiled(reply, fault, stopping=self.stopping) if fault else reply


def _body(environ: WSGIEnvironment) -> bytes:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    data: Any = environ["wsgi.input"].read(length)
    if len(data) < length:
        raise ConnectionDropped
    return bytes(data)


def _query(environ: WSGIEnvironment) -> dict[str, str]:
    given = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    return {name: values[0] for name, values in given.items()}


def _within(query: dict[str, str], name: str, *, default: int, highest: int) -> int:
    text = query.get(name, str(default))
    if not text.isdigit() or not 1 <= int(text) <= highest:
        raise Refusal(1201, f"{name} value '{text}' is invalid")
    return int(text)
