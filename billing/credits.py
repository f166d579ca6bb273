"""Moving credits. All amounts are micro-credits.

Every function here joins the caller's transaction and refuses to run outside one: money and the
state it belongs to change together or not at all. Lock order: generation or order, then credit
account, then hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection
from django.db.models import Sum
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from accounts.models import Workspace
from billing.amounts import MAX_MICRO
from billing.errors import AlreadySettled, InsufficientCredits, KeyReused, RefundTooLarge
from billing.models import CreditAccount, Entry, Hold

__all__ = [
    "AlreadySettled",
    "Balance",
    "InsufficientCredits",
    "KeyReused",
    "RefundTooLarge",
    "account_of",
    "adjust",
    "balance",
    "grant",
    "hold",
    "refund",
    "release",
    "settle",
]

GRANT_KINDS = (Entry.Kind.PURCHASE, Entry.Kind.GRANT)


@dataclass(frozen=True)
class Balance:
    balance: int
    held: int
    available: int


def account_of(workspace: Workspace) -> CreditAccount:
    """The account of a workspace, made at the first look."""
    account, _ = CreditAccount.objects.get_or_create(workspace=workspace)
    return account


def balance(workspace: Workspace) -> Balance:
    row = (
        CreditAccount.objects.filter(workspace=workspace).values_list("balance", "held").first()
    ) or (0, 0)
    return Balance(balance=row[0], held=row[1], available=row[0] - row[1])


def grant(*, workspace: Workspace, amount: int, key: str, kind: str, note: str = "") -> Entry:
    """Add credits: kind "purchase" or "grant". The same key again changes nothing."""
    _require_transaction()
    _require_positive(amount)
    if kind not in GRANT_KINDS:
        raise ValueError(f"{kind!r} does not grant credits.")
    return _post(account_of(workspace), Movement(amount, kind, key, note))


def hold(*, workspace: Workspace, amount: int, key: str) -> Hold:
    """Set credits aside under a key, or raise InsufficientCredits.

    The same key again gives the same hold. An amount of 0 is a hold too, so that a free job needs
    no path of its own.
    """
    _require_transaction()
    if not 0 <= amount <= MAX_MICRO:
        raise ValueError(f"{amount} cannot be held.")
    account = account_of(workspace)
    locked = _lock(account.pk, free=amount)
    earlier = Hold.objects.filter(reference=key).first()
    if earlier is not None:
        if (earlier.account_id, earlier.amount) != (account.pk, amount):
            raise KeyReused(key)
        return earlier
    if locked is None:
        raise InsufficientCredits(needed=amount, available=balance(workspace).available)
    return Hold.objects.create(account=account, reference=key, amount=amount)


def settle(*, hold: Hold, amount: int) -> int:
    """Charge at most what is held, give the rest back; returns what was charged.

    Again with the same result changes nothing; with another one raises AlreadySettled.
    """
    if amount < 0:
        raise ValueError(f"{amount} cannot be charged.")
    return _close(hold, capture=min(amount, hold.amount), reason="")


def release(*, hold: Hold, reason: str) -> None:
    """Give back all that is held. Raises AlreadySettled if it has been charged."""
    _close(hold, capture=0, reason=reason)


def refund(*, hold: Hold, amount: int, key: str, reason: str) -> Entry:
    """Give back (a part of) what was charged, as an entry of its own."""
    _require_transaction()
    _require_positive(amount)
    _lock(hold.account_id)
    movement = Movement(amount, Entry.Kind.REFUND, key, reason, hold.pk)
    earlier = _posted(hold.account_id, movement)
    if earlier is not None:
        return earlier
    charged = hold.entries.filter(kind__in=[Entry.Kind.CAPTURE, Entry.Kind.REFUND])
    left = -(charged.aggregate(sum=Sum("amount"))["sum"] or 0)
    if amount > left:
        raise RefundTooLarge(asked=amount, left=left)
    return _post(hold.account, movement)


def adjust(
    *, workspace: Workspace, amount: int, key: str, reason: str, hold: Hold | None = None
) -> Entry:
    """Correct a balance, up or down, but never into what is held."""
    _require_transaction()
    if amount == 0:
        raise ValueError("An adjustment of nothing.")
    movement = Movement(
        amount, Entry.Kind.ADJUSTMENT, key, reason, None if hold is None else hold.pk
    )
    return _post(account_of(workspace), movement)


class Movement(NamedTuple):
    amount: int
    kind: str
    key: str
    note: str
    hold_id: int | None = None


class Locked(NamedTuple):
    """The account as it stands while this transaction has its row."""

    balance: int
    held: int
    last_seq: int


def _require_transaction() -> None:
    if not connection.in_atomic_block:
        raise TransactionManagementError("Credits move only inside transaction.atomic().")


def _require_positive(amount: int) -> None:
    if not 0 < amount <= MAX_MICRO:
        raise ValueError(f"{amount} is not a positive amount of micro-credits.")


def _lock(account_id: int, *, free: int | None = None) -> Locked | None:
    """Take the account's row; None if it has fewer than `free` credits available.

    The test and the lock are one statement, and the first of the movement: a SELECT before it
    would decide on numbers that another transaction is changing, and a row inserted before it
    would share-lock the account by its foreign key, then deadlock with its twin.
    """
    table = CreditAccount._meta.db_table
    condition, parameters = "", [account_id]
    if free is not None:
        condition, parameters = "AND balance - held >= %s", [account_id, free]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET held = held WHERE id = %s {condition} "  # noqa: S608  constants
            "RETURNING balance, held, last_seq",
            parameters,
        )
        row = cursor.fetchone()
    return None if row is None else Locked(*row)


def _post(account: CreditAccount, movement: Movement) -> Entry:
    """Append an entry; the account's trigger applies it, or refuses it if the sums do not meet."""
    needed = max(0, -movement.amount)
    locked = _lock(account.pk, free=needed)
    earlier = _posted(account.pk, movement)
    if earlier is not None:
        return earlier
    if locked is None:
        available = CreditAccount.objects.get(pk=account.pk).available
        raise InsufficientCredits(needed=needed, available=available)
    return _append(account.pk, locked, movement)


