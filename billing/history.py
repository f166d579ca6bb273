"""The ledger as a workspace reads it: filtered, and each entry with what it belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import Workspace
from billing import queries
from billing.models import Entry

ORDER_KEY = re.compile(r"order:(ord_\w+):")
JOB = "gen_"


@dataclass(frozen=True)
class Wanted:
    """What to show. Days are those of the time zone that is active, both included."""

    kind: str = ""
    first: date | None = None
    last: date | None = None


def entries(workspace: Workspace, wanted: Wanted) -> QuerySet[Entry]:
    rows = queries.entries_of(workspace)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.kind and wanted.kind != Entry.Kind.CAPTURE:
        # Says what the index on everything but charges says, so that it is used.
        rows = rows.filter(~Q(kind=Entry.Kind.CAPTURE))
    if wanted.first:
        rows = rows.filter(created_at__gte=start_of(wanted.first))
    if wanted.last:
        rows = rows.filter(created_at__lt=start_of(wanted.last + timedelta(days=1)))
    return rows


def start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def order_of(entry: Entry) -> str:
    """The public id of the order that an entry came from, or was taken back from; else empty."""
    for key in (entry.key, entry.reverses.key if entry.reverses else ""):
        if found := ORDER_KEY.match(key):
            return found[1]
    return ""


def job_of(entry: Entry) -> str:
    """The public id of the job that an entry paid for; else empty."""
    reference = entry.hold.reference if entry.hold else ""
    return reference if reference.startswith(JOB) else ""
