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

# No list has this name, but the example of Cloudsway's image-to-video page sends it, and paid the
# price of kling-v3.
MISSPELT: Final = {("cloudsway", "videos/image2video", "kling-v2.6"): "kling-v3"}


def understood(
    route: Route, fields: Mapping[str, Any], *, store: Store, now: float
) -> dict[str, Any]:
    known = dict(fields)
    if model := MISSPELT.get((route.dialect, route.path, str(known.get("model_name")))):
        known["model_name"] = model
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
