"""From what people give (an address, Base64, a data: URI, an id of ours) to files that we know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from accounts.models import Workspace
from generations import uploads
from generations.errors import InvalidRequest
from generations.inputs import earlier, paths
from generations.inputs.gathering import Gathering, Outcome
from generations.inputs.looking import Looked, Unusable
from generations.inputs.sources import Place, place_of
from generations.models import Asset
from kling import operations
from kling.errors import FieldError, InvalidInput
from kling.media import Media, Spot, spots
from kling.operations.base import Operation
from kling.requests import Request

MAX_FILES = 32  # of one request; the operation that takes the most takes a dozen
A_KIND = {"image": "a picture", "video": "a video", "audio": "sound"}


@dataclass
class Resolved:
    """An input whose files have been looked at.

    `values`: the input with each file replaced by the id under which we hold it, or by a stand-in
    where it came with the request (`fresh`). `media` and `digests` (SHA-256): what each file is,
    by the path of its field. `only`: the accounts whose ids stand in the input, None where any
    will do; `prefer`: those that still have a file of the input under an id of their own.
    """

    values: Mapping[str, Any]
    media: dict[str, Media] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    only: frozenset[int] | None = None
    prefer: frozenset[int] = frozenset()
    fresh: Mapping[str, Looked] = field(default_factory=dict)

    def digest_of(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """`values` with each file as its SHA-256: equal for equal bytes, however they came."""
        for path, digest in self.digests.items():
            if paths.has(values, path):
                values = paths.replaced(values, path, digest)
        return dict(values)


@contextmanager
def resolve(
    operation: str, values: Mapping[str, Any], *, workspace: Workspace, keep: bool
) -> Iterator[Resolved]:
    """Look at every file of an input. Nothing is written; `keep`: whether `kept` will follow.

    Files that came with the request lie on disk until the block ends. Raises InvalidRequest with
    one error for each file that cannot be had or used, StorageUnavailable.
    """
    found = _spots(operation, values)
    if not found:
        yield Resolved(values)
        return
    with ExitStack() as files, uploads.available():
        gathering = Gathering(workspace, files, keep=keep)
        outcomes = gathering.outcomes(found)
        resolved = Resolved(values, fresh=gathering.fresh)
        resolution = _Resolution(operations.get(operation), workspace, gathering, resolved)
        yield resolution.run(found, outcomes)


def kept(given: Resolved, request: Request, *, workspace: Workspace) -> Request:
    """The request with its files as uploads of the workspace, stored where it has no such yet.

    Raises QuotaExceeded, StorageUnavailable.
    """
    names: dict[str, str] = {}
    values = request.input
    for spot in request.spots():
        if spot.rule is None or spot.value not in given.fresh:
            continue
        if spot.value not in names:
            names[spot.value] = held_id(given, spot.value, workspace=workspace)
        values = paths.replaced(values, spot.path, names[spot.value])
    return replace(request, input=values)


def held_id(given: Resolved, value: str, *, workspace: Workspace) -> str:
    """The id under which we hold the file that `value` stands for, from now on or already.

    Raises QuotaExceeded, StorageUnavailable.
    """
    if (looked := given.fresh.get(value)) is None:
        return value
    return uploads.keep(
        looked.received,
        looked.probe,
        workspace=workspace,
        origin=looked.origin,
        source_url=looked.source_url,
    ).public_id


def _spots(operation: str, values: Mapping[str, Any]) -> list[Spot]:
    try:
        model = operations.get(operation).Input
    except InvalidInput:
        return []  # routing says so
    found = [spot for spot in spots(model, values) if spot.value]
    files = [spot for spot in found if spot.rule]
    if len(files) > MAX_FILES:
        message = f"A request may have at most {MAX_FILES} files."
        raise InvalidRequest([_error(files[MAX_FILES].path, "too_many", message)])
    return found


class _Resolution:
    """Writes what was found into `resolved`, spot by spot."""

    def __init__(
        self,
        operation: Operation,
        workspace: Workspace,
        gathering: Gathering,
        resolved: Resolved,
    ) -> None:
        self.operation = operation
        self.workspace = workspace
        self.gathering = gathering
        self.resolved = resolved

    def run(self, found: list[Spot], outcomes: Mapping[str, Outcome]) -> Resolved:
        errors = []
        for spot in found:
            try:
                if spot.rule:
                    self.file(spot, outcomes.get(spot.value))
                else:
                    self.source(spot)
            except Unusable as exc:
                errors.append(_error(spot.path, exc.code, f"{spot.path}: {exc}"))
        if errors:
            raise InvalidRequest(errors)
        return self.resolved

    def file(self, spot: Spot, outcome: Outcome | None) -> None:
        if isinstance(outcome, Unusable):
            raise outcome
        if outcome is None or spot.rule is None:
            return  # the declaration of the field refuses it in its own words
        if outcome.media.kind not in spot.rule.kinds:
            wanted, got = A_KIND[spot.rule.kind], A_KIND.get(outcome.media.kind, "something else")
            raise Unusable("unsupported_media_type", f"It must be {wanted}, and this is {got}.")
        given = self.resolved
        given.values = paths.replaced(given.values, spot.path, outcome.value)
        given.media[spot.path], given.digests[spot.path] = outcome.media, outcome.digest
        row = self.gathering.rows.get(outcome.value)
        if spot.rule.id_field and isinstance(row, Asset) and earlier.of_asset(row).is_at_hand:
            given.prefer |= {row.generation.account_id}

    def source(self, spot: Spot) -> None:
        place = place_of(self.operation, spot, self.resolved.values, self.workspace)
        if place is None:
            return
        if place.account_id is not None:
            self._bind(place.account_id)
        self._write(spot, place)

    def _bind(self, account_id: int) -> None:
        only = frozenset({account_id})
        if self.resolved.only not in (None, only):
            message = "It was made through another provider account than the other id here."
            raise Unusable("other_account", message)
        self.resolved.only = only

    def _write(self, spot: Spot, place: Place) -> None:
        given = self.resolved
        if place.path != spot.path:
            values = paths.without(given.values, spot.path)
            given.values = paths.replaced(values, place.path, place.value)
        if place.media is not None:
            given.media[place.path] = place.media
        if place.digest:
            given.digests[place.path] = place.digest


def _error(path: str, code: str, message: str) -> FieldError:
    return FieldError(f"input.{path}", code, message)
