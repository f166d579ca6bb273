"""Looking into the files of a task, in the background: fetched, probed, judged and priced.

The create call has been answered by then, as at the real providers: a bad file fails the task.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from kling import operations
from kling.errors import FieldError, InvalidInput
from kling.media import MediaRule, spots

from .judging import judged
from .materials import Material
from .media import probe
from .media.sniff import NotMedia
from .settings import Settings
from .shelf import CannotFetch, Shelf, TooLarge
from .store import Store
from .tasks import Task

logger = logging.getLogger(__name__)

WORKERS: Final = 4
# Seconds after which an idle worker looks whether it should still be there.
LOOK_AGAIN: Final = 1.0
NOT_FETCHED: Final = "Something went wrong when we tried to get the contents of the file."
WRONG_SHAPE: Final = "The resolution or aspect ratio of the input image is invalid"


class BadFile(Exception):
    """The text is what the task says of its failure."""


class Inspector:
    """`then` is called with each task whose files have all been looked into."""

    def __init__(
        self, *, settings: Settings, store: Store, shelf: Shelf, then: Callable[[Task], None]
    ) -> None:
        self._settings = settings
        self._store = store
        self._shelf = shelf
        self._then = then
        self._waiting: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self._closed = False
        for _ in range(WORKERS):
            # Daemons: a fetch that hangs would keep the process from ending.
            threading.Thread(target=self._work, name="inspect", daemon=True).start()

    def begin(self, task: Task) -> None:
        """Look into the files of `task`, unless somebody is at it."""
        with self._lock:
            if task.task_id in self._busy:
                return
            self._busy.add(task.task_id)
        self._waiting.put(task)

    def close(self) -> None:
        self._closed = True

    def _work(self) -> None:
        while not self._closed:
            with contextlib.suppress(queue.Empty):
                self._run(self._waiting.get(timeout=LOOK_AGAIN))

    def _run(self, task: Task) -> None:
        try:
            # Looked into meanwhile, if it was asked for twice in a moment.
            known = self._store.get(task.task_id) or task
            if known.waiting:
                known = self._seen(known)
                self._store.learn(known)
            self._then(known)
        except Exception:
            # One task's odd file must not end the worker for all others.
            if not self._closed:
                logger.exception("could not look into the files of %s", task.task_id)
        finally:
            with self._lock:
                self._busy.discard(task.task_id)

    def _seen(self, task: Task) -> Task:
        rules = {
            spot.path: spot.rule.on(task.dialect)
            for spot in spots(operations.get(task.operation).Input, task.fields)
            if spot.rule is not None
        }
        try:
            found = tuple(self._looked(one, rules.get(one.path)) for one in task.materials)
            task = replace(task, materials=found)
            return replace(task, units=_units(task))
        except BadFile as error:
            seen = tuple(replace(one, unseen=False) for one in task.materials)
            plan = replace(task.plan, failure=task.plan.failure or str(error))
            return replace(task, materials=seen, plan=plan)

    def _looked(self, material: Material, rule: MediaRule | None) -> Material:
        if not material.unseen or rule is None:
            return replace(material, unseen=False)
        noun = material.kind.capitalize()
        policy = self._settings.fetch_files
        try:
            file = material.file or self._shelf.fetch(
                material.address, most=rule.max_bytes, policy=policy
            )
            media = probe.probe(self._shelf.path(file))
        except CannotFetch as error:
            raise BadFile(NOT_FETCHED) from error
        except TooLarge as error:
            raise BadFile(f"{noun} file size is invalid") from error
        except NotMedia as error:
            raise BadFile(f"{noun} format is invalid") from error
        if media.bytes > rule.max_bytes:
            raise BadFile(f"{noun} file size is invalid")
        return replace(material, file=file, media=media, unseen=False)


def _units(task: Task) -> str:
    """The right deduction, now that the files are known. Raises BadFile where one is wrong."""
    operation = operations.get(task.operation)
    try:
        request = judged(operation, task.fields, dialect=task.dialect, media=task.media)
    except InvalidInput as error:
        raise BadFile(_text(error.errors[0], task)) from error
    return str(request.units.amount)


def _text(error: FieldError, task: Task) -> str:
    """Kling's words for what is wrong with a file (protocol, section 8.2)."""
    found = next((one for one in task.materials if one.path == error.field), None)
    if found is None:
        return error.message
    noun = found.kind.capitalize()
    match error.code:
        case "unsupported_media_type":
            return f"{noun} format is invalid"
        case "wrong_ratio" if found.kind == "image":
            return WRONG_SHAPE
        case "too_small" | "too_large" | "wrong_ratio" | "wrong_size":
            return f"{noun} pixel is invalid"
        case "out_of_range":
            what = "frame rate" if "frames a second" in error.message else "duration"
            return f"{noun} {what} is invalid"
    return error.message
