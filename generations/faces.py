"""The faces of a video, before one of them is made to speak: a step of lip-sync, sold by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from accounts.access import Actor
from accounts.models import Workspace
from generations import actions, queries
from generations.actions import Created, Order
from generations.errors import InvalidRequest
from generations.models import Asset, Generation
from generations.representation import visible_assets

OPERATION = "identify-face"


@dataclass(frozen=True)
class Face:
    """`face_id` is the provider's, good for its session. Milliseconds from the video's start."""

    face_id: str
    start_ms: int
    end_ms: int
    picture: Asset


def identify_faces(
    video: Mapping[str, str], *, by: Actor, provider: str = "", idempotency_key: str = ""
) -> Created:
    """Have the provider look for faces. `video` has `video_url` or `video_id`.

    The generation is the session that a lip-sync names, for 24 hours. Raises as actions.submit;
    what is wrong with the video under the plain names of its fields.
    """
    order = Order(OPERATION, dict(video), provider=provider, idempotency_key=idempotency_key)
    try:
        return actions.submit(order, by=by)
    except InvalidRequest as exc:
        errors = [replace(error, field=error.field.removeprefix("input.")) for error in exc.errors]
        raise InvalidRequest(errors) from None


def session(workspace: Workspace, public_id: str) -> Generation | None:
    """The generation that looked for faces under this id, or None."""
    found = queries.for_workspace(workspace).filter(public_id=public_id, operation=OPERATION)
    return found.prefetch_related("assets").first()


def faces_of(generation: Generation) -> list[Face]:
    """What was found, in the provider's order; empty until the generation has succeeded."""
    return [_face(asset) for asset in visible_assets(generation)]


def _face(asset: Asset) -> Face:
    details: dict[str, Any] = asset.details
    return Face(
        face_id=asset.provider_asset_id,
        start_ms=details.get("start_ms", 0),
        end_ms=details.get("end_ms", 0),
        picture=asset,
    )
