"""Callbacks: the classic bare body, posted at each change of status, once, with no retry."""

from __future__ import annotations

import base64
import hashlib
import heapq
import hmac
import itertools
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import requests

from . import envelopes
from .faults import Fault
from .gallery import Gallery
from .settings import Settings
from .store import Store
from .tasks import Task

logger = logging.getLogger(__name__)

WORKERS: Final = 4
TIMEOUT: Final = (3.0, 10.0)
FOREIGN_URL: Final = "http://files.example.invalid/somebody-elses.mp4"
# A result may still be drawing when its time has come; look again after this many seconds.
LOOK_AGAIN: Final = 0.1
# So long after the other one comes the callback that should have come before it.
SWAPPED_BY: Final = 0.2

Stage = Literal["processing", "final", "forged"]


@dataclass(order=True, slots=True)
class Delivery:
    due: float
    number: int
    task: Task = field(compare=False)
    stage: Stage = field(compare=False)


class Callbacks:
    """Sends in the background. `gallery` gives a view of the tasks as of a moment."""

    def __init__(
        self, *, settings: Settings, store: Store, gallery: Callable[[float], Gallery]
    ) -> None:
        self._settings = settings
        self._store = store
        self._gallery = gallery
        self._numbers = itertools.count()
        self._heap: list[Delivery] = []
        self._changed = threading.Condition()
        self._stopped = False

    def start(self) -> None:
        """Start sending, beginning with what an earlier run still owed."""
        for task in self._store.owing_callbacks():
            self._push(task, "final", task.ends_at)
        for _ in range(WORKERS):
            threading.Thread(target=self._run, name="callbacks", daemon=True).start()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def plan(self, task: Task, faults: list[Fault]) -> None:
        """Schedule the callbacks of a new task as the faults of the stage want them."""
        if not task.callback_url:
            return
        kinds = {fault.kind: fault for fault in faults}
        if "forged" in kinds:
            self._push(task, "forged", task.created_at)
        if "lost" in kinds:
            return
        times: list[tuple[Stage, float]] = [
            ("processing", task.processing_at),
            ("final", task.ends_at),
        ]
        if "early" in kinds:
            self._send(Delivery(task.created_at, -1, task, "processing"))
            times = times[1:]
        if "late" in kinds:
            times[-1] = ("final", task.ends_at + kinds["late"].number(30))
        if "reordered" in kinds:
            times[0] = ("processing", task.ends_at + SWAPPED_BY)
        for stage, due in times * (2 if "doubled" in kinds else 1):
            self._push(task, stage, due)

    def _push(self, task: Task, stage: Stage, due: float) -> None:
        with self._changed:
            heapq.heappush(self._heap, Delivery(due, next(self._numbers), task, stage))
            self._changed.notify()

    def _run(self) -> None:
        while (delivery := self._next()) is not None:
            self._send(delivery)

    def _next(self) -> Delivery | None:
        """The next one that is due; None when the simulator stops."""
        with self._changed:
            while not self._stopped:
                wait = self._heap[0].due - self._settings.clock() if self._heap else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._heap)
                # Short, because a test may move its own clock while nobody notifies.
                self._changed.wait(None if wait is None else min(wait, LOOK_AGAIN))
        return None

    def _send(self, delivery: Delivery) -> None:
        task = delivery.task
        body = self._body(delivery)
        if body is None:
            self._push(task, delivery.stage, self._settings.clock() + LOOK_AGAIN)
            return
        raw = json.dumps(body, ensure_ascii=False).encode()
        try:
            answer = requests.post(
                task.callback_url, data=raw, headers=self._headers(raw), timeout=TIMEOUT
            )
            outcome = str(answer.status_code)
        except requests.RequestException as error:
            outcome = type(error).__name__
        if not self._stopped:
            self._store.record_callback(
                at=self._settings.clock(),
                task_id=task.task_id,
                status="forged" if delivery.stage == "forged" else body["task_status"],
                answer=outcome,
            )
        logger.info("callback %s %s: %s", task.task_id, body["task_status"], outcome)

    def _body(self, delivery: Delivery) -> dict[str, Any] | None:
        """The body; None while the result that it should announce is not there."""
        task = delivery.task
        if delivery.stage == "processing":
            return envelopes.state(task, self._gallery(task.processing_at))
        if delivery.stage == "forged":
            return _forged(envelopes.state(task, self._gallery(task.created_at)))
        # Its files may have been looked into since.
        task = self._store.get(task.task_id) or task
        gallery = self._gallery(max(self._settings.clock(), task.ends_at))
        if envelopes.status(task, gallery) == "processing":
            return None
        return envelopes.state(task, gallery)

    def _headers(self, raw: bytes) -> dict[str, str]:
        """Standard Webhooks, only where a secret was set, as on the real account page."""
        headers = {"Content-Type": "application/json"}
        if not self._settings.callback_secret:
            return headers
        number, at = f"cb-{next(self._numbers)}", str(int(self._settings.clock()))
        key = base64.b64decode(self._settings.callback_secret.removeprefix("whsec_"))
        digest = hmac.new(key, f"{number}.{at}.".encode() + raw, hashlib.sha256).digest()
        signature = f"v1,{base64.b64encode(digest).decode()}"
        signed = {"webhook-id": number, "webhook-timestamp": at, "webhook-signature": signature}
        return headers | signed


def _forged(body: dict[str, Any]) -> dict[str, Any]:
    video = {"id": "1", "url": FOREIGN_URL, "duration": "5"}
    return body | {
        "task_status": "succeed",
        "task_result": {"videos": [video]},
        "final_unit_deduction": "0",
    }
