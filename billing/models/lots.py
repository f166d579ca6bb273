"""Lots: which credits are left of what was given, and which entry spent them.

No code of ours writes these rows. The database makes a lot of each entry that adds credits, and
draws each entry that takes credits from lots (`billing.guards`): first what expires first, never
last; at the same time granted before bought.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from billing.models.ledger import CreditAccount, Entry


class Lot(models.Model):
    """What one entry has given: `granted` then, `remaining` now, in micro-credits."""

    account = models.ForeignKey(CreditAccount, on_delete=models.PROTECT, related_name="lots")
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="lot")
    source = models.CharField(max_length=12, choices=Entry.Kind.choices)
    granted = models.BigIntegerField()
    remaining = models.BigIntegerField()
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(
                fields=["account", "expires_at"], condition=Q(remaining__gt=0), name="lot_left"
            ),
            # For the sweep, which asks over all accounts.
            models.Index(
                fields=["expires_at"],
                condition=Q(remaining__gt=0, expires_at__isnull=False),
                name="lot_expiring",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(granted__gt=0), name="lot_granted_positive"),
            models.CheckConstraint(
                condition=Q(remaining__gte=0, remaining__lte=F("granted")),
                name="lot_remaining_within",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.pk}"


class LotDraw(models.Model):
    """What one entry has taken from one lot."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="draws")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="draws")
    amount = models.BigIntegerField()
    remaining_after = models.BigIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "lot"], name="draw_once_a_lot"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="draw_positive"),
            models.CheckConstraint(condition=Q(remaining_after__gte=0), name="draw_within"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} of lot {self.lot_id}"


class ExpiryNotice(models.Model):
    """That its managers were told of a lot that is about to expire."""

    lot = models.OneToOneField(Lot, on_delete=models.CASCADE, related_name="expiry_notice")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.lot}: {self.created_at:%Y-%m-%d}"
