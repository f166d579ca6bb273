"""What is in a file that came with a request: type by content, pixels, seconds, frame rate."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from av.container import InputContainer

from kling.media import AAC, JPEG, M4A, MOV, MP3, MP4, PNG, WAV, Media

from . import sniff

_TYPES: Final = {"png_pipe": PNG, "jpeg_pipe": JPEG, "wav": WAV, "mp3": MP3, "aac": AAC}
_MILLISECOND: Final = Decimal("0.001")


def probe(path: Path) -> Media:
    """Raises NotMedia for what is no picture, video or sound, and for what is cut off."""
    with sniff.opened(path) as container:
        media_type = _TYPES.get(container.format.name)
        try:
            if media_type in (PNG, JPEG):
                return _picture(container, path, str(media_type))
            if media_type is None and container.streams.video:
                is_mov = sniff.head(path)[sniff.BRAND] == b"qt  "
                return _video(container, path, MOV if is_mov else MP4)
            return _sound(container, path, media_type or M4A)
        except (av.FFmpegError, IndexError, StopIteration) as error:
            raise sniff.NotMedia(path.name) from error


def _picture(container: InputContainer, path: Path, media_type: str) -> Media:
    frame = next(container.decode(video=0))
    return Media(
        kind="image",
        media_type=media_type,
        bytes=path.stat().st_size,
        width=frame.width,
        height=frame.height,
    )


def _video(container: InputContainer, path: Path, media_type: str) -> Media:
    stream = container.streams.video[0]
    frame = next(container.decode(stream))
    rate = stream.average_rate
    return Media(
        kind="video",
        media_type=media_type,
        bytes=path.stat().st_size,
        width=frame.width,
        height=frame.height,
        seconds=_seconds(container, stream),
        frames_per_second=_decimal(rate) if rate else None,
    )


def _sound(container: InputContainer, path: Path, media_type: str) -> Media:
    stream = container.streams.audio[0]
    next(container.decode(stream))
    return Media(
        kind="audio",
        media_type=media_type,
        bytes=path.stat().st_size,
        seconds=_seconds(container, stream),
    )


def _seconds(container: InputContainer, stream: Any) -> Decimal | None:
    if stream.duration is not None and stream.time_base is not None:
        return _decimal(stream.duration * stream.time_base)
    return None if container.duration is None else _decimal(Fraction(container.duration, 1_000_000))


def _decimal(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / value.denominator).quantize(_MILLISECOND)
