"""Credits that come and go without a job: given, corrected, taken back, expired."""

from __future__ import annotations

from datetime import datetime
from time import monotonic
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F, Min, QuerySet, Sum
from django.utils import timezone

from accounts.models import Workspace
from billing.credits.posting import LockedAccount, Movement, require_positive
from billing.errors import InsufficientCredits, UnknownGrant
from billing.models import Entry, Hold, Lot

GRANT_KINDS = (Entry.Kind.PURCHASE, Entry.Kind.SUBSCRIPTION, Entry.Kind.GRANT)
EXPIRE_SIZE = 200
EXPIRE_SECONDS = 40.0


class ClawBack(NamedTuple):
    """What was there to take, and what became a debt."""

    taken: int
    shortfall: int


def grant(
    *,
    workspace: Workspace,
    amount: int,
    key: str,
    kind: str,
    note: str = "",
    expires_at: datetime | None = None,
) -> Entry:
    """Add a lot of credits: kind "purchase", "subscription" or "grant". A debt is repaid of it."""
    if kind not in GRANT_KINDS:
        raise ValueError(f"{kind!r} does not grant credits.")
    require_positive(amount)
    return _add(workspace, Movement(amount, kind, key, note, expires_at=expires_at))


def restore(
    *, workspace: Workspace, amount: int, key: str, note: str, expires_at: datetime | None = None
) -> Entry:
    """Give back what a claw-back took wrongly: a new lot, of which a debt is repaid first."""
    require_positive(amount)
    return _add(workspace, Movement(amount, Entry.Kind.RESTORE, key, note, expires_at=expires_at))


def adjust(
    *, workspace: Workspace, amount: int, key: str, reason: str, hold: Hold | None = None
) -> Entry:
    """Correct a balance, up or down, but never into what is held.

    With a closed hold it corrects what that job has cost, at most up to what was held.
    """
    if amount == 0:
        raise ValueError("An adjustment of nothing.")
    hold_id = None if hold is None else hold.pk
    return _add(workspace, Movement(amount, Entry.Kind.ADJUSTMENT, key, reason, hold_id))


def claw_back(*, workspace: Workspace, amount: int, key: str, note: str, lot_key: str) -> ClawBack:
    """Take back credits whose payment was taken from us: from the lot that was granted under
    `lot_key`, then from others, never from what is held. The rest becomes a debt.

    Raises UnknownGrant if nothing was granted under `lot_key`.
    """
    require_positive(amount)
    account = LockedAccount.of_workspace(workspace.pk)
    granted = Entry.objects.filter(key=lot_key, account_id=account.id, amount__gt=0).first()
    if granted is None:
        raise UnknownGrant(lot_key)
    taken = min(amount, account.available)
    movement = Movement(
        -taken, Entry.Kind.CLAW_BACK, key, note, debt=amount - taken, reverses_id=granted.pk
    )
    entry = account.posted(movement) or account.post(movement)
    return ClawBack(taken=-entry.amount, shortfall=entry.debt)


def forgive(*, workspace: Workspace, key: str, note: str) -> Entry | None:
    """Write the whole debt off. None if there was none."""
    account = LockedAccount.of_workspace(workspace.pk)
    earlier = Entry.objects.filter(
        key=key, account_id=account.id, kind=Entry.Kind.FORGIVENESS
    ).first()
    if earlier is not None or not account.debt:
        return earlier
    return account.post(Movement(0, Entry.Kind.FORGIVENESS, key, note, debt=-account.debt))


def expire(*, seconds: float = EXPIRE_SECONDS) -> int:
    """Take the credits that have expired and are not held; the number of accounts.

    Those that expired first come first, until none is left, or the time is over: the schedule
    calls it again.
    """
    end, looked = monotonic() + seconds, 0
    while accounts := list(_expired()[:EXPIRE_SIZE]):
        for account_id in accounts:
            with transaction.atomic():
                LockedAccount.of(account_id)
        looked += len(accounts)
        if monotonic() >= end:
            break
    return looked


def _expired() -> QuerySet[Any, int]:
    """Accounts with more expired credits than they hold: what is held would come up for ever."""
    lots = Lot.objects.filter(remaining__gt=0, expires_at__lte=timezone.now()).order_by()
    accounts = lots.values("account_id").annotate(first=Min("expires_at"), sum=Sum("remaining"))
    due = accounts.filter(sum__gt=F("account__held")).order_by("first", "account_id")
    return due.values_list("account_id", flat=True)


def _add(workspace: Workspace, movement: Movement) -> Entry:
    account = LockedAccount.of_workspace(workspace.pk)
    earlier = account.posted(movement)
    if earlier is not None:
        return earlier
    if account.available < -movement.amount:
        raise InsufficientCredits(needed=-movement.amount, available=account.available)
    entry = account.post(movement)
    account.repay(key=movement.key, note=movement.note)
    return entry
