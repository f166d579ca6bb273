"""Money that goes back: refunds and disputes, as Stripe has them; and the freezes they cause."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.ids import new_id
from accounts.models import User, Workspace
from billing.models.orders import Order


def new_refund_id() -> str:
    return new_id("ref")


class Refund(models.Model):
    """A refund, ours or one made in Stripe's dashboard. `status` is Stripe's word, or "requested".

    One of ours is committed before Stripe hears of it; the public id is the idempotency key.
    """

    REQUESTED = "requested"

    public_id = models.CharField(max_length=40, unique=True, default=new_refund_id, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    amount = models.BigIntegerField(help_text="In the smallest unit of the order's currency.")
    status = models.CharField(max_length=40, default=REQUESTED)
    stripe_id = models.CharField(max_length=120, null=True, blank=True, unique=True)
    reason = models.CharField(max_length=300, blank=True)
    failure = models.CharField(max_length=300, blank=True)
    requested_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(status="requested"),
                name="refund_requested",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount_positive"),
        ]

    def __str__(self) -> str:
        return self.stripe_id or self.public_id


class Dispute(models.Model):
    """A dispute (chargeback) or an inquiry, as Stripe has it. Only `lost` has moved money."""

    stripe_id = models.CharField(max_length=120, unique=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="disputes")
    amount = models.BigIntegerField(help_text="In the smallest unit of the order's currency.")
    lost = models.BigIntegerField(default=0, help_text="What of it the bank has taken.")
    reason = models.CharField(max_length=60)
    status = models.CharField(max_length=40)
    due_by = models.DateTimeField("evidence due by", null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(lost__gte=0), name="dispute_lost_not_negative"),
        ]

    def __str__(self) -> str:
        return self.stripe_id


class Freeze(models.Model):
    """Why a workspace may not start jobs, and until when. It is frozen while one is not lifted.

    `cause` names what did it, once for all: a freeze that a person lifted does not come back with
    the next look at the same dispute.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="freezes")
    cause = models.CharField(max_length=160, unique=True)
    reason = models.CharField(max_length=200)
    order = models.ForeignKey(
        Order, null=True, blank=True, on_delete=models.PROTECT, related_name="freezes"
    )
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    lifted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_because = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["workspace"], condition=Q(lifted_at=None), name="freeze_in_force"),
        ]

    def __str__(self) -> str:
        return self.reason
