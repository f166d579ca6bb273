"""Size and health of a picture, with Pillow where it is installed."""

from __future__ import annotations

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

from generations.media.errors import BrokenMedia

MAX_PIXELS = 50_000_000  # decoded that is 200 MB; Kling's largest pictures have 9 million
# Two at a time: a request may bring eight small files that take 200 MB each. In threads that stay:
# the allocator keeps what a thread has used, so a lock around eight threads saves nothing.
decoders = ThreadPoolExecutor(max_workers=2, thread_name_prefix="pictures")
# A file is only ever opened as what its signature says: some of Pillow's other formats start
# programs, or are slow by nature.
FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
# What Pillow's readers let through from below when a file lies to them.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, LookupError, struct.error, zlib.error)


def pillow() -> Any:
    """`PIL.Image`, or None without the extra `media`. Imported when it is needed."""
    try:
        image: Any = import_module("PIL.Image")
    except ImportError:
        return None
    # A second lock behind our own, on everything else that Pillow may open by the way.
    image.MAX_IMAGE_PIXELS = MAX_PIXELS
    return image


def measure(path: Path, media_type: str) -> tuple[int, int] | None:
    """Width and height of a picture that can be decoded to its end; None without Pillow.

    Raises BrokenMedia for one that cannot, and for one of more than MAX_PIXELS, before it is
    decoded.
    """
    image = pillow()
    return None if image is None else decoders.submit(_measure, image, path, media_type).result()


def _measure(image: Any, path: Path, media_type: str) -> tuple[int, int]:
    try:
        with image.open(path, formats=[FORMATS[media_type]]) as picture:
            width, height = picture.size
            _check_size(width, height)
            picture.load()
    except (image.DecompressionBombError, image.DecompressionBombWarning) as exc:
        raise BrokenMedia("The picture is too large.") from exc
    except BROKEN as exc:
        raise BrokenMedia("The picture cannot be decoded.") from exc
    return width, height


def _check_size(width: int, height: int) -> None:
    if not 0 < width * height <= MAX_PIXELS:
        raise BrokenMedia("The picture has no size, or is too large.")
