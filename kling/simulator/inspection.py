"""Looking into the files of a task, in the background: fetched, probed, judged and priced.

The create call has been answered by then, as at the real providers: a bad file fails the task.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Final

from kling import operations, requests
from kling.errors import FieldError, InvalidInput
from kling.media import Media, MediaRule, spots

from . import materials
from .materials import Material
from .media import probe
from .media.sniff import NotMedia
from .settings import Settings
from .shelf import CannotFetch, Shelf, TooLarge
from .store import Store
from .tasks import Task

logger = logging.getLogger(__name__)

WORKERS: Final = 4
NOT_FETCHED: Final = "Something went wrong when we tried to get the contents of the file."
WRONG_SHAPE: Final = "The resolution or aspect ratio of the input image is invalid"
# What stands for the units of operations whose price Kling does not document.
RATES: Final[Mapping[str, Decimal]] = {
    operation.name: Decimal(1) for operation in operations.all_operations()
}


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
        self._pool = ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="inspect")
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self._closed = False

    def begin(self, task: Task) -> None:
        """Look into the files of `task`, unless somebody is at it."""
        with self._lock:
            if task.task_id in self._busy:
                return
            self._busy.add(task.task_id)
        with contextlib.suppress(RuntimeError):  # the simulator stops
            self._pool.submit(self._run, task)

    def close(self) -> None:
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, task: Task) -> None:
        try:
            # Looked into meanwhile, if it was asked for twice in a moment.
            known = self._store.get(task.task_id) or task
            if known.waiting:
                known = self._seen(known)
                self._store.learn(known)
            self._then(known)
        except Exception:
            # Nobody waits for the future: without this line the task would never end, unexplained.
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
    """The right deduction, from whole seconds. Raises BadFile where a file breaks a rule."""
    whole = {path: materials.billed(media) for path, media in task.media.items()}
    try:
        _price(task, task.media)
        return _price(task, whole)
    except InvalidInput as error:
        raise BadFile(_text(error.errors[0], task)) from error


def _price(task: Task, media: Mapping[str, Media]) -> str:
    request = requests.parse(
        task.operation, task.fields, dialect=task.dialect, media=media, rates=RATES
    )
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
        case "too_small" | "too_large" | "wrong_ratio":
            return f"{noun} pixel is invalid"
        case "out_of_range":
            what = "frame rate" if "frames a second" in error.message else "duration"
            return f"{noun} {what} is invalid"
    return error.message
