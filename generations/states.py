"""The states of a generation, the moves between them, and their only writers.

::

    QUEUED ──▶ SUBMITTING ──▶ PROCESSING ──▶ STORING ──▶ SUCCEEDED
      │  ▲         │   │          │  ▲          │
      │  └─────────┘   ▼          ▼  │          ▼
      │  ▲         RECONCILING ◀──┘  │        FAILED
      │  └──────────┘   └────────────┘
      └──▶ CANCELED                  (QUEUED, SUBMITTING, PROCESSING, RECONCILING may fail too)

A job that a person failed in the provider's stead goes on to STORING if it succeeds after all.

`due_at` is the clock of every state that is not final: the time at which somebody has to look
at the row again. A worker that dies leaves its row due, so another one finds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from accounts.fixed_writes import insert, update


class State(models.TextChoices):
    QUEUED = "queued", "Queued"
    SUBMITTING = "submitting", "Submitting"
    PROCESSING = "processing", "Processing"
    STORING = "storing", "Storing"
    RECONCILING = "reconciling", "Checking with the provider"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELED = "canceled", "Cancelled"


class Approval(models.TextChoices):
    """Of a job above its workspace's threshold; empty for all others. It waits while QUEUED."""

    WAITING = "waiting", "Waiting for approval"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    EXPIRED = "expired", "Given up"


FINAL = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELED})
ACTIVE = frozenset(set(State) - FINAL)
# States in which the provider counts the job against the account's parallel tasks.
OCCUPYING = frozenset({State.SUBMITTING, State.PROCESSING, State.RECONCILING})

MOVES: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.SUBMITTING, State.CANCELED, State.FAILED}),
    State.SUBMITTING: frozenset({State.PROCESSING, State.QUEUED, State.RECONCILING, State.FAILED}),
    State.PROCESSING: frozenset({State.STORING, State.FAILED, State.RECONCILING}),
    State.RECONCILING: frozenset({State.PROCESSING, State.QUEUED, State.STORING, State.FAILED}),
    State.STORING: frozenset({State.SUCCEEDED, State.FAILED}),
    State.SUCCEEDED: frozenset(),
    # A person ended it, and the provider has delivered after all (`generations.late`).
    State.FAILED: frozenset({State.STORING}),
    State.CANCELED: frozenset(),
}


class NotAllowed(Exception):
    """A move that the table does not have: a bug of ours, never a user's error."""


class Stale(Exception):
    """The row is no longer in the state that the caller saw: somebody else moved it first."""


def move(
    generation: Any,
    to: State,
    *,
    reason: str,
    due_at: datetime | None = None,
    same_account: bool = False,
    **changes: Any,
) -> None:
    """Move `generation` to state `to`, with `changes`, and leave a history row.

    Conditional on the state the caller has read, and with `same_account` on the account too, which
    a waiting job may change: raises `Stale` when another worker was faster, or when its owner has
    deleted a job that had ended. Must stand in the transaction that also moves the money.
    """
    if not transaction.get_connection().in_atomic_block:
        raise NotAllowed("move() belongs into a transaction.")
    was = State(generation.state)
    if to not in MOVES[was]:
        raise NotAllowed(f"{was} → {to}")
    now = timezone.now()
    changes |= {"state": to, "due_at": None if to in FINAL else due_at or now}
    if to in FINAL:
        changes["finished_at"] = now
    elif was in FINAL:
        changes["finished_at"] = None
    where = {"id": generation.pk, "state": was}
    if was in FINAL:
        where["deleted_at"] = None
    if same_account:
        where["account"] = generation.account_id
    if update(type(generation), changes, where=where) != 1:
        raise Stale(f"{generation.public_id} is no longer {was}")
    for name, value in changes.items():
        setattr(generation, name, value)
    record(generation, was=was, reason=reason, at=now)


def record(generation: Any, *, was: State | None, reason: str, at: datetime | None = None) -> None:
    """Leave a history row for what just happened to `generation`."""
    step = {"was": was or "", "now": generation.state, "reason": reason[:300]}
    history = generation.transitions.model
    insert(history(generation=generation, at=at or timezone.now(), **step))


def claim(generation: Any, *, seconds: float) -> bool:
    """Take a due row for `seconds`: true for one caller only, however many ask at once.

    The row keeps its state; its clock moves on, so a caller that dies is followed by another
    after `seconds`.
    """
    now = timezone.now()
    until = now + timedelta(seconds=seconds)
    rows = (
        type(generation)
        .objects.filter(
            pk=generation.pk,
            state=generation.state,
            due_at=generation.due_at,
            due_at__lte=now,
        )
        .update(due_at=until)
    )
    if rows:
        generation.due_at = until
    return bool(rows)


def postpone(generation: Any, *, due_at: datetime, **changes: Any) -> None:
    """Give a claimed row back until `due_at`, with `changes`, in the state that it has.

    Nothing happens if somebody has moved the row or its clock since: a callback that came while
    the provider was being asked must not be forgotten.
    """
    type(generation).objects.filter(
        pk=generation.pk, state=generation.state, due_at=generation.due_at
    ).update(due_at=due_at, **changes)


@dataclass(frozen=True)
class Postponed:
    """A claimed row that is given back until `until`, with no news."""

    generation: Any
    until: datetime


def postpone_all(given_back: Sequence[Postponed], *, looked: bool = True) -> None:
    """`postpone` for many rows that have nothing new, in one statement: a seventh of the cost.

    Forgets nothing that came meanwhile, like `postpone`. `looked`: whether to count a look.
    """
    if not given_back:
        return
    table = type(given_back[0].generation)._meta.db_table
    moment = connection.ops.adapt_datetimefield_value
    values: list[Any] = []
    for one in given_back:
        row = one.generation
        values += [row.pk, row.state, moment(row.due_at), moment(one.until)]
    marks = ", ".join(["(%s, %s, %s, %s)"] * len(given_back))
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH given (id, state, was, until) AS (VALUES {marks}) "  # noqa: S608  constants
            f"UPDATE {table} SET due_at = given.until, checks = checks + {int(looked)} FROM given "
            f"WHERE {table}.id = given.id AND {table}.state = given.state "
            f"AND {table}.due_at = given.was",
            values,
        )
