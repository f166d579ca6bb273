"""The ledger: an account a workspace, holds on it, and entries that only grow.

`balance`, `debt`, `held` and `last_seq` are derived: only the database's own triggers write them
(`billing.guards`), from inserted entries and from holds that open or close. So are lots
(`billing.models.lots`).
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from accounts.models import Workspace
from billing.amounts import MAX_MICRO


class CreditAccount(models.Model):
    """What a workspace owns (`balance`), what of it is reserved (`held`), and what it owes.

    Amounts are micro-credits. `debt` is what was taken back after it had been spent. With a debt,
    or `frozen` (why, in words for the customer), no new hold opens.
    """

    workspace = models.OneToOneField(
        Workspace, on_delete=models.PROTECT, related_name="credit_account"
    )
    balance = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    debt = models.BigIntegerField(default=0)
    frozen = models.CharField(max_length=200, blank=True, default="")
    last_seq = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(debt__gte=0, debt__lte=MAX_MICRO), name="account_debt_bounded"
            ),
            models.CheckConstraint(condition=Q(held__gte=0), name="account_held_not_negative"),
            models.CheckConstraint(
                condition=Q(balance__gte=F("held")), name="account_not_overspent"
            ),
        ]

    def __str__(self) -> str:
        return str(self.workspace)

    @property
    def available(self) -> int:
        return self.balance - self.held


class Hold(models.Model):
    """Credits set aside for a job. Leaves `open` once: captured (in part or whole) or released."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CAPTURED = "captured", "Captured"
        RELEASED = "released", "Released"

    account = models.ForeignKey(CreditAccount, on_delete=models.PROTECT, related_name="holds")
    reference = models.CharField(max_length=120, unique=True)
    amount = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    captured = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            # With the amount: the sum of open holds is read from the index alone.
            models.Index(fields=["account", "amount"], condition=Q(state="open"), name="hold_open"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="hold_amount_not_negative"),
            models.CheckConstraint(
                condition=Q(captured__gte=0, captured__lte=F("amount")), name="hold_captured_within"
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True, captured=0)
                | Q(state="captured", closed_at__isnull=False, captured__gt=0)
                | Q(state="released", closed_at__isnull=False, captured=0),
                name="hold_shape",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class Entry(models.Model):
    """One movement of credits. Never changed, never deleted: a mistake gets a further entry.

    `amount` moves the balance, `debt` what is owed: a claw-back of what was spent moves both.
    `reverses` is the entry whose grant a claw-back takes back. `expires_at` is of what was given.
    """

    class Kind(models.TextChoices):
        PURCHASE = "purchase", "Purchase"
        SUBSCRIPTION = "subscription", "Subscription"
        GRANT = "grant", "Grant"
        CAPTURE = "capture", "Charge"
        REFUND = "refund", "Refund"
        ADJUSTMENT = "adjustment", "Adjustment"
        EXPIRY = "expiry", "Expired"
        CLAW_BACK = "claw_back", "Taken back"
        RESTORE = "restore", "Given back"
        REPAYMENT = "repayment", "Debt repaid"
        FORGIVENESS = "forgiveness", "Debt forgiven"

    account = models.ForeignKey(CreditAccount, on_delete=models.PROTECT, related_name="entries")
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    amount = models.BigIntegerField()
    debt = models.BigIntegerField(default=0)
    balance_after = models.BigIntegerField()
    debt_after = models.BigIntegerField(default=0)
    key = models.CharField(max_length=120, unique=True)
    hold = models.ForeignKey(
        Hold, null=True, blank=True, on_delete=models.PROTECT, related_name="entries"
    )
    reverses = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversals"
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["account", "-seq"]
        verbose_name_plural = "entries"
        indexes = [
            # With all that a statement sums up: a month is read from the index alone.
            models.Index(
                fields=["account", "created_at", "kind", "amount", "debt"], name="entry_by_time"
            ),
            # Among a million charges, the few entries of any other kind.
            models.Index(
                fields=["account", "kind", "-seq"], condition=~Q(kind="capture"), name="entry_rare"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["account", "seq"], name="entry_seq_unique"),
            models.UniqueConstraint(
                fields=["hold"], condition=Q(kind="capture"), name="entry_one_capture_per_hold"
            ),
            models.CheckConstraint(condition=Q(seq__gt=0), name="entry_seq_positive"),
            models.CheckConstraint(
                condition=Q(
                    kind__in=["purchase", "subscription", "grant", "refund", "restore"],
                    amount__gt=0,
                    debt=0,
                )
                | Q(kind__in=["capture", "expiry"], amount__lt=0, debt=0)
                | (Q(kind="adjustment", debt=0) & ~Q(amount=0))
                | (Q(kind="claw_back", amount__lte=0, debt__gte=0) & ~Q(amount=0, debt=0))
                | Q(kind="repayment", amount__lt=0, debt=F("amount"))
                | Q(kind="forgiveness", amount=0, debt__lt=0),
                name="entry_sign",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["capture", "refund"], hold__isnull=False)
                | Q(kind="adjustment")
                | (Q(hold__isnull=True) & ~Q(kind__in=["capture", "refund"])),
                name="entry_hold",
            ),
            models.CheckConstraint(
                condition=Q(kind="claw_back", reverses__isnull=False)
                | (Q(reverses__isnull=True) & ~Q(kind="claw_back")),
                name="entry_reverses",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(amount__gt=0), name="entry_expires"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.seq}"
