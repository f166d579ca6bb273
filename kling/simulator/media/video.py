"""MP4: H.264 and, when the request asks for sound, AAC."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import av
from av.video.stream import VideoStream

from . import sound
from .picture import frames
from .recipes import Recipe

# `ultrafast` takes a third of the time of `veryfast`; on soft gradients the eye sees no difference.
ENCODER: Final = {"preset": "ultrafast", "crf": "25", "g": "48", "threads": "2"}


class Stopped(Exception):
    """The simulator stops; the half-made file is thrown away."""


def write(recipe: Recipe, path: Path, *, stopping: threading.Event) -> None:
    """A whole clip; the index is moved to the front so that a browser can start at once.

    Raises Stopped between two frames once `stopping` is set: a long 4k clip takes seconds, and the
    process has to be gone sooner.
    """
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=recipe.fps, options=ENCODER)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = recipe.width, recipe.height, "yuv420p"
        sounding = _sounding(recipe)
        pending = _Sound(recipe, container, sounding) if sounding else None
        for frame in frames(recipe, count=recipe.frames, pixel_format="yuv420p"):
            if stopping.is_set():
                raise Stopped
            container.mux(stream.encode(frame))
            if pending is not None:
                pending.mux_until(float(frame.time))
        container.mux(stream.encode(None))
        if pending is not None:
            pending.finish()


def _sounding(recipe: Recipe) -> Callable[..., Iterator[av.AudioFrame]] | None:
    """Where the sound comes from: a file that has one, a chord if sound is asked for, or none."""
    if recipe.tune and sound.has_sound(Path(recipe.tune)):
        return sound.recorded
    return sound.chord if recipe.sound else None


class _Sound:
    """Muxes the audio beside the video; all at the end would hold the whole clip in memory."""

    def __init__(
        self,
        recipe: Recipe,
        container: av.container.OutputContainer,
        sounding: Callable[..., Iterator[av.AudioFrame]],
    ) -> None:
        self._container = container
        self._stream = sound.add_aac(container)
        self._frames = sounding(
            recipe, seconds=recipe.frames / recipe.fps, sample_format="fltp", samples=1024
        )
        self._at = 0.0

    def mux_until(self, seconds: float) -> None:
        while self._at < seconds and (frame := next(self._frames, None)) is not None:
            self._container.mux(self._stream.encode(frame))
            self._at += frame.samples / sound.RATE

    def finish(self) -> None:
        self.mux_until(float("inf"))
        self._container.mux(self._stream.encode(None))
