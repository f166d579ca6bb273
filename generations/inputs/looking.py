"""Files that came with a request: onto disk, and looked into, before anybody believes them."""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from generations.media import downloading, storage
from generations.media.downloading import MEGABYTE, Received
from generations.media.errors import BrokenMedia
from generations.media.probing import Probe, probe
from generations.media.sniffing import sniff_file
from generations.models import Origin
from webhooks import http

PIECE = 4 * 64 * 1024  # characters of Base64 that are decoded at once; four of them are three bytes


class Unusable(Exception):
    """Why a file cannot be had or used; `code` and the text are for the one who gave it."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class Allowance:
    """Bytes that the fetched files of one request may have together; threads share it.

    The declared length of a list is checked only once its files are known: without this, a list
    of 32 films would bring gigabytes onto our disk first.
    """

    def __init__(self, most: int) -> None:
        self._most = self._left = most
        self._lock = Lock()

    def spent_on(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """`chunks`, as long as they fit. Raises Unusable."""
        for chunk in chunks:
            with self._lock:
                self._left -= len(chunk)
            if self._left < 0:
                most = self._most // MEGABYTE
                message = f"The files of a request may have at most {most} MB together."
                raise Unusable("too_large", message)
            yield chunk


@dataclass(frozen=True)
class Looked:
    """A file on disk for the length of the request, and what was found in it."""

    received: Received
    probe: Probe
    origin: Origin
    source_url: str = ""


@contextmanager
def inline(text: str, *, max_bytes: int) -> Iterator[Looked]:
    """A file in Base64, with or without the head of a data: URI. Raises Unusable, StorageDown."""
    encoded = _encoded(text)
    if len(encoded) // 4 * 3 > max_bytes + 3:
        raise _too_large(max_bytes)
    with storage.incoming() as file:
        size, digest = downloading.copy(_decoded(encoded), file)
        if size > max_bytes:
            raise _too_large(max_bytes)
        media_type = sniff_file(file)
        if media_type is None:
            raise Unusable("unsupported_media_type", "The Base64 holds no file that can be used.")
        received = Received(file, media_type, size, digest)
        yield Looked(received, _probe(received), Origin.INLINE)


@contextmanager
def fetched(
    url: str, *, kind: str, max_bytes: int, seconds: float, allowance: Allowance
) -> Iterator[Looked]:
    """A file from an address that a user gave. Raises Unusable, StorageDown."""
    with storage.incoming() as file:
        with _fetch_errors(max_bytes), http.stream(url, max_bytes=max_bytes, total=seconds) as got:
            size, digest = downloading.copy(allowance.spent_on(got.chunks()), file)
        media_type = sniff_file(file)
        if media_type is None:
            message = f"The address gives no {kind} file."
            raise Unusable("unsupported_media_type", message)
        received = Received(file, media_type, size, digest)
        yield Looked(received, _probe(received), Origin.LINK, url)


@contextmanager
def _fetch_errors(max_bytes: int) -> Iterator[None]:
    try:
        yield
    except http.UnsafeAddress as exc:
        raise Unusable("unsafe_address", str(exc)) from exc
    except http.TooLarge as exc:
        raise _too_large(max_bytes) from exc
    except http.FetchError as exc:
        raise Unusable("fetch_failed", f"The file could not be fetched. {exc}") from exc


def _encoded(text: str) -> str:
    """Only the Base64. The type in the head of a data: URI is not believed, so not read."""
    if text[:5].lower() == "data:":
        head, _, text = text.partition(",")
        if not head.lower().endswith(";base64"):
            raise Unusable("not_allowed", "A data: URI must be in Base64.")
    # Copying 13 MB only where there is a reason to.
    return text if not any(sign in text for sign in " \n\r\t") else "".join(text.split())


def _decoded(text: str) -> Iterator[bytes]:
    """Piece by piece: the whole file is never in memory beside its text."""
    for start in range(0, len(text), PIECE):
        piece = text[start : start + PIECE]
        if "=" in piece and start + PIECE < len(text):
            raise Unusable("broken_file", "The Base64 ends in the middle.")
        try:
            yield binascii.a2b_base64(piece, strict_mode=True)
        except ValueError as exc:  # also of characters outside ASCII
            raise Unusable("broken_file", "The Base64 is not whole, or is none.") from exc


def _probe(received: Received) -> Probe:
    try:
        return probe(received.path, received.media_type)
    except BrokenMedia as exc:
        raise Unusable("broken_file", str(exc)) from exc


def _too_large(max_bytes: int) -> Unusable:
    return Unusable("too_large", f"The file may have at most {max_bytes // MEGABYTE} MB.")
