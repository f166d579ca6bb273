"""Removing files: those past their days, and those that nobody needs.

The row goes first and then its file: nobody is shown a file that is not there, and what a crash
leaves behind is found later as a file that no row knows (generations.strays). All of it is safe
while others work, and to repeat.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Workspace
from generations import assets, retention, storing, strays
from generations.media import storage
from generations.media.errors import StorageDown
from generations.models import Asset, Generation, Origin, State, Upload
from generations.models.media import WITHOUT_FILE
from generations.states import record

log = logging.getLogger(__name__)

OUR_IDS = re.compile(r"\b(?:ast|upl)_\w+")
# When an upload that came inside a request counts as abandoned, as that of a request which then
# failed. Later than the second they are not looked for: their days end them.
UNUSED_AFTER, UNUSED_UNTIL = timedelta(days=7), timedelta(days=14)
T = TypeVar("T")


@dataclass
class Tally:
    count: int = 0
    bytes: int = 0

    def add(self, size: int, count: int = 1) -> None:
        self.count += count
        self.bytes += size


@dataclass
class Report:
    """What was removed, or would be. `complete`: nothing is left for lack of time or because
    storage was down, which `problems` says.
    """

    dry_run: bool
    expired_results: Tally = field(default_factory=Tally)
    expired_uploads: Tally = field(default_factory=Tally)
    abandoned_uploads: Tally = field(default_factory=Tally)
    unknown_files: Tally = field(default_factory=Tally)
    temporary_files: Tally = field(default_factory=Tally)
    unfinished_transfers: int = 0
    complete: bool = True
    problems: list[str] = field(default_factory=list)


class _OutOfTime(Exception):
    pass


def prune(*, dry_run: bool = False, seconds: float | None = None) -> Report:
    """Remove all that may go, for at most about so many seconds; with `dry_run` only count it."""
    pruning = _Pruning(Report(dry_run=dry_run), seconds)
    report = pruning.report
    try:
        pruning.temporary_files()
        # Another order each time: whom there was no time for comes first some other time.
        for workspace in Workspace.objects.select_related("plan").order_by("?"):
            pruning.expired(workspace)
            pruning.abandoned(workspace)
            pruning.strays(workspace)
    except _OutOfTime:
        report.complete = False
    except StorageDown as exc:
        log.error("files cannot be removed now: %s", exc)
        report.complete = False
        report.problems.append(str(exc))
    return report


class _Pruning:
    def __init__(self, report: Report, seconds: float | None) -> None:
        self.report = report
        self.end = None if seconds is None else monotonic() + seconds

    def temporary_files(self) -> None:
        for file in storage.stale():
            self.report.temporary_files.add(file.bytes)
        if not self.report.dry_run:
            storage.remove_stale()

    def expired(self, workspace: Workspace) -> None:
        """What is past the days of the workspace's plan and is in no unfinished job's input."""
        horizon = retention.horizon(workspace)
        if horizon is None:
            return
        unfinished = Generation.objects.filter(workspace=workspace, due_at__isnull=False)
        in_use = _ids_in(unfinished)
        mine = {"workspace": workspace, "created_at__lte": horizon}
        uploads = Upload.objects.filter(**mine).exclude(public_id__in=in_use)
        for upload in self._in_time(uploads.iterator()):
            self.report.expired_uploads.add(upload.bytes)
            self._remove(upload)
        stored = Asset.objects.filter(**mine).exclude(kind__in=WITHOUT_FILE)
        needed = stored.filter(public_id__in=in_use).values("generation")
        jobs = stored.exclude(generation__in=needed).order_by("generation")
        for pk in self._in_time(jobs.values_list("generation", flat=True).distinct()):
            files = list(stored.filter(generation=pk).values_list("bytes", flat=True))
            self.report.expired_results.add(sum(files), count=len(files))
            if not self.report.dry_run and _expire(pk, days=workspace.plan.retention_days):
                storing.erase(pk)

    def abandoned(self, workspace: Workspace) -> None:
        """Uploads that came inside a request of which no job came."""
        now = timezone.now()
        came = Upload.objects.filter(
            workspace=workspace,
            origin__in=[Origin.INLINE, Origin.LINK],
            created_at__range=(now - UNUSED_UNTIL, now - UNUSED_AFTER),
        )
        if (first := came.order_by("created_at").first()) is None:
            return
        # An upload is there before the job that names it.
        jobs = Generation.objects.filter(workspace=workspace, created_at__gte=first.created_at)
        for upload in self._in_time(came.exclude(public_id__in=_ids_in(jobs))):
            self.report.abandoned_uploads.add(upload.bytes)
            self._remove(upload)

    def strays(self, workspace: Workspace) -> None:
        for file in self._in_time(strays.files(workspace)):
            self.report.unknown_files.add(file.bytes)
            if not self.report.dry_run:
                storage.remove(file.key)
        for transfer in self._in_time(storage.unfinished_transfers(workspace.public_id)):
            self.report.unfinished_transfers += 1
            if not self.report.dry_run:
                transfer.abort()

    def _remove(self, upload: Upload) -> None:
        if not self.report.dry_run:
            key = upload.key
            upload.delete()
            storage.remove(key)

    def _in_time(self, work: Iterable[T]) -> Iterator[T]:
        for one in work:
            if self.end is not None and monotonic() > self.end:
                raise _OutOfTime
            yield one


@transaction.atomic(durable=True)
def _expire(pk: int, *, days: int | None) -> bool:
    """Forget the files of a result. False: somebody has deleted it meanwhile."""
    rows = Generation.objects.select_for_update(of=("self",), no_key=True)
    generation = rows.filter(pk=pk, state=State.SUCCEEDED, deleted_at=None).first()
    if generation is None:
        return False
    assets.forget(generation)
    generation.expired_at = timezone.now()
    generation.save(update_fields=["expired_at"])
    record(generation, was=State.SUCCEEDED, reason=f"files removed after {days} days")
    return True


def _ids_in(jobs: QuerySet[Generation]) -> set[str]:
    """Every id of a file of ours that stands in the input of one of the jobs."""
    inputs = jobs.values_list("input", flat=True).iterator()
    return {found for one in inputs for found in OUR_IDS.findall(json.dumps(one))}
