"""Whose turn it is: fair among workspaces, within what account, plan and workspace allow."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from django.db import connection
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from accounts import wall
from accounts.models import Workspace
from generations import pools
from generations.models import Generation, SlotPool
from generations.pools import Place
from generations.queries import in_line
from generations.rings import Ring

AT_A_USABLE_ACCOUNT = Q(account__enabled=True, account__paused_at=None)
LOOKAHEAD = 16  # waiting jobs of one workspace that are read at a time
LONG_LINE = 500  # waiting jobs; where more wait, it does not matter how many


class Waiting(NamedTuple):
    """As much of a queued job as decides its turn."""

    pk: int
    slots: int


class Group(NamedTuple):
    """Jobs that wait for one place and belong to one workspace."""

    place: Place
    workspace: int


@dataclass(frozen=True)
class Allowed:
    """Of a workspace: its share, and parallel tasks at all providers; None is no limit."""

    plan: int
    share: int
    alone: int | None
    together: int | None


class Turns:
    """Which job is sent next. For one dispatcher at a time: it holds the lease."""

    def __init__(self) -> None:
        groups = waiting_groups()
        self.usage = pools.usage()
        self.limits = pools.limits({group.place[0] for group in groups})
        self.allowed = _allowed({group.workspace for group in groups})
        self.lines: dict[Group, deque[Waiting]] = {}
        self.read: dict[Group, int] = {}
        self.stored = _stored_rings({group.place for group in groups})
        self.rings = {
            place: Ring(self.stored.get(place, []), [group.workspace for group in found])
            for place, found in groupby(groups, key=lambda group: group.place)
        }
        # One job of each place in turn: a long queue for one must not keep the others waiting.
        self.open = deque(self.rings)

    def next(self) -> int | None:
        """The primary key of the next job that has a free slot; it counts as sent."""
        while self.open:
            place = self.open[0]
            if (job := self._next_at(place)) is not None:
                self.open.rotate(-1)
                return job.pk
            self.open.popleft()
        return None

    def save(self) -> None:
        """Keep whose turn it is next."""
        for place, ring in self.rings.items():
            turns = ring.state()
            kept = turns if len(turns) > 1 else []
            if kept != self.stored.get(place, []):
                SlotPool.objects.update_or_create(
                    account_id=place[0], model=place[1], defaults={"ring": kept}
                )

    def _next_at(self, place: Place) -> Waiting | None:
        ring = self.rings[place]

        def cost(workspace: int) -> int | None:
            job = self._first(Group(place, workspace))
            return None if job is None else job.slots

        while (workspace := ring.next(cost, lambda one: self.allowed[one].share)) is not None:
            group = Group(place, workspace)
            job = self._first(group)
            assert job is not None
            if self._is_capped(workspace, job.slots):
                ring.leave_out()
                continue
            if not _has_room(self.limits.of(place), self.usage.by_place[place], job.slots):
                # Nobody passes it: smaller ones would take each slot that becomes free, for ever.
                return None
            self.lines[group].popleft()
            self.usage.add(place, workspace, self.allowed[workspace].plan, job.slots)
            ring.pay(job.slots, then=cost(workspace))
            return job
        return None

    def _is_capped(self, workspace: int, slots: int) -> bool:
        allowed, usage = self.allowed[workspace], self.usage
        own = _has_room(allowed.alone, usage.by_workspace[workspace], slots)
        return not own or not _has_room(allowed.together, usage.by_plan[allowed.plan], slots)

    def _first(self, group: Group) -> Waiting | None:
        line = self.lines.setdefault(group, deque())
        if not line:
            line += self._read_on(group)
        return line[0] if line else None

    def _read_on(self, group: Group) -> list[Waiting]:
        (account, model), workspace = group
        rows = sendable().filter(
            account=account,
            model=model,
            workspace=workspace,
            pk__gt=self.read.get(group, 0),
        )
        found = [
            Waiting(*row) for row in rows.order_by("pk").values_list("pk", "slots")[:LOOKAHEAD]
        ]
        if found:
            self.read[group] = found[-1].pk
        return found


def sendable() -> QuerySet[Generation]:
    """Jobs that wait for nothing but their turn."""
    return in_line().filter(due_at__lte=timezone.now())


def spoken_for(places: Collection[Place]) -> Counter[Place]:
    """Parallel tasks there that are running, or waiting for their turn.

    Those that wait count too: of a hundred jobs that come at once, none is running yet. Not all of
    a long line are counted: this runs inside a create.
    """
    accounts, models = {account for account, _ in places}, {model for _, model in places}
    running = pools.occupying().filter(account__in=accounts, model__in=models).order_by()
    with wall.lifted():  # all workspaces share an account's slots
        rows = running.values_list("account", "model").annotate(taken=Sum("slots"))
        found = Counter({(account, model): taken for account, model, taken in rows})
        for account, model in places:
            line = in_line().filter(account=account, model=model).order_by()[:LONG_LINE]
            found[account, model] += line.aggregate(taken=Sum("slots"))["taken"] or 0
    return found


def waiting_groups() -> list[Group]:
    """Who waits where, at accounts that can be used; in the order of place and workspace.

    Jumps from group to group in the index: a million jobs of one workspace are one step.
    """
    table = Generation._meta.db_table
    first = f"SELECT id FROM {table} WHERE state = 'queued'"  # noqa: S608  constants
    order = "ORDER BY account_id, model, workspace_id, id LIMIT 1"
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE heads (id) AS (SELECT ({first} {order}) UNION ALL "  # noqa: S608
            f"SELECT ({first} AND (account_id, model, workspace_id) > "
            "(here.account_id, here.model, here.workspace_id) "
            f"{order}) FROM heads JOIN {table} here ON here.id = heads.id) "
            "SELECT id FROM heads WHERE id IS NOT NULL"
        )
        pks = [row[0] for row in cursor.fetchall()]
    rows = Generation.objects.filter(AT_A_USABLE_ACCOUNT, pk__in=pks).order_by(
        "account", "model", "workspace"
    )
    found = rows.values_list("account", "model", "workspace")
    return [Group((account, model), workspace) for account, model, workspace in found]


def _allowed(workspaces: set[int]) -> dict[int, Allowed]:
    rows = Workspace.objects.filter(pk__in=workspaces).select_related("plan")
    return {
        one.pk: Allowed(
            plan=one.plan_id,
            share=one.plan.share,
            alone=one.plan.parallel_tasks if one.parallel_tasks is None else one.parallel_tasks,
            together=one.plan.parallel_tasks_together,
        )
        for one in rows
    }


def _stored_rings(places: set[Place]) -> dict[Place, list[tuple[int, int]]]:
    accounts = {account for account, _ in places}
    rows = SlotPool.objects.filter(account__in=accounts).values_list("account", "model", "ring")
    return {
        (account, model): [(workspace, saved) for workspace, saved in ring]
        for account, model, ring in rows
    }


def _has_room(limit: int | None, taken: int, slots: int) -> bool:
    """A job larger than the limit itself may run when it is alone, or it never would."""
    return limit is None or taken + slots <= limit or (taken == 0 and limit > 0)
