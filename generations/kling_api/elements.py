"""An element as Kling shows it: its own id, and what it was made from (protocol, section 7.15)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from generations import links, queries
from generations.inputs import held
from generations.models import Asset, Generation, MediaKind
from kling import operations, voices
from kling.media import is_held, spots
from kling.operations.custom_element import TAGS, CustomElement

VOICE = "element_voice_id"


@dataclass(frozen=True)
class Sources:
    """What elements were made from, as far as it is still here, by the names that inputs have."""

    files: Mapping[str, held.Row] = field(default_factory=dict)
    voices: Mapping[str, Asset] = field(default_factory=dict)


def sources_of(generations: Sequence[Generation]) -> Sources:
    """Of jobs of one workspace, in a few queries for all of them."""
    made = [one for one in generations if one.operation == CustomElement.name]
    if not made:
        return Sources()
    workspace = made[0].workspace
    files = held.find(workspace, {text for one in made for text in _files(one.input)})
    named = {one.input[VOICE] for one in made if VOICE in one.input}
    rows = queries.assets_of(workspace).filter(
        Q(public_id__in=named) | Q(provider_asset_id__in=named), kind=MediaKind.VOICE
    )
    found = rows if named else ()
    return Sources(files, {name: one for one in found for name in _names(one)})


def represent(asset: Asset, generation: Generation, sources: Sources) -> dict[str, Any]:
    given = generation.input
    return {
        "element_id": _number(asset),
        "element_name": asset.details.get("name", ""),
        "element_description": asset.details.get("description", ""),
        "reference_type": given.get("reference_type", ""),
        "element_image_list": _images(asset, given, sources),
        "element_video_list": _videos(given, sources),
        "element_voice_info": _voice(given.get(VOICE, ""), generation, sources),
        "tag_list": [_tag(one["tag_id"]) for one in given.get("tag_list", ())],
        "owned_by": generation.workspace.public_id,
        "status": "succeed",
    }


def _number(asset: Asset) -> int | str:
    """Kling's own: it is a number in its answers, and programs keep it in one."""
    known_as = asset.provider_asset_id
    return int(known_as) if known_as.isascii() and known_as.isdecimal() else asset.public_id


def _images(asset: Asset, given: Mapping[str, Any], sources: Sources) -> dict[str, Any]:
    pictures = given.get("element_image_list")
    if pictures is None:
        return {}
    others = (one["image_url"] for one in pictures["refer_images"])
    return {
        "frontal_image": links.signed_url(asset) if asset.key else "",
        "refer_images": [{"image_url": link} for link in _links(others, sources)],
    }


def _videos(given: Mapping[str, Any], sources: Sources) -> dict[str, Any]:
    clips = given.get("element_video_list")
    if clips is None:
        return {}
    links_to = _links((one["video_url"] for one in clips["refer_videos"]), sources)
    return {"refer_videos": [{"video_url": link} for link in links_to]}


def _links(names: Iterator[str], sources: Sources) -> Iterator[str]:
    """Of files that have not been deleted since."""
    return (links.signed_url(sources.files[name]) for name in names if name in sources.files)


def _voice(named: str, generation: Generation, sources: Sources) -> dict[str, str]:
    if not named:
        return {}
    own = sources.voices.get(named)
    preset = next((one.title for one in voices.presets() if one.id == named), "")
    is_ours = own is not None or is_held(named)  # it may have been deleted since
    return {
        "voice_id": own.public_id if own else named,
        "voice_name": own.details.get("name", "") if own else preset,
        "trial_url": links.signed_url(own) if own and own.key else "",
        "owned_by": generation.workspace.public_id if is_ours else "kling",
    }


def _tag(known_as: str) -> dict[str, str]:
    return {"id": known_as, "name": TAGS.get(known_as, ""), "description": ""}


def _files(given: Mapping[str, Any]) -> Iterator[str]:
    found = spots(operations.get(CustomElement.name).Input, given)
    return (spot.value for spot in found if spot.rule)


def _names(voice: Asset) -> tuple[str, str]:
    return voice.public_id, voice.provider_asset_id
