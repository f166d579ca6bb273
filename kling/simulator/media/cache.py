"""Files on disk, made in the background, each once."""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

import av

from . import image, sound, video
from .recipes import Recipe
from .sniff import NotMedia

WRITERS: Final[dict[str, Callable[[Recipe, Path], None]]] = {
    "png": image.write,
    "mp3": sound.write,
    "wav": sound.write,
}
logger = logging.getLogger(__name__)

MICROSECONDS: Final = 1_000_000


class MediaCache:
    """One folder of files named by recipe. Safe for threads; two on one folder only draw twice.

    What recipes are made from lies beside it: their names start at the folder's parent.
    """

    def __init__(self, folder: Path, *, workers: int = 2) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="render")
        self._running: dict[str, Future[None]] = {}
        self._durations: dict[str, str] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self.rendered: list[str] = []

    def path(self, recipe: Recipe) -> Path:
        return self.folder / recipe.filename

    def ready(self, recipe: Recipe) -> bool:
        """True when the file is there; otherwise its making is begun and False returned."""
        if self.path(recipe).is_file():
            return True
        self._begin(recipe)
        return False

    def duration(self, recipe: Recipe) -> str:
        """Length of the finished file as the providers print it: "5.041", "3.0"."""
        known = self._durations.get(recipe.key)
        if known is None:
            known = self._durations[recipe.key] = _probe(self.path(recipe))
        return known

    def close(self) -> None:
        """Forget what has not begun and break off what is being drawn."""
        self._stopping.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, recipe: Recipe) -> None:
        with self._lock:
            if recipe.filename in self._running or self.path(recipe).is_file():
                return
            self._running[recipe.filename] = self._pool.submit(self._render, recipe)

    def _render(self, recipe: Recipe) -> None:
        # Its own name: another cache on the folder, one that is just stopping, may draw the same.
        partial = self.folder / f".{recipe.key}.{secrets.token_hex(4)}.part"
        try:
            self._write(recipe, partial)
            # Renamed when whole: a reader sees the finished file or none.
            os.replace(partial, self.path(recipe))  # noqa: PTH105
            self.rendered.append(recipe.filename)
        except video.Stopped:
            logger.info("broke off %s", recipe.filename)
        except (av.FFmpegError, OSError):
            # Nobody waits for the future: without this line a full disk would look like a task
            # that never ends.
            logger.exception("could not render %s", recipe.filename)
        finally:
            partial.unlink(missing_ok=True)
            with self._lock:
                self._running.pop(recipe.filename, None)

    def _write(self, recipe: Recipe, path: Path) -> None:
        placed = self._placed(recipe)
        try:
            self._written(placed, path)
        except (av.FFmpegError, NotMedia):
            if not (placed.picture or placed.tune):
                raise
            # Good enough for the probe, but not to be decoded to the end: draw something else.
            logger.warning("could not use the files of %s", recipe.filename)
            self._written(replace(placed, picture="", tune="", sound=True), path)

    def _placed(self, recipe: Recipe) -> Recipe:
        """With whole paths, and without files that are not there (yet)."""
        return replace(recipe, picture=self._place(recipe.picture), tune=self._place(recipe.tune))

    def _place(self, name: str) -> str:
        path = self.folder.parent / name
        return str(path) if name and path.is_file() else ""

    def _written(self, recipe: Recipe, path: Path) -> None:
        if recipe.kind == "mp4":
            video.write(recipe, path, stopping=self._stopping)
        else:
            WRITERS[recipe.kind](recipe, path)


def _probe(path: Path) -> str:
    with av.open(str(path)) as container:
        stream = container.streams[0]
        if stream.duration is not None and stream.time_base is not None:
            seconds = float(stream.duration * stream.time_base)
        else:
            seconds = (container.duration or 0) / MICROSECONDS
    # Cut, not rounded: 121 frames at 24 per second are 5.0417 s and Kling prints "5.041".
    return str(int(seconds * 1000 + 1e-6) / 1000)
