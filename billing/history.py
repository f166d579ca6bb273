"""The ledger as a workspace reads it: filtered, and each entry with what it belongs to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import Workspace
from billing import queries
from billing.models import Entry

ORDER_KEY = re.compile(r"order:(ord_\w+):")
ORDER_NOTE = re.compile(r"Order (ord_\w+)")
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
    # A month of a subscription has the key of its invoice's line.
    found = ORDER_NOTE.fullmatch(entry.note) if entry.kind == Entry.Kind.SUBSCRIPTION else None
    return found[1] if found else ""


def reference_of(entry: Entry) -> str | None:
    """The public id of the job or of the order that an entry belongs to."""
    return entry.hold.reference if entry.hold else order_of(entry) or None


def job_of(entry: Entry) -> str:
    """The public id of the job that an entry paid for; else empty."""
    reference = entry.hold.reference if entry.hold else ""
    return reference if reference.startswith(JOB) else ""


def deleted_jobs(entries: Iterable[Entry]) -> set[str]:
    """The public ids of the entries' jobs that have no page any more."""
    jobs = {job_of(entry) for entry in entries} - {""}
    # Billing does not know what is made: the product says what is left of it.
    deleted_among: Callable[[set[str]], set[str]] = import_string(settings.BILLING_DELETED_JOBS)
    return deleted_among(jobs) if jobs else jobs
