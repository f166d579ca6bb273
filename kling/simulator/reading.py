"""From a body on the wire to the input that it stands for.

They are the same but for what a provider knows without being told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from . import ids
from .outputs import EXTENSIONS
from .routes import Route
from .store import Store

# Cloudsway's text-to-video page lists these names and sends the other ones in its example.
CLOUDSWAY_NAMES: Final = {
    "MaaS_KeLing_V2.1_master": "kling-v2-1-master",
    "MaaS_KeLing_V2.5_turbo": "kling-v2-5-turbo",
    "MaaS_KeLing_V2.6": "kling-v2-6",
    "MaaS_KeLing_3.0_video": "kling-v3",
}


def understood(
    route: Route, fields: Mapping[str, Any], *, store: Store, now: float
) -> dict[str, Any]:
    known = dict(fields)
    name = known.get("model_name")
    if route.dialect == "cloudsway" and isinstance(name, str):
        # Kling's own name of the model, whichever of the two was sent.
        known["model_name"] = CLOUDSWAY_NAMES.get(name, name)
    if route.path in EXTENSIONS:
        known |= _of_source(known.get("video_id"), dialect=route.dialect, store=store, now=now)
    return known


def _of_source(video_id: object, *, dialect: str, store: Store, now: float) -> dict[str, Any]:
    """A video goes on with the model and the mode that it was made with."""
    source = ids.made(str(video_id), "video", dialect=dialect, store=store, now=now)
    if source is None:
        return {}
    mode = source.fields.get("mode")
    return {"model_name": source.model} | ({"mode": mode} if mode else {})
