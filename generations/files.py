"""Stored files over HTTP: by a signed link, or to members of the workspace. Range as in RFC 9110.

The bytes come through us from S3 too: pages may play media from their own host only.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, http_date
from django.views.decorators.http import require_safe

from accounts.decorators import ActorRequest, workspace_required
from generations import links, queries, ranges
from generations.media import posters, storage
from generations.media.errors import NotStored, StorageDown
from generations.models import Asset, State, Upload

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Served:
    """A stored file and what is said of it."""

    key: str
    size: int
    media_type: str
    etag: str
    modified_at: datetime
    filename: str


@require_safe
def signed_file(request: HttpRequest, token: str) -> HttpResponseBase:
    """`/files/{token}`: whoever has the link may see the file until the link expires."""
    found = links.read(token)
    if found is None:
        raise Http404
    public_id, variant = found
    if public_id.startswith("upl_"):
        return upload_response(get_object_or_404(Upload, public_id=public_id), request)
    asset = _visible(Asset.objects.filter(public_id=public_id))
    return (
        poster_response(asset, request) if variant == "poster" else asset_response(asset, request)
    )


@workspace_required
def asset_content(request: ActorRequest, public_id: str) -> HttpResponseBase:
    return asset_response(_of_workspace(request, public_id), request)


@workspace_required
def asset_poster(request: ActorRequest, public_id: str) -> HttpResponseBase:
    return poster_response(_of_workspace(request, public_id), request)


def asset_response(
    asset: Asset, request: HttpRequest, *, redirect_remote: bool = False
) -> HttpResponseBase:
    """The bytes of an asset; with `redirect_remote`, a signed address of S3 if they lie there.

    Raises Http404 if the file is gone, or there never was one.
    """
    if asset.key is None:
        raise Http404
    name = filename_of(asset)
    if redirect_remote:
        address = storage.signed_address(
            asset.key,
            media_type=asset.media_type,
            disposition=_disposition(request, name),
        )
        if address is not None:
            return HttpResponseRedirect(address, headers={"Cache-Control": "no-store"})
    served = Served(
        asset.key, asset.bytes, asset.media_type, f'"{asset.sha256}"', asset.created_at, name
    )
    return _respond(served, request)


def upload_response(upload: Upload, request: HttpRequest) -> HttpResponseBase:
    """The bytes of an upload. Raises Http404 if its file is gone."""
    # Not the name that its owner gave it: the link goes to a provider.
    name = f"{upload.public_id}.{upload.key.rpartition('.')[2]}"
    served = Served(
        upload.key, upload.bytes, upload.media_type, f'"{upload.sha256}"', upload.created_at, name
    )
    return _respond(served, request)


def poster_response(asset: Asset, request: HttpRequest) -> HttpResponseBase:
    """The small picture of an asset. Raises Http404 if it has none."""
    if not asset.poster_key:
        raise Http404
    etag = f'"{asset.sha256}-poster"'
    name = f"{filename_of(asset).rpartition('.')[0]}-poster.jpg"
    try:
        size = storage.size(asset.poster_key)
    except NotStored as exc:
        raise _missing(asset.poster_key) from exc
    except StorageDown as exc:
        return _unavailable(asset.poster_key, exc)
    served = Served(asset.poster_key, size, posters.MEDIA_TYPE, etag, asset.created_at, name)
    return _respond(served, request)


def filename_of(asset: Asset) -> str:
    """What a download is called: `text-to-video-2026-03-01-x7k2qp.mp4`."""
    day = asset.created_at.date().isoformat()
    extension = (asset.key or "").rpartition(".")[2]
    return f"{asset.generation.operation}-{day}-{asset.public_id[-6:]}.{extension}"


def _of_workspace(request: ActorRequest, public_id: str) -> Asset:
    return _visible(queries.assets_of(request.actor.workspace).filter(public_id=public_id))


def _visible(assets: QuerySet[Asset]) -> Asset:
    """Results of a job that has succeeded and was not deleted; all else looks absent."""
    visible = assets.filter(generation__state=State.SUCCEEDED, generation__deleted_at=None)
    return get_object_or_404(visible.select_related("generation"))


def _respond(served: Served, request: HttpRequest) -> HttpResponseBase:
    headers = _headers(served, request)
    modified = int(served.modified_at.timestamp())
    unchanged = get_conditional_response(
        request, etag=served.etag, last_modified=modified, response=HttpResponse(headers=headers)
    )
    if unchanged is not None and unchanged.status_code != 200:
        return unchanged
    if request.method == "HEAD":
        return _head(served, headers)
    try:
        wanted = ranges.wanted(
            request.headers, size=served.size, etag=served.etag, modified=headers["Last-Modified"]
        )
    except ranges.Unsatisfiable:
        headers["Content-Range"] = f"bytes */{served.size}"
        return HttpResponse(status=416, headers=headers)
    return _stream(served, wanted, headers)


def _head(served: Served, headers: dict[str, str]) -> HttpResponseBase:
    try:
        size = storage.size(served.key)
    except NotStored as exc:
        raise _missing(served.key) from exc
    except StorageDown as exc:
        return _unavailable(served.key, exc)
    return HttpResponse(headers={**headers, "Content-Length": str(size)})


def _stream(
    served: Served, wanted: ranges.Range | None, headers: dict[str, str]
) -> HttpResponseBase:
    part = wanted or ranges.Range(0, served.size - 1)
    if wanted is not None:
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{served.size}"
    headers["Content-Length"] = str(part.length)
    try:
        body = storage.read(served.key, first=part.first, length=part.length)
    except NotStored as exc:
        raise _missing(served.key) from exc
    except StorageDown as exc:
        return _unavailable(served.key, exc)
    status = 200 if wanted is None else 206
    return StreamingHttpResponse(body, status=status, headers=headers)


def _headers(served: Served, request: HttpRequest) -> dict[str, str]:
    return {
        "Content-Type": served.media_type,
        "Content-Disposition": _disposition(request, served.filename),
        "ETag": served.etag,
        "Last-Modified": http_date(served.modified_at.timestamp()),
        "Accept-Ranges": "bytes",
        "Cache-Control": "private",
        "X-Content-Type-Options": "nosniff",
    }


def _disposition(request: HttpRequest, name: str) -> str:
    as_attachment = request.GET.get("download") == "1"
    return content_disposition_header(as_attachment, name) or "inline"


def _missing(key: str) -> Http404:
    log.error("%s is in the database and not whole in storage", key)
    return Http404("The file is gone.")


def _unavailable(key: str, error: StorageDown) -> HttpResponse:
    log.error("%s cannot be read: %s", key, error)
    return HttpResponse(
        "The file cannot be read now. Please try again.",
        status=503,
        content_type="text/plain; charset=utf-8",
        headers={"Retry-After": "30"},
    )
