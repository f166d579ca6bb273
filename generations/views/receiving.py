"""Files and links of a form become uploads, whether they come one by one or with the form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from accounts.access import Actor, NotPermitted
from accounts.models import Scope
from accounts.quotas import QuotaExceeded
from generations import forms, inputs, uploads
from generations.errors import InvalidRequest, StorageUnavailable, TooLarge, UnsupportedMedia
from generations.forms import FILE_PART, PREFIX, Taking
from generations.inputs import paths
from generations.models import Upload
from kling.errors import FieldError

A_KIND = {"image": "A picture", "video": "A video", "audio": "A sound"}
REFUSALS = (
    InvalidRequest,
    UnsupportedMedia,
    TooLarge,
    NotPermitted,
    QuotaExceeded,
    StorageUnavailable,
)


@dataclass(frozen=True)
class Received:
    """What was sent, with the ids of the uploads in their fields; what was refused, as errors."""

    sent: Mapping[str, str]
    errors: tuple[FieldError, ...] = ()


def receive(
    schema: Mapping[str, Any],
    sent: QueryDict,
    files: MultiValueDict[str, UploadedFile[Any]],
    *,
    by: Actor,
) -> Received:
    """A form as a browser without JavaScript sends it: its files are kept before it is judged."""
    values, errors = sent.copy(), []
    for name, file in files.items():
        field = name.removesuffix(FILE_PART)
        taking = forms.taking_at(schema, field.removeprefix(f"{PREFIX}."))
        if taking is None or not taking.is_file or not name.endswith(FILE_PART):
            continue
        if not isinstance(file, UploadedFile):  # of a name without any file
            continue
        try:
            values[field] = receive_file(file, taking, by=by).public_id
        except REFUSALS as exc:
            errors.append(FieldError(field, "refused_file", str(exc)))
    return Received(values, tuple(errors))


def receive_file(file: UploadedFile[Any], taking: Taking, *, by: Actor) -> Upload:
    """The file as an upload. Raises what `uploads.save_upload` does."""
    if taking.max_bytes and (file.size or 0) > taking.max_bytes:
        raise TooLarge(f"The file may have at most {taking.megabytes} MB here.")
    upload = uploads.save_upload(by=by, file=file)
    if not taking.takes(upload.kind, upload.media_type):
        uploads.delete_upload(upload, by=by)
        wanted = A_KIND.get(taking.kind, "A file")
        raise UnsupportedMedia(f"{wanted} is needed here: {taking.formats}.")
    return upload


def receive_link(link: str, operation: str, field: str, *, by: Actor) -> str:
    """The id under which we hold what the link leads to, from now on or already.

    Raises NotPermitted, InvalidRequest, QuotaExceeded, StorageUnavailable.
    """
    by.require(Scope.WRITE)
    if not link.startswith(("http://", "https://")):
        raise _refused(field, "Paste a whole address, beginning with https://.")
    values = forms.planted(field, link)
    place = ".".join("0" if part.isdecimal() else part for part in field.split("."))
    try:
        with inputs.resolve(operation, values, workspace=by.workspace, keep=True) as given:
            value = str(paths.at(given.values, place))
            return inputs.held_id(given, value, workspace=by.workspace)
    except InvalidRequest as exc:
        said = exc.errors[0].message.removeprefix(f"{place}: ")
        raise _refused(field, said) from None


def _refused(field: str, message: str) -> InvalidRequest:
    return InvalidRequest([FieldError(field, "refused_link", message)])
