"""A small JPEG that stands for a film or a picture while it is not played."""

from __future__ import annotations

import logging
from fractions import Fraction
from pathlib import Path
from typing import Any

from generations.media import probing
from generations.media.errors import BrokenMedia
from generations.media.sniffing import MediaType

log = logging.getLogger(__name__)

MAX_WIDTH = 1280
# From a tenth into the film: many begin with black.
PLACE = 0.1
MAX_FRAMES = 300  # decoded from the key frame on; at 30 a second, ten seconds of film
MEDIA_TYPE = "image/jpeg"
QUALITY = "4"  # of mjpeg's 2 (best) to 31


def draw(path: Path, media_type: MediaType) -> bytes | None:
    """The JPEG; None for sound, without PyAV, and where the file gives none."""
    if probing.pyav() is None or media_type.kind == "audio":
        return None
    try:
        with probing.opened(path, media_type) as container:
            stream = probing.stream_of(container, media_type)
            frame = None if stream.codec_context is None else _frame(container, stream)
            return None if frame is None else _encode(frame)
    except BrokenMedia:
        # The file was found whole before; a picture of it is not worth losing it.
        log.warning("no poster of %s could be drawn", path.name)
        return None


def _frame(container: Any, stream: Any) -> Any:
    """The first frame at or after PLACE, or else the last one before it.

    Of a large film the key frame before it: the next one may be two gigabytes away.
    """
    target = int((container.duration or 0) * PLACE)
    if target:
        container.seek(target)
    found = None
    for number, frame in enumerate(probing.frames(container, stream)):
        found = frame
        at = None if frame.time is None else frame.time * probing.MICROSECONDS
        if at is None or at >= target or number >= MAX_FRAMES or probing.is_large(stream):
            break
    return found


def _encode(frame: Any) -> bytes:
    width, height = _fitting(frame.width, frame.height)
    small = frame.reformat(width=width, height=height, format="yuvj420p")
    small.pts = 0
    encoder = probing.pyav().CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.thread_count = 1  # each thread would hold a picture of its own
    encoder.options = {"qmin": QUALITY, "qmax": QUALITY}
    packets = [*encoder.encode(small), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)


def _fitting(width: int, height: int) -> tuple[int, int]:
    """At most MAX_WIDTH wide, in proportion, both even as 4:2:0 wants."""
    scale = min(1.0, MAX_WIDTH / width)
    return _even(width * scale), _even(height * scale)


def _even(pixels: float) -> int:
    return max(2, round(pixels / 2) * 2)
