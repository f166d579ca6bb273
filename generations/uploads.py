"""Files that people and programs give us, to be used as input of generations."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from accounts.access import Actor
from accounts.models import Scope, Workspace
from generations import quotas
from generations.errors import InvalidRequest, StorageUnavailable, TooLarge, UnsupportedMedia
from generations.media import downloading, storage
from generations.media.errors import BrokenMedia, StorageDown
from generations.media.probing import Probe, probe
from generations.media.sniffing import HEAD_BYTES, MediaType, sniff
from generations.models import Upload
from generations.models.media import new_upload_id
from kling.errors import FieldError

log = logging.getLogger(__name__)

STORE_SECONDS = 60.0
LONGEST_NAME = 200
TAKEN = "Send a video (MP4, MOV, WebM), a picture (PNG, JPEG, WebP) or sound (MP3, WAV, M4A, AAC)."


def save_upload(*, by: Actor, file: UploadedFile[Any]) -> Upload:
    """Check a file and store it.

    Raises NotPermitted, InvalidRequest (empty or broken), TooLarge, UnsupportedMedia,
    QuotaExceeded, StorageUnavailable; after any of them nothing is left.
    """
    by.require(Scope.WRITE)
    _check_size(file)
    quotas.check_storage(by.workspace, adding=file.size or 0)
    media_type = _type_of(file)
    with _available(), storage.incoming() as copied:
        size, digest = downloading.copy(file.chunks(), copied)
        upload = Upload(
            public_id=new_upload_id(),
            workspace=by.workspace,
            uploaded_by=by.user,
            filename=label_of(file.name or ""),
            kind=media_type.kind,
            media_type=media_type.name,
            bytes=size,
            sha256=digest,
        )
        found = _probe(copied.name, media_type)
        upload.width, upload.height, upload.duration = found.width, found.height, found.duration
        upload.key = _key(upload, media_type)
        storage.put(upload.key, copied, seconds=STORE_SECONDS)
    _record(upload)
    return upload


def delete_upload(upload: Upload, *, by: Actor) -> None:
    """Remove the file, then the row: a row without a file can be deleted again.

    Raises NotPermitted, StorageUnavailable.
    """
    by.require(Scope.WRITE)
    with _available():
        storage.remove(upload.key)
    upload.delete()


def label_of(name: str) -> str:
    """A file's name as something to show: never a path, and nothing that cannot be seen."""
    last = PurePosixPath(name.replace("\\", "/")).name
    shown = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C")
    return unicodedata.normalize("NFC", shown).strip()[:LONGEST_NAME]


@contextmanager
def _available() -> Iterator[None]:
    try:
        yield
    except StorageDown as exc:
        log.error("an upload failed: %s", exc)
        raise StorageUnavailable("Files cannot be stored now. Please try again.") from exc


def _check_size(file: UploadedFile[Any]) -> None:
    if not file.size:
        raise InvalidRequest([FieldError("file", "empty_file", "The file is empty.")])
    if file.size > settings.MAX_UPLOAD_BYTES:
        most = settings.MAX_UPLOAD_BYTES // downloading.MEGABYTE
        raise TooLarge(f"The file is larger than {most} MB.")


def _type_of(file: UploadedFile[Any]) -> MediaType:
    file.seek(0)
    media_type = sniff(file.read(HEAD_BYTES))
    if media_type is None:
        raise UnsupportedMedia(f"This type of file cannot be used. {TAKEN}")
    return media_type


def _probe(path: str, media_type: MediaType) -> Probe:
    try:
        return probe(Path(path), media_type)
    except BrokenMedia as exc:
        raise InvalidRequest([FieldError("file", "broken_file", str(exc))]) from exc


def _key(upload: Upload, media_type: MediaType) -> str:
    return f"{upload.workspace.public_id}/uploads/{upload.public_id}.{media_type.extension}"


def _record(upload: Upload) -> None:
    try:
        with transaction.atomic(durable=True):
            # One upload of a workspace after the other, or two would both fit the last room.
            Workspace.objects.select_for_update().get(pk=upload.workspace_id)
            quotas.check_storage(upload.workspace, adding=upload.bytes)
            upload.save(force_insert=True)
    except BaseException:
        with suppress(StorageDown):
            storage.remove(upload.key)
        raise
