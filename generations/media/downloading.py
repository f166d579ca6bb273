"""A file from an address that a provider gave us, checked on the way to disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from generations.media import storage
from generations.media.errors import BrokenMedia
from generations.media.sniffing import MediaType, sniff_file
from webhooks import http

MEGABYTE = 1024 * 1024
LARGEST = {"video": 2048 * MEGABYTE, "audio": 100 * MEGABYTE, "image": 100 * MEGABYTE}


@dataclass(frozen=True)
class Received:
    """A file on disk that lives as long as the block in which it was received."""

    file: IO[bytes]
    media_type: MediaType
    bytes: int
    sha256: str

    @property
    def path(self) -> Path:
        return Path(self.file.name)


@contextmanager
def download(
    url: str, *, kind: str, seconds: float, trusted_origin: str = ""
) -> Iterator[Received]:
    """GET a file of `kind` within `seconds`, in pieces: memory does not grow with its size.

    `trusted_origin`: the one place that may be on a private network.
    Raises the errors of `webhooks.http_errors`, BrokenMedia for another type, StorageDown.
    """
    with storage.incoming() as file:
        with http.stream(
            url, max_bytes=LARGEST[kind], total=seconds, trusted_origin=trusted_origin
        ) as answer:
            size, digest = copy(answer.chunks(), file)
        media_type = sniff_file(file)
        if media_type is None or media_type.kind != kind:
            found = media_type.name if media_type else "something else"
            raise BrokenMedia(f"The file should be {kind}, and is {found}.")
        yield Received(file, media_type, size, digest)


def copy(chunks: Iterable[bytes], file: IO[bytes]) -> tuple[int, str]:
    """Write `chunks` to `file`; returns their number of bytes and SHA-256. Raises StorageDown."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        with storage.errors():
            file.write(chunk)
        digest.update(chunk)
        size += len(chunk)
    with storage.errors():
        file.flush()
    return size, digest.hexdigest()
