"""Is a file as long as it says it is? Read from the formats' own frames, without a decoder.

A decoder does not tell: an MP4 with its index in front opens, and plays, with its end cut off.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import BinaryIO

from generations.media.errors import BrokenMedia
from generations.media.sniffing import MediaType

MAX_BOXES = 10_000  # top-level boxes of a fragmented hour are some thousands
TAIL_BYTES = 4096
# Not a mark: FF 00 is the byte FF of the picture, D0 to D7 restart it, FF FF is padding.
JPEG_MARK = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])", re.DOTALL)


def check(path: Path, media_type: MediaType) -> None:
    """Raises BrokenMedia for a file whose end is missing."""
    checker = CHECKERS.get(media_type.demuxer)
    if checker is not None:
        with path.open("rb") as file:
            checker(file, path.stat().st_size)


def _check_boxes(file: BinaryIO, size: int) -> None:
    """ISO 14496-12: boxes of a length and a name, one after the other, to the end of the file."""
    position, names = 0, set()
    for _ in range(MAX_BOXES):
        if position == size:
            break
        length, name = _box(file, position, size)
        if length < 8 or position + length > size:
            raise BrokenMedia("The file ends in the middle.")
        names.add(name)
        position += length
    if not (b"moov" in names and names & {b"mdat", b"moof"}):
        raise BrokenMedia("The file has no index or no content.")


def _box(file: BinaryIO, position: int, size: int) -> tuple[int, bytes]:
    file.seek(position)
    header = file.read(16)
    length = int.from_bytes(header[:4], "big")
    if length == 1:
        length = int.from_bytes(header[8:16], "big")
    elif length == 0:  # by the standard: to the end of the file
        length = size - position
    return length, header[4:8]


def _check_ebml(file: BinaryIO, size: int) -> None:
    """RFC 8794, of WebM: the header, then one segment, whose length may be left open."""
    head = file.read(1024)
    header_end = _length(head, 4)[1] + _length(head, 4)[0]
    length, start = _length(head, header_end + 4)
    if head[header_end : header_end + 4] != b"\x18\x53\x80\x67":
        raise BrokenMedia("The file has no content.")
    is_open = length == (1 << 7 * (start - header_end - 4)) - 1
    if not is_open and start + length > size:
        raise BrokenMedia("The file is shorter than it says.")


def _length(head: bytes, position: int) -> tuple[int, int]:
    """A length of 1 to 8 bytes, told by its leading zero bits; and the position behind it."""
    first = head[position] if position < len(head) else 0
    if not first:
        raise BrokenMedia("The file cannot be read.")
    width = 9 - first.bit_length()
    value = int.from_bytes(head[position : position + width], "big")
    return value & ((1 << 7 * width) - 1), position + width


def _check_riff(file: BinaryIO, size: int) -> None:
    """WAV and WebP. A WAV made as a stream has 0 or the largest number for its length."""
    said = int.from_bytes(file.read(8)[4:8], "little")
    if said not in (0, 0xFFFFFFFF) and size + 1 < said + 8:  # 1: a padding byte that some leave out
        raise BrokenMedia("The file is shorter than it says.")


def _check_png(file: BinaryIO, size: int) -> None:
    # Not at the very end: some editors leave notes behind the picture.
    file.seek(-min(size, TAIL_BYTES), os.SEEK_END)
    if b"IEND\xae\x42\x60\x82" not in file.read():
        raise BrokenMedia("The picture has no end.")


def _check_jpeg(file: BinaryIO, _size: int) -> None:
    """ITU T.81, annex B: from segment to segment, for a thumbnail in one has an end of its own.

    What follows the end is not looked at: telephones put the film of a "live" photo there.
    """
    with mmap(file.fileno(), 0, access=ACCESS_READ) as picture:
        position = 2
        while mark := JPEG_MARK.search(picture, position):
            if mark[1] == b"\xd9":
                return
            length = int.from_bytes(picture[mark.end() : mark.end() + 2], "big")
            position = mark.end() + max(length, 2)
    raise BrokenMedia("The picture has no end.")


def _check_mp3(file: BinaryIO, size: int) -> None:
    """The Xing or Info header of the first frame has the number of bytes, if its bit 1 is set."""
    head = file.read(10)
    start = 0
    if head.startswith(b"ID3") and len(head) == 10:
        first, second, third, fourth = head[6:]  # of 7 bits each
        start = 10 + (first << 21 | second << 14 | third << 7 | fourth)
    file.seek(start)
    frame = file.read(256)
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    if at < 0 or len(frame) < at + 16 or not frame[at + 7] & 2:
        return
    place = at + (12 if frame[at + 7] & 1 else 8)
    if size - start < int.from_bytes(frame[place : place + 4], "big"):
        raise BrokenMedia("The file is shorter than it says.")


CHECKERS: dict[str, Callable[[BinaryIO, int], None]] = {
    "mov": _check_boxes,
    "matroska": _check_ebml,
    "wav": _check_riff,
    "webp_pipe": _check_riff,
    "png_pipe": _check_png,
    "jpeg_pipe": _check_jpeg,
    "mp3": _check_mp3,
}
