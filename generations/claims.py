"""Taking due rows: each by one worker at a time, however many look at once."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from generations.models import Generation


@transaction.atomic
def take(rows: QuerySet[Generation], *, most: int, until: datetime) -> list[int]:
    """Move the clock of up to `most` of the due `rows` to `until`; the primary keys of those.

    Oldest first. `rows` must not join: the joined rows would be locked too. Rows that another
    worker is taking are passed over on PostgreSQL; SQLite has one writer at a time, so there they
    are not due any more. The clock comes back by itself: the rows of a worker that dies are due
    again at `until`.
    """
    oldest = rows.order_by("due_at").values_list("pk", flat=True)
    pks = list(oldest.select_for_update(skip_locked=True)[:most])
    Generation.objects.filter(pk__in=pks).update(due_at=until)
    return pks
