"""The client: a request to a provider, an answer into a Task. One call, one HTTP request.

There are no retries in here. A submit is not idempotent, and whoever calls knows best when to
look again; each error says whether that can help (kling/errors).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from kling import dialects, envelope
from kling.accounts import Account, Credentials
from kling.complaints import Answer
from kling.errors import (
    FieldError,
    InvalidInput,
    KlingError,
    NotPrepared,
    NotSupported,
    Unparsable,
)
from kling.requests import Request
from kling.tasks import Task
from kling.transport import HttpRequest, HttpResponse, PooledTransport, Timeouts, Transport

__all__ = ["Account", "KlingClient", "Task"]

MAX_PAGE = 1000  # Kling's limits of the list query (protocol, section 4.2)
MAX_PAGE_SIZE = 500
MAX_ID = 200  # characters
MAX_RETRY_AFTER = 3600.0  # seconds of a Retry-After header that are believed
# A query is small, and asked again anyway: a provider that hangs must not hold those who ask, as
# long as a submit may take.
QUERY_TIMEOUTS = Timeouts(connect=5.0, read=10.0, total=20.0)
LIST_TIMEOUTS = Timeouts(connect=5.0, read=20.0, total=30.0)
_MIN_SECRET = 6  # characters; shorter ones would blot out half of an answer
_USER_AGENT = "kling-saas"


class KlingClient:
    """Speaks for one account. Safe to share between threads.

    ``transport`` is the seam for tests and for other HTTP stacks.
    """

    def __init__(self, account: Account, transport: Transport | None = None) -> None:
        self.account = account
        self._dialect = dialects.get(account.dialect)
        self._credentials = Credentials(account)
        self._transport = transport or PooledTransport()

    def __repr__(self) -> str:
        return f"KlingClient({self.account!r})"

    def submit(
        self,
        request: Request,
        *,
        external_task_id: str,
        callback_url: str | None = None,
        files: Mapping[str, str] | None = None,
        ids: Mapping[str, str] | None = None,
    ) -> Task:
        """Creates the task. Where an error is ``maybe_accepted``, look it up before resending.

        ``files`` and ``ids``: see Request.wire_body. Where the request has a step, that is asked
        first; what becomes of it never leaves the task itself in doubt.
        """
        if request.dialect != self._dialect.name:
            raise ValueError(f"The request is for {request.dialect}, not {self._dialect.name}.")
        body = request.wire_body(
            external_task_id=external_task_id, callback_url=callback_url, files=files, ids=ids
        )
        if request.step is None:
            return self._create(request, body)
        found = self._prepare(request.step, files=files, ids=ids)
        try:
            return self._create(request, request.operation.after_step(body, found))
        except KlingError as exc:
            exc.step_was_done = True
            raise

    def _create(self, request: Request, body: dict[str, Any]) -> Task:
        if "model_name" in body:
            name = body["model_name"]
            body["model_name"] = self.account.model_names.get(name, name)
        answer = self._call("POST", self._path(request.operation.path), body=body)
        return envelope.parse_task(answer)

    def _prepare(
        self, step: Request, *, files: Mapping[str, str] | None, ids: Mapping[str, str] | None
    ) -> Task:
        body = step.wire_body(external_task_id="", files=files, ids=ids)
        try:
            return envelope.parse_task(
                self._call("POST", self._path(step.operation.path), body=body)
            )
        except KlingError as exc:
            if not exc.maybe_accepted:
                raise
            # Of the step it is not known whether it was done; the task was surely not created.
            message = f"{step.operation.title}: {exc.message}"
            raise NotPrepared(
                message, code=exc.code, http_status=exc.http_status, request_id=exc.request_id
            ) from exc

    def get(self, path: str, task_id: str) -> Task:
        """The task by the provider's id. ``path`` is the operation's, as it was submitted."""
        target = f"{self._path(path)}/{_segment(task_id)}"
        answer = self._call("GET", target, asked=task_id, timeouts=QUERY_TIMEOUTS)
        return envelope.parse_task(answer)

    def get_by_external_id(self, path: str, external_id: str) -> Task:
        """The task by our own id. Raises TaskNotFound if the provider says it knows none."""
        task = self.get(path, external_id)
        if task.external_task_id not in (None, external_id):
            # Adopting it would hand one customer the work of another.
            raise Unparsable("The answer is about another task.", request_id=task.request_id)
        return task

    def list_tasks(self, path: str, page: int = 1, size: int = 30) -> tuple[Task, ...]:
        """One page of the account's tasks. Raises NotSupported where no list is documented."""
        if not self._dialect.lists_tasks:
            raise NotSupported(f"{self._dialect.title} documents no list of tasks.")
        if not 1 <= page <= MAX_PAGE or not 1 <= size <= MAX_PAGE_SIZE:
            raise ValueError(f"page goes to {MAX_PAGE}, size to {MAX_PAGE_SIZE}.")
        query = urlencode({"pageNum": page, "pageSize": size})
        target = f"{self._path(path)}?{query}"
        answer = self._call("GET", target, timeouts=LIST_TIMEOUTS)
        return envelope.parse_tasks(answer)

    def costs(self, *, start: int, end: int, pack: str = "") -> dict[str, Any]:
        """Resource packs between two times (epoch milliseconds). At most one call a second.

        ``remaining_quantity`` lags by 12 hours. Raises NotSupported outside the official API.
        """
        if not self._dialect.reports_costs:
            raise NotSupported(f"{self._dialect.title} does not report costs.")
        values = {"start_time": start, "end_time": end} | (
            {"resource_pack_name": pack} if pack else {}
        )
        # Account endpoints have no version in their path.
        target = f"/account/costs?{urlencode(values)}"
        return envelope.parse_data(self._call("GET", target, timeouts=QUERY_TIMEOUTS))

    def _path(self, operation_path: str) -> str:
        return self._dialect.path(operation_path, endpoint_path=self.account.endpoint_path)

    def _call(
        self,
        method: str,
        target: str,
        *,
        body: Mapping[str, Any] | None = None,
        asked: str | None = None,
        timeouts: Timeouts | None = None,
    ) -> Answer:
        headers = {
            "Authorization": self._credentials.header(),
            "Content-Type": "application/json",
            "Accept": "application/json",
            # Small answers: not worth a decompressor that a hostile one could blow up.
            "Accept-Encoding": "identity",
            "User-Agent": _USER_AGENT,
        }
        url = self.account.base_url + target
        raw = None if body is None else _encoded(body)
        response = self._transport.send(HttpRequest(method, url, headers, raw, timeouts))
        return self._answer(response, asked)

    def _answer(self, response: HttpResponse, asked: str | None) -> Answer:
        if 300 <= response.status < 400:
            # CometAPI redirects wrong paths. Following one would hand the key to another host.
            raise Unparsable("The provider redirects.", http_status=response.status)
        text = response.body
        for secret in self._credentials.secrets:
            if len(secret) >= _MIN_SECRET:
                # Some providers repeat the key in their error texts, which we log and store.
                text = text.replace(secret.encode(), b"***")
        return Answer(
            body=envelope.decode(text, http_status=response.status),
            http_status=response.status,
            request_id=response.headers.get("x-request-id"),
            retry_after=_seconds(response.headers.get("retry-after")),
            asked=asked,
        )


def _encoded(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, allow_nan=False).encode()


def _segment(task_id: str) -> str:
    """An id as one path segment: no slash, question mark or dot segment can leave its place."""
    if not task_id or len(task_id) > MAX_ID or task_id in (".", ".."):
        message = f"A task id has 1 to {MAX_ID} characters."
        raise InvalidInput([FieldError("task_id", "not_allowed", message)])
    return quote(task_id, safe="")


def _seconds(header: str | None) -> float | None:
    """Retry-After in seconds; its other form, a date, is left to our own schedule."""
    with contextlib.suppress(TypeError, ValueError):
        seconds = float(header or "")
        if 0 <= seconds <= MAX_RETRY_AFTER:
            return seconds
    return None
