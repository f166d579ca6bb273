"""Files that we hold already: uploads, and results of earlier generations."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import cast

from django.conf import settings

from accounts.models import Workspace
from generations import links, queries
from generations.models import Asset, Upload
from kling.media import Media, MediaKind

Row = Asset | Upload


def find(workspace: Workspace, ids: Iterable[str]) -> dict[str, Row]:
    """By public id; what another workspace has is not there. Without a file, it is not either."""
    wanted = set(ids)
    found: dict[str, Row] = {}
    if uploads := {one for one in wanted if one.startswith("upl_")}:
        rows = queries.uploads_of(workspace).filter(public_id__in=uploads)
        found |= {row.public_id: row for row in rows}
    if assets := {one for one in wanted if one.startswith("ast_")}:
        results = queries.assets_of(workspace).filter(public_id__in=assets, key__isnull=False)
        found |= {row.public_id: row for row in results.select_related("generation__account")}
    return found


def own_link(url: str) -> str:
    """The id in a link to a file of ours that is still good, or "".

    Programs hand the address of a result on to the next request. Fetching it from ourselves would
    forget what it is, and an installation on a private network could not do it at all.
    """
    head = f"{settings.SITE_URL}/files/"
    found = links.read(url.removeprefix(head)) if url.startswith(head) else None
    return found[0] if found and found[1] == "content" else ""


def media_of(row: Row) -> Media:
    """What we know of the file of a row, in the words of `kling`."""
    rate: Decimal | None = row.frames_per_second
    return Media(
        kind=cast(MediaKind, row.kind),
        media_type=row.media_type,
        bytes=row.bytes,
        width=row.width,
        height=row.height,
        seconds=row.duration,
        frames_per_second=rate,
    )
