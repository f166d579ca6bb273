"""Size, length and health of a media file, with PyAV and Pillow where they are installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

from generations.media import pictures, structure
from generations.media.errors import BrokenMedia
from generations.media.pictures import MAX_PIXELS
from generations.media.sniffing import MediaType

MAX_SECONDS = 24 * 3600
MAX_FRAME_RATE = 1000  # above it, a file has a clock and not frames
MICROSECONDS = 1_000_000
LARGE = 1920 * 1088  # pixels
MILLISECOND = Decimal("0.001")
# Nothing but the file itself: a media file can name others, or addresses, to be read with it.
OPTIONS = {"protocol_whitelist": "file"}


@dataclass(frozen=True)
class Probe:
    """`duration` in seconds, to the millisecond; None where there is none or it is not known."""

    width: int | None = None
    height: int | None = None
    duration: Decimal | None = None
    frames_per_second: Decimal | None = None


def pyav() -> Any:
    """PyAV, or None without the extra `media`: no pixels and no posters then.

    Imported when it is needed: it takes 25 MB, and most processes never look into a file.
    """
    try:
        return import_module("av")
    except ImportError:
        return None


def probe(path: Path, media_type: MediaType) -> Probe:
    """Raises BrokenMedia for a file that is cut off, or has no stream of its kind to decode."""
    structure.check(path, media_type)
    if media_type.kind == "image":
        width, height = pictures.measure(path, media_type.name) or (None, None)
        return Probe(width, height)
    if pyav() is None:
        return Probe()
    with opened(path, media_type) as container:
        stream = stream_of(container, media_type)
        width, height = _pixels(stream, media_type)
        _decode_one(container, stream)
        return Probe(width, height, _duration(container), _frame_rate(stream, media_type))


@contextmanager
def opened(path: Path, media_type: MediaType) -> Iterator[Any]:
    """The file as a PyAV container. What FFmpeg cannot read becomes BrokenMedia."""
    av = pyav()
    # FFmpeg decodes a picture to open it: without the limit there a few bytes take gigabytes.
    limits = [{"max_pixels": str(MAX_PIXELS)}] if media_type.kind == "image" else []
    try:
        with av.open(
            str(path), format=media_type.demuxer, options=OPTIONS, stream_options=limits
        ) as container:
            yield container
    except av.FFmpegError as exc:
        raise BrokenMedia("The file cannot be decoded.") from exc


def stream_of(container: Any, media_type: MediaType) -> Any:
    """The first stream of the kind, decoding without threads: each would hold frames of its own."""
    streams = container.streams.audio if media_type.kind == "audio" else container.streams.video
    if not streams:
        raise BrokenMedia(f"The file has no {media_type.kind} in it.")
    if streams[0].codec_context is not None:
        streams[0].thread_type = "NONE"
        if is_large(streams[0]):
            streams[0].codec_context.skip_frame = "NONKEY"
    return streams[0]


def is_large(stream: Any) -> bool:
    """Whether only key frames are decoded: of 4K a decoder keeps up to 16 frames of 12 MB."""
    codec = stream.codec_context
    return bool(stream.type == "video" and codec.width * codec.height > LARGE)


def frames(container: Any, stream: Any) -> Iterator[Any]:
    """Decoded one by one. Of a large film each key frame is asked for as if it were the last:
    the decoder would else wait for those that might be shown before it, and hold three or more.
    """
    if not is_large(stream):
        yield from container.decode(stream)
        return
    codec = stream.codec_context
    for packet in container.demux(stream):
        if packet.size:
            yield from codec.decode(packet)
            yield from codec.decode(None)
            codec.flush_buffers()


def first_frame(container: Any, stream: Any) -> Any:
    return next(frames(container, stream), None)


def _pixels(stream: Any, media_type: MediaType) -> tuple[int | None, int | None]:
    if media_type.kind == "audio" or stream.codec_context is None:
        return None, None
    width, height = stream.codec_context.width, stream.codec_context.height
    if not 0 < width * height <= MAX_PIXELS:
        raise BrokenMedia("The picture has no size, or is too large.")
    return width, height


def _decode_one(container: Any, stream: Any) -> None:
    # A codec that this FFmpeg does not know is no fault of the file.
    if stream.codec_context is not None and first_frame(container, stream) is None:
        raise BrokenMedia("The file has nothing to show or play.")


def _duration(container: Any) -> Decimal | None:
    if container.duration is None:
        return None
    seconds = Decimal(container.duration) / MICROSECONDS
    return seconds.quantize(MILLISECOND) if 0 < seconds <= MAX_SECONDS else None


def _frame_rate(stream: Any, media_type: MediaType) -> Decimal | None:
    rate: Fraction | None = stream.average_rate if media_type.kind == "video" else None
    if not rate or not 0 < rate <= MAX_FRAME_RATE:
        return None
    return (Decimal(rate.numerator) / rate.denominator).quantize(MILLISECOND)
