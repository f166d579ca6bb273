"""What is in a ``task_result``: Kling's lists of files, voices and elements, and the single
``url`` of some relays (protocol, section 5.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from kling.errors import printable
from kling.tasks import Kind, Output

MAX_OUTPUTS = 100
MAX_URL = 8192  # characters; Kling's signed links have about 900
MAX_ID = 200

_LISTS: tuple[tuple[str, Kind], ...] = (
    ("videos", "video"),
    ("images", "image"),
    ("series_images", "image"),
    ("audios", "audio"),
)
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("mp4", "m4v", "mov", "webm"), "video"),
    **dict.fromkeys(("png", "jpg", "jpeg", "webp"), "image"),
    **dict.fromkeys(("mp3", "wav", "m4a", "aac"), "audio"),
}
_FORMAT = re.compile(r"[a-z0-9]{1,5}", re.ASCII)


def outputs_of(task: dict[str, Any]) -> tuple[Output, ...]:
    """All results of a task in the provider's order, numbered from 0 on.

    A file without a usable URL is left out, a voice or an element without an id.
    """
    result = _result(task)
    found = [*_listed(result), *_voices(result), *_elements(result)]
    found = found or list(_newer(task)) or list(_single(task))
    return tuple(replace(one, index=place) for place, one in enumerate(found[:MAX_OUTPUTS]))


def _result(task: dict[str, Any]) -> dict[str, Any]:
    node: Any = task
    for _ in range(3):
        if not isinstance(node, dict):
            break
        result = node.get("task_result")
        if isinstance(result, dict):
            return result
        node = node.get("data")
    return {}


def _listed(result: dict[str, Any]) -> Iterator[Output]:
    for name, kind in _LISTS:
        for row in _in_order(_rows(result, name)):
            yield from _files(row, kind)


def _rows(node: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = node.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By Kling's ``index`` if every row has one: the images of a series tell a story."""
    numbers = [row.get("index") for row in rows]
    if all(isinstance(number, int) for number in numbers):
        return sorted(rows, key=lambda row: int(row["index"]))
    return rows


def _files(row: dict[str, Any], kind: Kind) -> Iterator[Output]:
    """One row is one file, except that audio may come as MP3 and WAV of the same sound."""
    names = (("url", "duration"), ("url_mp3", "duration_mp3"), ("url_wav", "duration_wav"))
    for url_name, duration_name in names:
        url = _url(row.get(url_name))
        if url is None:
            continue
        yield Output(
            kind=kind,
            url=url,
            provider_id=identifier(row.get("id")),
            duration=text_of(row.get(duration_name)),
            format=url_name[4:] or _format(url),
            watermark_url=_url(row.get("watermark_url")),
        )


def _voices(result: dict[str, Any]) -> Iterator[Output]:
    """``trial_url`` is a sample of the voice (protocol, section 7.15)."""
    for row in _rows(result, "voices"):
        details = _details(row, name="voice_name")
        yield from _kept("voice", row.get("voice_id"), _url(row.get("trial_url")), details)


def _elements(result: dict[str, Any]) -> Iterator[Output]:
    for row in _rows(result, "elements"):
        pictures = row.get("element_image_list")
        frontal = pictures.get("frontal_image") if isinstance(pictures, dict) else None
        details = _details(row, name="element_name", description="element_description")
        yield from _kept("element", row.get("element_id"), _url(frontal), details)


def _kept(
    kind: Kind, known_as: object, url: str | None, details: dict[str, str]
) -> Iterator[Output]:
    """What stays with Kling: without its id nobody could use it."""
    if provider_id := identifier(known_as):
        form = _format(url) if url else None
        yield Output(kind, url or "", provider_id=provider_id, format=form, details=details)


def _details(row: dict[str, Any], **names: str) -> dict[str, str]:
    texts = {ours: text_of(row.get(theirs)) for ours, theirs in names.items()}
    return {name: text for name, text in texts.items() if text}


def _newer(task: dict[str, Any]) -> Iterator[Output]:
    """``outputs`` of Kling's newer design: rows that name their own type."""
    for row in _rows(task, "outputs"):
        named = row.get("type")
        kind = next((kind for _, kind in _LISTS if kind == named), None)
        url = _url(row.get("url"))
        if kind or url:
            yield from _files(row, kind or kind_of(_format(url or "")))


def _single(task: dict[str, Any]) -> Iterator[Output]:
    url = _url(task.get("url"))
    if url:
        said = text_of(task.get("format")) or ""
        form = _format(url) or (said.lower() if _FORMAT.fullmatch(said.lower()) else None)
        yield Output(kind=kind_of(form), url=url, format=form)


def kind_of(form: str | None) -> Kind:
    return _KINDS.get(form or "", "video")


def _url(value: object) -> str | None:
    if not isinstance(value, str) or len(value) > MAX_URL:
        return None
    url = value.strip()
    if not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def _format(url: str) -> str | None:
    suffix = PurePosixPath(urlsplit(url).path).suffix[1:].lower()
    return suffix if _FORMAT.fullmatch(suffix) else None


def text_of(value: object) -> str | None:
    """A text or a number as text on one line; anything else, and nothing, as None."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, int) and value.bit_length() > 512:
        return None  # Python refuses to write very long numbers in decimal
    return printable(str(value)) or None


def identifier(value: object) -> str | None:
    """An id as text. Ids have more digits than a float keeps, so a float is not believed."""
    if isinstance(value, float):
        return None
    text = text_of(value)
    return text if text and len(text) <= MAX_ID and " " not in text else None
