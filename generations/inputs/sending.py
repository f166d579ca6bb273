"""From files that we hold to what the provider gets: its own id, a signed link, or Base64."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import kling.errors
from generations import links
from generations.inputs import earlier, held, sources
from generations.inputs.reach import can_fetch_from_us, is_beside_us, is_public_address
from generations.media import storage
from generations.media.downloading import MEGABYTE
from generations.media.errors import NotStored, StorageDown
from generations.models import Asset, Generation, Upload
from kling import operations
from kling.media import Media, MediaRule, Spot, spots
from kling.requests import Request

log = logging.getLogger(__name__)

LARGEST_INLINE = 10 * MEGABYTE
GONE = (
    "A file or result of the input was deleted before the job could be sent. "
    "Your credits were returned."
)
NO_WAY = "A file of the input cannot be given to this provider. Your credits were returned."


class CannotBeSent(Exception):
    """A file of the job is gone, or this provider has no way to get it. For the customer's eyes."""


class Files(Mapping[str, str]):
    """Addresses and Base64 by the path of a field; Base64 is read when it is asked for.

    A dispatcher sends many jobs at a time, and films in text would fill its memory while they
    wait. A file that is gone by then raises Unreachable: surely nothing was sent, and the next
    look at the job finds the file missing.
    """

    def __init__(self) -> None:
        self._known: dict[str, str | held.Row] = {}

    def add(self, path: str, known: str | held.Row) -> None:
        self._known[path] = known

    def __getitem__(self, path: str) -> str:
        known = self._known[path]
        return known if isinstance(known, str) else _base64(known)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


@dataclass(frozen=True)
class Sent:
    """By the path of a field: the address or Base64 to send, and the provider's own ids."""

    files: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)


def media_of(generation: Generation) -> dict[str, Media]:
    """What is known of the files of a job, by path. Raises CannotBeSent where something is gone."""
    found = list(spots(operations.get(generation.operation).Input, generation.input))
    rows = _rows(generation, found)
    media: dict[str, Media] = {}
    for spot in found:
        if spot.rule:
            media[spot.path] = held.media_of(_row(generation, rows, spot))
        elif (known := _earlier(generation, spot)) and known.media:
            media[spot.path] = known.media
    return media


def sent(generation: Generation, request: Request) -> Sent:
    """What stands in for the files of the job. Raises CannotBeSent."""
    found = request.spots()
    rows = _rows(generation, found)
    files, ids = Files(), dict[str, str]()
    for spot in found:
        if spot.source:
            ids |= _ids(generation, spot)
        elif spot.rule:
            row = _row(generation, rows, spot)
            if provider_id := _own_id(generation, spot.rule, row):
                ids[spot.path] = provider_id
            else:
                rule = spot.rule.on(request.dialect)
                files.add(spot.path, _way(generation, rule, row))
    return Sent(files, ids)


def _rows(generation: Generation, found: Sequence[Spot]) -> dict[str, held.Row]:
    return held.find(generation.workspace, (spot.value for spot in found if spot.rule))


def _row(generation: Generation, rows: Mapping[str, held.Row], spot: Spot) -> held.Row:
    row = rows.get(spot.value)
    if row is None:
        log.warning("%s: %s of %s is gone", generation.public_id, spot.value, spot.path)
        raise CannotBeSent(GONE)
    return row


def _earlier(generation: Generation, spot: Spot) -> earlier.Earlier | None:
    """None for what the provider offers to everybody. Raises CannotBeSent."""
    if spot.source is None or spot.source.kind in earlier.WITHOUT_OWNER:
        return None
    found = earlier.find(generation.workspace, spot.source, spot.value)
    if found is None and not sources.is_for_everybody(spot.source, spot.value):
        log.warning("%s: %s of %s is gone", generation.public_id, spot.value, spot.path)
        raise CannotBeSent(GONE)
    return found


def _ids(generation: Generation, spot: Spot) -> dict[str, str]:
    """The id of an earlier result, and of the task that made it where the provider wants both."""
    known = _earlier(generation, spot)
    if known is None or spot.source is None:
        return {}
    if known.generation.account_id != generation.account_id:
        log.error("%s: %s is kept by another account", generation.public_id, spot.value)
        raise CannotBeSent(NO_WAY)
    ids = {spot.path: known.provider_id}
    if spot.source.task_field:
        ids[spot.beside(spot.source.task_field)] = known.generation.task_id
    return ids


def _own_id(generation: Generation, rule: MediaRule, row: held.Row) -> str:
    """The id under which this very account has the file still, where the field has room for it."""
    if not rule.id_field or not isinstance(row, Asset):
        return ""
    known = earlier.of_asset(row)
    is_here = known.is_at_hand and row.generation.account_id == generation.account_id
    return known.provider_id if is_here else ""


def _way(generation: Generation, rule: MediaRule, row: held.Row) -> str | held.Row:
    """How this account gets a file of ours: an address, or the row whose bytes go along."""
    _check_stored(generation, row)
    if can_fetch_from_us(generation.account):
        return links.signed_url(row)
    if rule.inline and row.bytes <= LARGEST_INLINE:
        return row
    if is_beside_us(generation.account):
        return links.signed_url(row)
    if isinstance(row, Upload) and is_public_address(row.source_url):
        # Something else may lie there by now, which was neither looked at nor priced. Only an
        # installation that cannot be reached from outside comes here: it trusts its own people.
        return row.source_url
    log.error(
        "%s: %s can get %s (%d bytes) neither by a link nor inside the request. "
        "Set SITE_URL to a public https address, so that providers can fetch files.",
        generation.public_id,
        generation.account.slug,
        row.public_id,
        row.bytes,
    )
    raise CannotBeSent(NO_WAY)


def _check_stored(generation: Generation, row: held.Row) -> None:
    try:
        storage.size(str(row.key))
    except NotStored as exc:
        log.error("%s: %s is not in storage", generation.public_id, row.public_id)
        raise CannotBeSent(GONE) from exc


def _base64(row: held.Row) -> str:
    try:
        with (
            storage.errors(reading=True),
            closing(storage.read(str(row.key), first=0, length=row.bytes)) as part,
        ):
            return base64.b64encode(b"".join(part)).decode("ascii")
    except (NotStored, StorageDown) as exc:
        raise kling.errors.Unreachable(f"A file of the input cannot be read: {exc}") from exc
