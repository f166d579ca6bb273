"""`task_result`: the stored results of a job in Kling's lists (protocol, section 5.2).

Ids are those of our assets, which later requests take; addresses are our signed links.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from accounts.models import Workspace
from generations import links
from generations.assets import COPY_OF
from generations.kling_api import elements
from generations.models import Asset, Generation, MediaKind
from generations.representation import visible_assets
from kling.operations.base import Operation

MP3 = "audio/mpeg"
FORMATS = {MP3: "mp3", "audio/wav": "wav"}


def result_of(
    generation: Generation, operation: Operation, sources: elements.Sources
) -> dict[str, Any]:
    """Empty while there is no result. Faces are no files: see `faces_of`.

    `sources`: what elements were made from.
    """
    found = visible_assets(generation)
    assets = [one for one in found if COPY_OF not in one.details]
    copies = {one.details[COPY_OF]: _link(one) for one in found if COPY_OF in one.details}
    if operation.result_kind == "faces" or not assets:
        return {}
    of_kind = {kind: [one for one in assets if one.kind == kind] for kind in MediaKind}
    result: dict[str, Any] = {}
    if videos := of_kind[MediaKind.VIDEO]:
        result["videos"] = [_video(one) | _copy(one, copies) for one in videos]
    if images := of_kind[MediaKind.IMAGE]:
        result |= _images(images, copies, generation.input)
    if audios := of_kind[MediaKind.AUDIO]:
        result["audios"] = list(_audios(audios, operation))
    if voices := of_kind[MediaKind.VOICE]:
        result["voices"] = [_voice(one, generation.workspace) for one in voices]
    if kept := of_kind[MediaKind.ELEMENT]:
        result["elements"] = [elements.represent(one, generation, sources) for one in kept]
    return result


def faces_of(generation: Generation) -> dict[str, Any]:
    """What identify-face answers with; the session is the job itself."""
    found = [_face(one) for one in visible_assets(generation)]
    return {"session_id": generation.public_id, "face_data": found}


def parent_video(asset: Asset) -> dict[str, str]:
    """The earlier result that a task goes on from."""
    return _video(asset)


def _video(asset: Asset) -> dict[str, str]:
    return {"id": asset.public_id, "url": _link(asset), "duration": _duration(asset)}


def _copy(asset: Asset, copies: dict[int, str]) -> dict[str, str]:
    """Only where a watermark was asked for."""
    return {"watermark_url": copies[asset.index]} if asset.index in copies else {}


def _images(
    images: Sequence[Asset], copies: dict[int, str], given: dict[str, Any]
) -> dict[str, Any]:
    rows = [
        {"index": place, "url": _link(one)} | _copy(one, copies) for place, one in enumerate(images)
    ]
    kind = given.get("result_type")
    if kind is None:
        return {"images": rows}
    is_series = kind == "series"
    return {
        "result_type": kind,
        "images": [] if is_series else rows,
        "series_images": rows if is_series else [],
    }


def _audios(assets: Sequence[Asset], operation: Operation) -> Iterator[dict[str, Any]]:
    for group in _same_sounds(assets):
        first = group[0]
        if operation.synchronous:  # speech comes as one file, in fields of its own
            yield {"id": first.public_id, "url": _link(first), "duration": _duration(first)}
            continue
        row = {"id": first.public_id}
        for name, read in (("url", _link), ("duration", _duration)):
            row |= {f"{name}_{FORMATS.get(one.media_type, 'mp3')}": read(one) for one in group}
        yield row


def _same_sounds(assets: Sequence[Asset]) -> list[list[Asset]]:
    """MP3 and WAV of one sound are two files here, and one row with Kling."""
    groups: list[list[Asset]] = []
    for asset in assets:
        last = groups[-1] if groups else []
        known = {one.media_type for one in last}
        same = last and last[0].provider_asset_id == asset.provider_asset_id
        if same and asset.media_type not in known:
            last.append(asset)
        else:
            groups.append([asset])
    return groups


def _voice(asset: Asset, owner: Workspace) -> dict[str, str]:
    return {
        "voice_id": asset.public_id,
        "voice_name": asset.details.get("name", ""),
        "trial_url": _link(asset),
        "owned_by": owner.public_id,
    }


def _face(asset: Asset) -> dict[str, Any]:
    return {
        "face_id": asset.provider_asset_id,
        "face_image": _link(asset),
        "start_time": asset.details.get("start_ms", 0),
        "end_time": asset.details.get("end_ms", 0),
    }


def _link(asset: Asset) -> str:
    return links.signed_url(asset) if asset.key else ""


def _duration(asset: Asset) -> str:
    """Seconds as text, as Kling writes them: "5.041"."""
    return "" if asset.duration is None else str(asset.duration)