def _posted(account_id: int, movement: Movement) -> Entry | None:
    earlier = Entry.objects.filter(key=movement.key).first()
    if earlier is None:
        return None
    was = (earlier.account_id, earlier.amount, earlier.kind, earlier.hold_id)
    if was != (account_id, movement.amount, movement.kind, movement.hold_id):
        raise KeyReused(movement.key)
    return earlier


def _append(account_id: int, locked: Locked, movement: Movement) -> Entry:
    return Entry.objects.create(
        account_id=account_id,
        seq=locked.last_seq + 1,
        balance_after=locked.balance + movement.amount,
        kind=movement.kind,
        amount=movement.amount,
        key=movement.key,
        hold_id=movement.hold_id,
        note=movement.note[:200],
    )


def _close(hold: Hold, *, capture: int, reason: str) -> int:
    _require_transaction()
    locked = _lock(hold.account_id)
    assert locked is not None
    hold.refresh_from_db(fields=["state", "captured", "closed_at"])
    if hold.state != Hold.State.OPEN:
        if hold.captured != capture:
            raise AlreadySettled(reference=hold.reference, captured=hold.captured)
        return hold.captured
    hold.state = Hold.State.CAPTURED if capture else Hold.State.RELEASED
    hold.captured = capture
    hold.reason = reason[:200]
    hold.closed_at = timezone.now()
    hold.save(update_fields=["state", "captured", "reason", "closed_at"])
    if capture:
        # The hold is closed first: held credits may be all there are, and the balance may not
        # fall below what is held for even one statement.
        movement = Movement(-capture, Entry.Kind.CAPTURE, f"{hold.reference}:capture", "", hold.pk)
        _append(hold.account_id, locked, movement)
    return capture
