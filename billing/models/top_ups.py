"""Automatic top-up: what a workspace has ordered for when credits run low, and each purchase."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.ids import new_id
from accounts.models import User, Workspace
from billing.models.cards import SavedCard
from billing.models.changes import Change
from billing.models.orders import Order


def new_top_up_id() -> str:
    return new_id("top")


class TopUpRule(models.Model):
    """Below `threshold` micro-credits available, buy `pack`, for at most `monthly_cap` a month.

    `monthly_cap` is money in the smallest unit of `currency`; months are those of UTC.
    """

    workspace = models.OneToOneField(
        Workspace, on_delete=models.PROTECT, related_name="top_up_rule"
    )
    is_on = models.BooleanField(default=True)
    threshold = models.BigIntegerField()
    pack = models.SlugField()
    currency = models.CharField(max_length=3)
    monthly_cap = models.BigIntegerField()
    # Not before: purchases keep their distance, a declined card gets time, a cap lasts a month.
    next_at = models.DateTimeField(default=timezone.now)
    soft_declines = models.PositiveSmallIntegerField(default=0, help_text="One after the other.")
    off_reason = models.CharField(max_length=200, blank=True, help_text="Shown to the customer.")
    changed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(threshold__gt=0), name="top_up_threshold_positive"),
            models.CheckConstraint(condition=Q(monthly_cap__gt=0), name="top_up_cap_positive"),
            models.CheckConstraint(
                condition=Q(is_on=False) | Q(off_reason=""), name="top_up_off_has_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(is_on=True), name="top_up_rule_on"),
        ]

    def __str__(self) -> str:
        return f"Automatic top-up of {self.workspace}"


class TopUpState(models.TextChoices):
    CHARGING = "charging", "Being charged"
    ACTION = "action", "Waiting for your bank"
    CLOSING = "closing", "Being closed"
    PAID = "paid", "Paid"
    FAILED = "failed", "Failed"


OPEN_TOP_UPS = (TopUpState.CHARGING, TopUpState.ACTION, TopUpState.CLOSING)


class TopUp(models.Model):
    """One automatic purchase. Written with its order, before Stripe hears of either.

    It is open until its order is final: meanwhile the workspace has no other one.
    """

    public_id = models.CharField(max_length=40, unique=True, default=new_top_up_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="top_ups")
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="top_up")
    card = models.ForeignKey(SavedCard, on_delete=models.PROTECT, related_name="top_ups")
    state = models.CharField(
        max_length=10, choices=TopUpState.choices, default=TopUpState.CHARGING, editable=False
    )
    # Of asking the bank: part of the idempotency key.
    attempt = models.PositiveSmallIntegerField(default=1)
    decline = models.CharField(max_length=120, blank=True, help_text="Stripe's code.")
    created_at = models.DateTimeField(auto_now_add=True)
    # Until when the customer may confirm it at the bank.
    acts_until = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(state__in=OPEN_TOP_UPS),
                name="top_up_one_open",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_TOP_UPS, finished_at=None)
                | Q(state__in=["paid", "failed"], finished_at__isnull=False),
                name="top_up_finished_at",
            ),
            models.CheckConstraint(
                condition=~Q(state="action") | Q(acts_until__isnull=False), name="top_up_acts_until"
            ),
        ]
        indexes = [
            models.Index(
                fields=["looked_at"], condition=Q(state__in=OPEN_TOP_UPS), name="top_up_open"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class TopUpChange(Change):
    top_up = models.ForeignKey(TopUp, on_delete=models.CASCADE, related_name="changes")
