"""Files that people and programs give us, to be used as input of generations."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from accounts.access import Actor
from accounts.models import Scope, Workspace
from generations import quotas
from generations.errors import InvalidRequest, StorageUnavailable, TooLarge, UnsupportedMedia
from generations.media import downloading, storage
from generations.media.downloading import Received
from generations.media.errors import BrokenMedia, StorageDown
from generations.media.probing import Probe, probe
from generations.media.sniffing import HEAD_BYTES, MediaType, sniff
from generations.models import Origin, Upload
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
    with available(), storage.incoming() as copied:
        size, digest = downloading.copy(file.chunks(), copied)
        received = Received(copied, media_type, size, digest)
        upload = _new(received, _probe(received), workspace=by.workspace)
        upload.uploaded_by, upload.filename = by.user, label_of(file.name or "")
        _store(upload, received)
        return upload


def keep(
    received: Received, found: Probe, *, workspace: Workspace, origin: Origin, source_url: str = ""
) -> Upload:
    """The upload of a workspace with this content: the one that it has, or a new one.

    Raises QuotaExceeded, StorageUnavailable; after either nothing is left.
    """
    upload = _new(received, found, workspace=workspace)
    if same := _same(upload):
        return same
    quotas.check_storage(workspace, adding=received.bytes)
    upload.origin, upload.source_url = origin, source_url
    with available():
        return _store(upload, received, once=True)


def delete_upload(upload: Upload, *, by: Actor) -> None:
    """Remove the file, then the row: a row without a file can be deleted again.

    Raises NotPermitted, StorageUnavailable.
    """
    by.require(Scope.WRITE)
    with available():
        storage.remove(upload.key)
    upload.delete()


def label_of(name: str) -> str:
    """A file's name as something to show: never a path, and nothing that cannot be seen."""
    last = PurePosixPath(name.replace("\\", "/")).name
    shown = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C")
    return unicodedata.normalize("NFC", shown).strip()[:LONGEST_NAME]


@contextmanager
def available() -> Iterator[None]:
    """Turn trouble with the storage into StorageUnavailable."""
    try:
        yield
    except StorageDown as exc:
        log.error("a file cannot be stored: %s", exc)
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


def _probe(received: Received) -> Probe:
    try:
        return probe(received.path, received.media_type)
    except BrokenMedia as exc:
        raise InvalidRequest([FieldError("file", "broken_file", str(exc))]) from exc


def _new(received: Received, found: Probe, *, workspace: Workspace) -> Upload:
    upload = Upload(
        public_id=new_upload_id(),
        workspace=workspace,
        kind=received.media_type.kind,
        media_type=received.media_type.name,
        bytes=received.bytes,
        sha256=received.sha256,
        width=found.width,
        height=found.height,
        duration=found.duration,
        frames_per_second=found.frames_per_second,
    )
    upload.key = _key(upload, received.media_type)
    return upload


def _same(upload: Upload) -> Upload | None:
    """What the workspace has of the same content."""
    rows = Upload.objects.filter(workspace=upload.workspace_id, sha256=upload.sha256)
    return rows.filter(media_type=upload.media_type).first()


def _store(upload: Upload, received: Received, *, once: bool = False) -> Upload:
    """The row of the stored file; with `once` that of the same content, if there is one by now."""
    storage.put(upload.key, received.file, seconds=STORE_SECONDS)
    stored = None
    try:
        stored = _record(upload, once=once)
    finally:
        if stored is not upload:
            with suppress(StorageDown):
                storage.remove(upload.key)
    return stored


def _key(upload: Upload, media_type: MediaType) -> str:
    return f"{upload.workspace.public_id}/uploads/{upload.public_id}.{media_type.extension}"


@transaction.atomic(durable=True)
def _record(upload: Upload, *, once: bool) -> Upload:
    # One upload of a workspace after the other, or two would both fit the last room, and twenty
    # requests with one picture would keep it twenty times.
    Workspace.objects.select_for_update().get(pk=upload.workspace_id)
    if once and (same := _same(upload)):
        return same
    quotas.check_storage(upload.workspace, adding=upload.bytes)
    upload.save(force_insert=True)
    return upload
