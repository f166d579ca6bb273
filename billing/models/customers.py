from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.ids import new_id
from accounts.models import Workspace


def new_customer_id() -> str:
    return new_id("cst")


class Customer(models.Model):
    """A workspace at Stripe: its receipts, invoices, tax ids and cards hang on it.

    Committed before Stripe hears of it; the public id is the idempotency key. One that is deleted
    there stays as a row, and the next purchase makes another.
    """

    public_id = models.CharField(
        max_length=40, unique=True, default=new_customer_id, editable=False
    )
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, related_name="stripe_customers"
    )
    stripe_account = models.CharField(max_length=120, blank=True)
    livemode = models.BooleanField()
    # NULL until Stripe has answered.
    stripe_id = models.CharField(max_length=120, null=True, blank=True, unique=True)
    # As the buyer left them at Stripe.
    email = models.CharField(max_length=320, blank=True)
    name = models.CharField(max_length=256, blank=True)
    country = models.CharField(max_length=2, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "livemode"],
                condition=Q(deleted_at=None),
                name="customer_one_per_workspace",
            ),
        ]

    def __str__(self) -> str:
        return self.stripe_id or self.public_id
