"""Credits set aside for a job, and how the hold ends: charged, released, refunded."""

from __future__ import annotations

from django.db.models import Sum
from django.utils import timezone

from accounts.fixed_writes import insert_unless_taken, update
from accounts.models import Workspace
from billing.amounts import MAX_MICRO
from billing.credits.posting import LockedAccount, Movement, require_positive
from billing.errors import (
    AccountFrozen,
    AlreadySettled,
    InDebt,
    InsufficientCredits,
    KeyReused,
    RefundTooLarge,
)
from billing.models import Entry, Hold


def hold(*, workspace: Workspace, amount: int, key: str) -> Hold:
    """Set credits aside under a key; the same key again gives the same hold.

    Raises AccountFrozen, InDebt or InsufficientCredits. An amount of 0 is a hold too, so that a
    free job needs no path of its own.
    """
    if not 0 <= amount <= MAX_MICRO:
        raise ValueError(f"{amount} cannot be held.")
    account = LockedAccount.of_workspace(workspace.pk)
    refusal = _refusal(account, amount)
    # Look and INSERT are one statement, since other jobs of the workspace wait meanwhile. Of two
    # with one key, the other has waited for the account's row and finds the first.
    opened = Hold(account_id=account.id, reference=key, amount=amount)
    if refusal is None and insert_unless_taken(opened, "reference"):
        return opened
    earlier = Hold.objects.filter(reference=key).first()
    if earlier is None:
        raise refusal or RuntimeError(f"{key} is neither held nor free.")
    if (earlier.account_id, earlier.amount) != (account.id, amount):
        raise KeyReused(key)
    return earlier


def settle(*, hold: Hold, amount: int, reason: str = "") -> int:
    """Bring what a job costs to `amount`, at most what was held; returns what it costs now.

    An open hold is settled or released. Where somebody has closed it before, by hand, the
    difference is posted as an adjustment, and never more of it than is free: the hold is gone, and
    the customer may have spent its credits elsewhere. Again with the same amount changes nothing.
    """
    if amount < 0:
        raise ValueError(f"{amount} cannot be charged.")
    target = min(amount, hold.amount)
    account = LockedAccount.of(hold.account_id)
    if _close(account, hold, capture=target, reason=reason):
        return target
    cost = charged(hold)
    change = max(cost - target, -account.available)
    if change:
        key = f"{hold.reference}:late:{account.last_seq + 1}"
        account.post(Movement(change, Entry.Kind.ADJUSTMENT, key, reason, hold.pk))
        account.repay(key=key, note=reason)
    return cost - change


def release(*, hold: Hold, reason: str) -> None:
    """Give back all that is held. Raises AlreadySettled if it has been charged."""
    account = LockedAccount.of(hold.account_id)
    is_closed = _close(account, hold, capture=0, reason=reason)
    if not is_closed and hold.state == Hold.State.CAPTURED:
        raise AlreadySettled(reference=hold.reference, captured=hold.captured)


def refund(*, hold: Hold, amount: int, key: str, reason: str) -> Entry:
    """Give back (a part of) what was charged for a hold, as an entry of its own."""
    require_positive(amount)
    account = LockedAccount.of(hold.account_id)
    movement = Movement(amount, Entry.Kind.REFUND, key, reason, hold.pk)
    earlier = account.posted(movement)
    if earlier is not None:
        return earlier
    left = charged(hold)
    if amount > left:
        raise RefundTooLarge(asked=amount, left=left)
    entry = account.post(movement)
    account.repay(key=key, note=reason)
    return entry


def charged(hold: Hold) -> int:
    """What the job has cost by now: its charge, with refunds and adjustments."""
    return -(hold.entries.aggregate(sum=Sum("amount"))["sum"] or 0)


def _refusal(account: LockedAccount, amount: int) -> Exception | None:
    """Why the account cannot hold so much more."""
    if account.frozen:
        return AccountFrozen(account.frozen)
    if account.debt:
        return InDebt(needed=amount, available=account.available, debt=account.debt)
    if account.available < amount:
        return InsufficientCredits(needed=amount, available=account.available)
    return None


def _close(account: LockedAccount, hold: Hold, *, capture: int, reason: str) -> bool:
    """False if it is closed: then it says how."""
    values = {
        "state": Hold.State.CAPTURED if capture else Hold.State.RELEASED,
        "captured": capture,
        "reason": reason[:200],
        "closed_at": timezone.now(),
    }
    if not update(Hold, values, where={"id": hold.pk, "state": Hold.State.OPEN}):
        hold.refresh_from_db(fields=list(values))
        return False
    for name, value in values.items():
        setattr(hold, name, value)
    account.held -= hold.amount
    if capture:
        # The hold is closed first: held credits may be all there are, and the balance may not
        # fall below what is held for even one statement.
        key = f"{hold.reference}:capture"
        account.post(Movement(-capture, Entry.Kind.CAPTURE, key, hold_id=hold.pk))
    account.repay(key=hold.reference, note=f"Was held for {hold.reference}")
    return True
