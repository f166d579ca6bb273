"""Subscription plans, who has one, and the credits that each paid period brings."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from accounts.ids import new_id
from accounts.models import Plan, User, Workspace
from billing import currencies
from billing.models.changes import Change
from billing.models.customers import Customer
from billing.models.orders import CURRENCY, Order


def new_subscription_id() -> str:
    return new_id("sbs")


class RollOver(models.TextChoices):
    """What becomes of credits that a period has left."""

    NONE = "none", "Expire with the period"
    MONTHS = "months", "Stay for some more months"
    UNLIMITED = "unlimited", "Stay"
    CAPPED = "capped", "Stay, up to a cap"


class SubscriptionPlan(models.Model):
    """So many credits each month for so much money.

    Its terms can be edited until it is first put on sale, and never again: another price is
    another plan. Who has a plan that is off sale keeps it.
    """

    TERMS = (
        "slug",
        "credits",
        "amount",
        "currency",
        "stripe_price_id",
        "roll_over",
        "roll_over_months",
        "roll_over_cap",
        "workspace_plan",
    )

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=60)
    credits = models.BigIntegerField(help_text="Micro-credits a month.")
    amount = models.BigIntegerField(help_text="A month, in the currency's smallest unit (cents).")
    currency = models.CharField(max_length=3, default="usd", validators=[CURRENCY])
    # NULL until it has one: no two plans share a price.
    stripe_price_id = models.CharField(
        max_length=120,
        null=True,
        blank=True,
        unique=True,
        help_text="A monthly price at Stripe. Empty: it is made there when the plan goes on sale.",
    )
    roll_over = models.CharField(
        max_length=10,
        choices=RollOver.choices,
        default=RollOver.NONE,
        verbose_name="unused credits",
    )
    roll_over_months = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Of “Stay for some more months”."
    )
    roll_over_cap = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="Of “Stay, up to a cap”: a new month adds only what is missing to it.",
    )
    workspace_plan = models.ForeignKey(
        Plan,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="subscription_plans",
        help_text="Limits that subscribers get while their subscription lasts.",
    )
    is_active = models.BooleanField("on sale", default=False, editable=False)
    ordering = models.PositiveIntegerField(default=0)
    published_at = models.DateTimeField("first on sale", null=True, blank=True, editable=False)

    class Meta:
        ordering = ["ordering", "amount", "slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(credits__gt=0, credits__lte=10**13),
                name="subscription_credits_sane",
                violation_error_message="A plan has more than nothing, up to ten million credits.",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lte=10**9),
                name="subscription_amount_sane",
                violation_error_message="A price is more than nothing, up to 1000000000.",
            ),
            models.CheckConstraint(
                # An empty column would make the comparison neither true nor false, and pass.
                condition=Q(
                    roll_over="months",
                    roll_over_months__isnull=False,
                    roll_over_months__gte=1,
                    roll_over_months__lte=120,
                )
                | (~Q(roll_over="months") & Q(roll_over_months=None)),
                name="subscription_roll_over_months",
                violation_error_message="“Stay for some more months” needs 1 to 120 of them.",
            ),
            models.CheckConstraint(
                condition=Q(
                    roll_over="capped",
                    roll_over_cap__isnull=False,
                    roll_over_cap__gte=F("credits"),
                )
                | (~Q(roll_over="capped") & Q(roll_over_cap=None)),
                name="subscription_roll_over_cap",
                violation_error_message="“Stay, up to a cap” has a cap of a month or more.",
            ),
            models.CheckConstraint(
                condition=Q(is_active=False)
                | Q(published_at__isnull=False, stripe_price_id__isnull=False),
                name="subscription_on_sale_is_published",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        currencies.check_price(self.amount, self.currency)


# Stripe's words, and three of ours: before Stripe has answered, while the page is open, and when
# nobody came through it. In all of these but the last ones the workspace can have no other.
STARTING = ("new", "checkout")
RUNNING = ("trialing", "active", "past_due")
LIVING = (*STARTING, *RUNNING, "incomplete", "unpaid", "paused")
STATUS_NAMES = {
    "new": "Not begun",
    "checkout": "Not begun",
    "expired": "Not begun",
    "trialing": "Trial",
    "active": "Active",
    "past_due": "Payment failed",
    "incomplete": "Waiting for the first payment",
    "incomplete_expired": "Not begun",
    "unpaid": "Not paid",
    "paused": "Paused",
    "canceled": "Ended",
}


class Subscription(models.Model):
    """A workspace's subscription, as Stripe has it. `status` is Stripe's word, or one of ours.

    Committed before Stripe hears of it; the public id is the idempotency key.
    """

    public_id = models.CharField(
        max_length=40, unique=True, default=new_subscription_id, editable=False
    )
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="subscriptions")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="subscriptions")
    plan = models.ForeignKey(
        SubscriptionPlan, on_delete=models.PROTECT, related_name="subscriptions"
    )
    status = models.CharField(max_length=30, default="new")
    livemode = models.BooleanField()
    stripe_account = models.CharField(max_length=120, blank=True)
    checkout_request = models.JSONField(default=dict, blank=True)
    checkout_url = models.TextField(blank=True)
    stripe_session_id = models.CharField(max_length=120, null=True, blank=True, unique=True)
    stripe_id = models.CharField(max_length=120, null=True, blank=True, unique=True)
    period_end = models.DateTimeField(null=True, blank=True)
    cancel_at = models.DateTimeField(null=True, blank=True)
    # The limits that the workspace had before, and gets back.
    plan_before = models.ForeignKey(
        Plan, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # The invoice and attempt that the workspace was last told of.
    told_failure = models.CharField(max_length=160, blank=True)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    # Counted up by each look at Stripe that was written down.
    syncs = models.PositiveIntegerField(default=0)
    synced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                # Who has tried it in test mode can have a real one.
                fields=["workspace", "livemode", "stripe_account"],
                condition=Q(status__in=LIVING),
                name="subscription_one_living",
            ),
        ]
        indexes = [
            models.Index(
                fields=["synced_at"], condition=Q(status__in=LIVING), name="subscription_living"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def status_name(self) -> str:
        return STATUS_NAMES.get(self.status, self.status)

    @property
    def is_running(self) -> bool:
        return self.status in RUNNING

    @property
    def is_starting(self) -> bool:
        """Nobody has gone through its page yet."""
        return self.status in STARTING

    @property
    def is_living(self) -> bool:
        return self.status in LIVING


class SubscriptionChange(Change):
    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="changes")


class SubscriptionGrant(models.Model):
    """What one line of a paid invoice brings: one lot, under the key `<invoice>:<line>`.

    Written with the invoice's order and never changed, so that every look grants the same.
    """

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="grants")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="subscription_grants")
    plan = models.ForeignKey(SubscriptionPlan, on_delete=models.PROTECT, related_name="grants")
    key = models.CharField(max_length=120, unique=True)
    credits = models.BigIntegerField(help_text="Micro-credits; 0 where a cap left no room.")
    period_end = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(credits__gte=0), name="subscription_grant_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.key
