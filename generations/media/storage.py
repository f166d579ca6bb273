"""Files in `default_storage` under names of our own: put, read in parts, remove.

A folder gets a file by a rename and S3 by an upload that is finished or is not there, so nobody
ever reads half a file. A second time under one name replaces the first: Django's own folder
storage would choose another name, and leave a file that no row knows.
"""

from __future__ import annotations

import os
import posixpath
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, cast

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

from generations.media.errors import NotStored, StorageDown

INCOMING = ".incoming"
# A download is over, or its worker dead, long before.
STALE_AFTER = timedelta(hours=1)
BROKEN_OFF_AFTER = timedelta(days=1)
CHUNK_BYTES = 256 * 1024


def local_path(key: str) -> Path | None:
    """Where the file lies on this machine; None in a remote storage."""
    try:
        return Path(default_storage.path(key))
    except NotImplementedError:
        return None


@contextmanager
def errors(*, reading: bool = False) -> Iterator[None]:
    """Turn what a folder or S3 raises into StorageDown, and into NotStored while reading."""
    try:
        yield
    except OSError as exc:
        if reading and isinstance(exc, FileNotFoundError):
            raise NotStored(str(exc)) from exc
        raise StorageDown(f"Storage: {exc.strerror or exc}") from exc
    except _remote_errors() as exc:
        error = getattr(exc, "response", {}).get("Error", {})
        if reading and error.get("Code") in {"NoSuchKey", "404"}:
            raise NotStored(str(exc)) from exc
        raise StorageDown(f"Storage: {exc}") from exc


def _remote_errors() -> tuple[type[Exception], ...]:
    if local_path("") is not None:  # botocore is 20 MB that a folder does not need
        return ()
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    return Boto3Error, BotoCoreError, ClientError


@contextmanager
def incoming() -> Iterator[IO[bytes]]:
    """A new named file on disk, gone afterwards unless it was put into storage.

    In a folder storage it lies on the same disk, so that putting it is a rename.
    """
    folder = incoming_folder()
    with errors():
        folder.mkdir(parents=True, exist_ok=True)
        remove_stale()
        file = tempfile.NamedTemporaryFile(dir=folder, prefix="kling-", delete=False)  # noqa: SIM115
    try:
        yield cast(IO[bytes], file)
    finally:
        Path(file.name).unlink(missing_ok=True)
        with suppress(OSError):  # a full disk refuses the rest of the buffer once more
            file.close()


def put(key: str, file: IO[bytes], *, seconds: float) -> None:
    """Store an `incoming()` file within about so many seconds. Raises StorageDown."""
    with errors():
        file.flush()
        target = local_path(key)
        if target is None:
            file.seek(0)
            default_storage.save(key, _Bounded(file, seconds=seconds))
            return
        # A power cut after the row is written must not leave an empty file behind it.
        os.fsync(file.fileno())
        target.parent.mkdir(parents=True, exist_ok=True)
        Path(file.name).chmod(0o644)
        Path(file.name).replace(target)


def put_bytes(key: str, content: bytes, *, seconds: float) -> None:
    """Store something small."""
    with incoming() as file:
        with errors():
            file.write(content)
        put(key, file, seconds=seconds)


class _Bounded(File[bytes]):
    """Stops being read after some time: an upload has no end of its own that we could set."""

    def __init__(self, file: IO[bytes], *, seconds: float) -> None:
        super().__init__(file)
        self._source = file
        self._end = time.monotonic() + seconds

    def read(self, *args: Any) -> Any:
        if time.monotonic() > self._end:
            raise TimeoutError("the upload took too long")
        return self._source.read(*args)


def size(key: str) -> int:
    """Raises NotStored, StorageDown."""
    with errors(reading=True):
        return int(default_storage.size(key))


def read(key: str, *, first: int, length: int) -> Part:
    """`length` bytes from byte `first` on. Close it. Raises NotStored, StorageDown."""
    with errors(reading=True):
        path = local_path(key)
        if path is None:
            return Part(_remote_body(key, first, length), length)
        file = path.open("rb")
        if os.fstat(file.fileno()).st_size < first + length:
            file.close()
            raise NotStored(f"{key} is shorter than it was")
        file.seek(first)
        return Part(file, length)


