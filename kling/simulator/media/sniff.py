"""What kind of file it is, by its first bytes.

FFmpeg is told the format and never asked to guess: some of what it would guess (play lists) opens
further addresses.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer

# Start of the file → FFmpeg's name of the format.
_STARTS: Final = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "png_pipe"),
    (re.compile(rb"\xff\xd8\xff"), "jpeg_pipe"),
    (re.compile(rb"....ftyp", re.DOTALL), "mov"),
    (re.compile(rb"RIFF....WAVE", re.DOTALL), "wav"),
    (re.compile(rb"ID3|\xff[\xfb\xf3\xf2\xfa]"), "mp3"),
    (re.compile(rb"\xff[\xf0\xf1\xf8\xf9]"), "aac"),
)
_LONGEST: Final = 16
BRAND: Final = slice(8, 12)


class NotMedia(Exception):
    """Not a file that any operation takes, or a broken one."""


def head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LONGEST)


def opened(path: Path) -> InputContainer:
    """The file for reading; close it. Raises NotMedia."""
    start = head(path)
    for pattern, name in _STARTS:
        if pattern.match(start):
            try:
                return av.open(str(path), format=name)
            except (av.FFmpegError, OSError) as error:
                raise NotMedia(path.name) from error
    raise NotMedia(path.name)
