"""Whose turn it is: fair among workspaces, within the parallel tasks of account and model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import NamedTuple

from django.db.models import F, QuerySet, Sum, Window
from django.db.models.functions import RowNumber

from generations.models import Generation
from generations.queries import without_parked
from generations.states import OCCUPYING, State

LOOKAHEAD = 64  # waiting jobs that are read at a time


class Waiting(NamedTuple):
    """As much of a queued job as decides its turn; its input may have many megabytes."""

    pk: int
    account: int
    model: str
    slots: int
    limit: int | None

    @property
    def place(self) -> tuple[int, str]:
        return self.account, self.model


def in_turn(queued: QuerySet[Generation]) -> Iterator[Waiting]:
    """Those of `queued` that have a free slot, in their turn."""
    free = _FreeSlots()
    while True:
        closed = len(free.closed)
        yield from (job for job in _next(free.without_closed(queued)) if free.take(job))
        if len(free.closed) == closed:
            return
        # Any number of jobs that wait for a slot must not hide those behind them that have one.


def spoken_for(accounts: Collection[int]) -> Counter[tuple[int, str]]:
    """Parallel tasks by account and model that are running, or waiting for their turn.

    Those that wait count too: of a hundred jobs that come at once, none is running yet.
    """
    taking = Generation.objects.filter(account__in=accounts, state__in=[*OCCUPYING, State.QUEUED])
    rows = (
        without_parked(taking)
        .order_by()
        .values_list("account", "model")
        .annotate(taken=Sum("slots"))
    )
    return Counter({(account, model): taken for account, model, taken in rows})


def _next(queued: QuerySet[Generation]) -> list[Waiting]:
    """Everybody's first job before anybody's second: a bulk upload must not block the others."""
    turn = Window(RowNumber(), partition_by=[F("workspace")], order_by=["pk"])
    rows = queued.annotate(turn=turn).order_by("turn", "pk")
    found = rows.values_list("pk", "account", "model", "slots", "account__parallel_tasks")
    return [Waiting(*row) for row in found[:LOOKAHEAD]]


class _FreeSlots:
    """Parallel tasks that each account and model has left; an image job of n takes n."""

    def __init__(self) -> None:
        rows = (
            without_parked(Generation.objects.filter(state__in=OCCUPYING))
            .values_list("account", "model", "account__parallel_tasks")
            .annotate(taken=Sum("slots"))
        )
        self.taken: Counter[tuple[int, str]] = Counter()
        self.closed: set[tuple[int, str]] = set()
        for account, model, limit, taken in rows:
            self.taken[account, model] = taken
            if limit is not None and taken >= limit:
                self.closed.add((account, model))

    def without_closed(self, queued: QuerySet[Generation]) -> QuerySet[Generation]:
        for account, model in self.closed:
            queued = queued.exclude(account=account, model=model)
        return queued

    def take(self, job: Waiting) -> bool:
        if job.place in self.closed:
            return False
        taken = self.taken[job.place]
        # A job larger than the limit itself may run when it is alone, or it never would.
        if job.limit is not None and taken and taken + job.slots > job.limit:
            # Nobody passes it: smaller ones would take each slot that becomes free, for ever.
            self.closed.add(job.place)
            return False
        self.taken[job.place] += job.slots
        return True
