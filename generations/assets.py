"""The files of a result: which there are to be, and the rows of those that are stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from generations.media import downloading
from generations.media.probing import MILLISECOND, Probe
from generations.models import Asset, Generation, MediaKind
from kling.tasks import Output, Task

# What may be kept without a file: the thing itself stays with the provider.
SAMPLES = {MediaKind.VOICE: MediaKind.AUDIO, MediaKind.ELEMENT: MediaKind.IMAGE}
COPY_OF = "watermark_of"  # in details: the place of the file that this one shows with a watermark


@dataclass(frozen=True)
class StoredFile:
    """What is in storage, and in no row yet."""

    key: str
    poster_key: str
    received: downloading.Received
    probe: Probe


def wanted(task: Task) -> list[dict[str, Any]]:
    """Every file of a finished task; behind them the copies with Kling's watermark."""
    copies = (_copy(output) for output in task.outputs if output.watermark_url)
    return [asdict(output) for output in (*task.outputs, *copies)]


def _copy(output: Output) -> Output:
    return replace(
        output,
        url=output.watermark_url or "",
        provider_id=None,
        watermark_url=None,
        details={COPY_OF: output.index},
    )


def is_extra(output: dict[str, Any]) -> bool:
    """Whether the result is whole without this file."""
    details = output.get("details") or {}
    return output["kind"] in SAMPLES or "face_id" in details or COPY_OF in details


def names(outputs: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(output["kind"], output.get("provider_id")) for output in outputs]


def forget(generation: Generation) -> None:
    """Delete the rows of a job's results.

    Of a voice and an element the provider's id is kept, and nothing else: they live on there, the
    ids of presets look the same, and without the row a stranger could use them under that id.
    """
    lasting = generation.assets.filter(kind__in=SAMPLES).exclude(provider_asset_id="")
    generation.assets.exclude(pk__in=lasting).delete()
    lasting.update(
        key=None,
        media_type="",
        bytes=0,
        sha256="",
        poster_key="",
        width=None,
        height=None,
        duration=None,
        frames_per_second=None,
        details={},
    )


def rows(generation: Generation, files: list[StoredFile | None]) -> Iterator[Asset]:
    """Unsaved, one for each output; a copy that could not be had leaves none."""
    for index, file in enumerate(files):
        if file is not None or COPY_OF not in (generation.outputs[index].get("details") or {}):
            yield _asset(generation, index, file)


def _asset(generation: Generation, index: int, file: StoredFile | None) -> Asset:
    output = generation.outputs[index]
    return Asset(
        workspace=generation.workspace,
        generation=generation,
        index=index,
        kind=output["kind"],
        provider_asset_id=(output.get("provider_id") or "")[:128],
        details=output.get("details") or {},
        **(_about(file, output) if file else {}),
    )


def _about(file: StoredFile, output: dict[str, Any]) -> dict[str, Any]:
    return {
        "media_type": file.received.media_type.name,
        "key": file.key,
        "poster_key": file.poster_key,
        "bytes": file.received.bytes,
        "sha256": file.received.sha256,
        "width": file.probe.width,
        "height": file.probe.height,
        "duration": file.probe.duration or _said_duration(output),
        "frames_per_second": file.probe.frames_per_second,
    }


def _said_duration(output: dict[str, Any]) -> Decimal | None:
    """The provider's own word, for an installation that cannot look."""
    try:
        seconds = Decimal(output.get("duration") or "")
    except InvalidOperation:
        return None
    if not seconds.is_finite() or not 0 < seconds < 100_000:
        return None
    return seconds.quantize(MILLISECOND)
