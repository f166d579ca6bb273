"""Taking an account's row, and appending entries to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self

from django.db import connection
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from accounts import prepared
from billing.amounts import MAX_MICRO
from billing.errors import KeyReused
from billing.models import CreditAccount, Entry, Lot


class Movement(NamedTuple):
    """What an entry will say."""

    amount: int
    kind: str
    key: str
    note: str = ""
    hold_id: int | None = None
    debt: int = 0
    reverses_id: int | None = None
    expires_at: datetime | None = None


@dataclass
class LockedAccount:
    """The account as it stands while this transaction has its row."""

    id: int
    balance: int
    held: int
    debt: int
    frozen: str
    last_seq: int

    @classmethod
    def of(cls, account_id: int) -> Self:
        """Take the account's row, without the credits that have expired."""
        locked = cls._take("id = %s", account_id)
        assert locked is not None
        return locked

    @classmethod
    def of_workspace(cls, workspace_id: int) -> Self:
        """The same for a workspace, whose account is made if there is none."""
        locked = cls._take("workspace_id = %s", workspace_id)
        if locked is None:
            CreditAccount.objects.get_or_create(workspace_id=workspace_id)
            locked = cls._take("workspace_id = %s", workspace_id)
        assert locked is not None
        return locked

    @classmethod
    def _take(cls, condition: str, parameter: int) -> Self | None:
        """Lock and look are one statement, and the first of the movement.

        A SELECT before it would decide on numbers that another transaction is changing, and a row
        inserted before it would share-lock the account by its foreign key, then deadlock with its
        twin.
        """
        require_transaction()
        table, lots = CreditAccount._meta.db_table, Lot._meta.db_table
        text = (
            f"UPDATE {table} SET held = held WHERE {condition} "  # noqa: S608  constants
            "RETURNING id, balance, held, debt, frozen, last_seq, EXISTS ("
            f"SELECT 1 FROM {lots} WHERE account_id = {table}.id AND remaining > 0 "
            "AND expires_at <= %s)"
        )
        with prepared.execute(text, [parameter, timezone.now()]) as cursor:
            row = cursor.fetchone()
        if row is None:
            return None
        *numbers, has_expired = row
        locked = cls(*numbers)
        if has_expired:
            locked.expire()
        return locked

    @property
    def available(self) -> int:
        return self.balance - self.held

    def post(self, movement: Movement) -> Entry:
        """Append an entry; the database applies it, or refuses it if the sums do not meet."""
        entry = Entry.objects.create(
            account_id=self.id,
            seq=self.last_seq + 1,
            balance_after=self.balance + movement.amount,
            debt_after=self.debt + movement.debt,
            **movement._replace(note=movement.note[:200])._asdict(),
        )
        self.last_seq = entry.seq
        self.balance = entry.balance_after
        self.debt = entry.debt_after
        return entry

    def posted(self, movement: Movement) -> Entry | None:
        """The entry that has the movement's key. Raises KeyReused if it is of another movement."""
        earlier = Entry.objects.filter(key=movement.key).first()
        if earlier is None:
            return None
        # Of a claw-back only the sum is asked for; what of it became debt showed at that moment.
        was = (earlier.account_id, earlier.amount - earlier.debt, earlier.kind, earlier.hold_id)
        if was != (self.id, movement.amount - movement.debt, movement.kind, movement.hold_id):
            raise KeyReused(movement.key)
        return earlier

    def repay(self, *, key: str, note: str) -> None:
        """Pay back what is owed, with what became free by what `key` and `note` name."""
        amount = min(self.debt, self.available)
        if amount > 0:
            kind = Entry.Kind.REPAYMENT
            self.post(Movement(-amount, kind, repayment_key(key), note, debt=-amount))

    def expire(self) -> None:
        """Take what has expired, but for what open holds may still spend."""
        now = timezone.now()
        lots = Lot.objects.filter(account_id=self.id, remaining__gt=0, expires_at__lte=now)
        expired = sum(lots.values_list("remaining", flat=True))
        # Holds spend what expires first: what they hold is not lost to a job that takes long.
        amount = expired - self.held
        if amount > 0:
            key = f"account:{self.id}:{self.last_seq + 1}"
            self.post(Movement(-amount, Entry.Kind.EXPIRY, key))


def repayment_key(key: str) -> str:
    """Under which a debt is repaid of the credits that came, or became free, under `key`."""
    return f"{key}:repaid"


def require_transaction() -> None:
    if not connection.in_atomic_block:
        raise TransactionManagementError("Credits move only inside transaction.atomic().")


def require_positive(amount: int) -> None:
    if not 0 < amount <= MAX_MICRO:
        raise ValueError(f"{amount} is not a positive amount of micro-credits.")
