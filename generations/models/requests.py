from __future__ import annotations

from django.db import models

from accounts.ids import new_id
from accounts.models import Workspace
from generations.models.accounts import ProviderAccount
from generations.models.generations import Generation


def new_quote_id() -> str:
    return new_id("quo")


class Quote(models.Model):
    """A binding price for one exact request, until `expires_at`."""

    public_id = models.CharField(max_length=40, unique=True, default=new_quote_id)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(ProviderAccount, on_delete=models.CASCADE, related_name="+")
    operation = models.CharField(max_length=40)
    digest = models.CharField(max_length=64, help_text="SHA-256 of operation and input.")
    units = models.DecimalField(max_digits=18, decimal_places=6)
    unit_type = models.CharField(max_length=10)
    price_book_id = models.PositiveBigIntegerField()
    rate = models.PositiveBigIntegerField()
    credits = models.PositiveBigIntegerField()
    breakdown = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.public_id


class IdempotencyKey(models.Model):
    """An `Idempotency-Key` and the generation it made, kept for 24 hours.

    Written in the transaction that creates the generation: a key without its generation, or two
    generations under one key, cannot exist.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    generation = models.ForeignKey(Generation, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "key"], name="idempotency_key_unique"),
        ]

    def __str__(self) -> str:
        return self.key