class Part:
    """An iterator over a part of a file that closes it, also when it was never begun."""

    def __init__(self, source: Any, length: int) -> None:
        self._source = source
        self._left = length

    def __iter__(self) -> Part:
        return self

    def __next__(self) -> bytes:
        chunk = self._source.read(min(CHUNK_BYTES, self._left)) if self._left else b""
        if not chunk:
            raise StopIteration
        self._left -= len(chunk)
        return bytes(chunk)

    def close(self) -> None:
        self._source.close()


def remove(key: str) -> None:
    """Gone afterwards, whether it was there or not. Raises StorageDown."""
    with errors():
        default_storage.delete(key)


def remove_folder(prefix: str) -> int:
    """Remove all files directly under `prefix`; returns how many. Raises StorageDown."""
    try:
        with errors(reading=True):
            _folders, names = default_storage.listdir(prefix)
    except NotStored:
        return 0
    for name in names:
        remove(f"{prefix}/{name}")
    if (folder := local_path(prefix)) is not None:
        with errors(), suppress(FileNotFoundError):
            folder.rmdir()
    return len(names)


def signed_address(key: str, *, media_type: str, disposition: str) -> str | None:
    """An address at a remote storage that gives the file for an hour; None for a folder."""
    if local_path(key) is not None:
        return None
    parameters = {"ResponseContentType": media_type, "ResponseContentDisposition": disposition}
    storage: Any = default_storage
    return str(storage.url(key, parameters=parameters))


def _remote_body(key: str, first: int, length: int) -> Any:
    """S3's own stream; `default_storage.open` would fetch the whole file at the first byte."""
    storage: Any = default_storage
    found = storage.bucket.Object(posixpath.join(storage.location, key))
    return found.get(Range=f"bytes={first}-{first + length - 1}")["Body"]


def incoming_folder() -> Path:
    """Where files lie until they are whole."""
    return local_path(INCOMING) or Path(settings.VAR_DIR) / INCOMING


def stale() -> Iterator[Stored]:
    """What killed processes have left there."""
    horizon = datetime.now(UTC) - STALE_AFTER
    for path in incoming_folder().glob("*"):
        with suppress(FileNotFoundError):  # another worker was faster
            found = _local(path, str(path))
            if found.modified_at < horizon:
                yield found


def remove_stale() -> None:
    for file in stale():
        Path(file.key).unlink(missing_ok=True)


@dataclass(frozen=True)
class Stored:
    key: str
    bytes: int
    modified_at: datetime


def walk(prefix: str) -> Iterator[Stored]:
    """Every file in the folder `prefix` and below, one by one. Raises StorageDown."""
    root = local_path("")
    with errors():
        if root is None:
            yield from _walk_remote(prefix)
            return
        for folder, _, names in os.walk(root / prefix, onerror=_raise):
            for path in (Path(folder, name) for name in names):
                with suppress(FileNotFoundError):
                    yield _local(path, path.relative_to(root).as_posix())


def _walk_remote(prefix: str) -> Iterator[Stored]:
    storage: Any = default_storage
    at = posixpath.join(storage.location, "")
    for found in storage.bucket.objects.filter(Prefix=f"{at}{prefix}/"):
        yield Stored(found.key.removeprefix(at), found.size, found.last_modified)


def _raise(error: OSError) -> None:
    """A folder that cannot be read is trouble; one that is not there is empty."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _local(path: Path, key: str) -> Stored:
    found = path.stat()
    return Stored(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))


def unfinished_transfers(prefix: str) -> Iterator[Any]:
    """Uploads to S3 that broke off: their parts cost money, and no list of files shows them.

    `abort()` removes one.
    """
    if local_path("") is not None:
        return
    storage: Any = default_storage
    horizon = datetime.now(UTC) - BROKEN_OFF_AFTER
    at = posixpath.join(storage.location, prefix, "")
    with errors():
        for upload in storage.bucket.multipart_uploads.filter(Prefix=at):
            if upload.initiated < horizon:
                yield upload
