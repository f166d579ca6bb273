"""Packs of credits on sale, and the orders that buy them."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from accounts.ids import new_id
from accounts.models import User, Workspace

CURRENCY = RegexValidator(r"^[a-z]{3}$", "Three small letters, as in ISO 4217: usd.")


def new_order_id() -> str:
    return new_id("ord")


class Pack(models.Model):
    """So many credits for so much money: a version of what is sold under a slug.

    Its terms can be edited until it is first put on sale, and never again: another price is another
    version. So what was on sale, and when, can always be read. Orders copy the terms.
    """

    TERMS = ("slug", "version", "credits", "amount", "currency", "stripe_price_id")

    slug = models.SlugField(help_text="Stands in the API; all versions of a pack have it.")
    version = models.PositiveIntegerField(default=1, editable=False)
    name = models.CharField(max_length=60)
    credits = models.BigIntegerField(help_text="Micro-credits: 1000000 is one credit.")
    amount = models.BigIntegerField(help_text="Price in the currency's smallest unit (cents).")
    currency = models.CharField(max_length=3, default="usd", validators=[CURRENCY])
    stripe_price_id = models.CharField(
        max_length=120, blank=True, help_text="Empty: the price is sent with each purchase."
    )
    is_active = models.BooleanField("on sale", default=False, editable=False)
    ordering = models.PositiveIntegerField(default=0)
    published_at = models.DateTimeField("first on sale", null=True, blank=True, editable=False)

    class Meta:
        ordering = ["ordering", "amount", "slug", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["slug", "version"], name="pack_version_unique"),
            models.UniqueConstraint(
                fields=["slug"], condition=Q(is_active=True), name="pack_one_on_sale"
            ),
            models.CheckConstraint(
                condition=Q(is_active=False) | Q(published_at__isnull=False),
                name="pack_on_sale_is_published",
            ),
            # Up to ten million credits and a thousand million of a currency's smallest unit;
            # beyond that it is a slip of the hand.
            models.CheckConstraint(
                condition=Q(credits__gt=0, credits__lte=10**13),
                name="pack_credits_sane",
                violation_error_message="A pack has more than nothing, up to ten million credits.",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lte=10**9),
                name="pack_amount_sane",
                violation_error_message="A price is more than nothing, up to 1000000000.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class OrderState(models.TextChoices):
    NEW = "new", "New"
    OPEN = "open", "Waiting for payment"
    PROCESSING = "processing", "Payment on its way"
    PAID = "paid", "Paid"
    FAILED = "failed", "Failed"
    EXPIRED = "expired", "Expired"
    REVIEW = "review", "Under review"


class Order(models.Model):
    """One purchase. Written and committed before Stripe hears of it, so that nothing is lost."""

    public_id = models.CharField(max_length=40, unique=True, default=new_order_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="orders")
    pack = models.SlugField()
    credits = models.BigIntegerField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(
        max_length=10, choices=OrderState.choices, default=OrderState.NEW, editable=False
    )
    livemode = models.BooleanField(default=False)
    stripe_price_id = models.CharField(max_length=120, blank=True)
    # NULL until Stripe has answered: several orders may wait, but no two share a session.
    stripe_session_id = models.CharField(max_length=120, null=True, blank=True, unique=True)
    stripe_payment_intent = models.CharField(max_length=120, blank=True, db_index=True)
    checkout_url = models.TextField(blank=True)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    synced_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="order_by_workspace"),
            models.Index(
                fields=["created_at"],
                condition=Q(state__in=["new", "open", "processing"]),
                name="order_unfinished",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(credits__gt=0), name="order_credits_positive"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="order_amount_positive"),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in OrderState]), name="order_state"
            ),
            models.CheckConstraint(
                condition=Q(state="paid", paid_at__isnull=False)
                | (~Q(state="paid") & Q(paid_at__isnull=True)),
                name="order_paid_at",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class OrderChange(models.Model):
    """History: written with each move of an order, in the same transaction."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="changes")
    was = models.CharField(max_length=10, choices=OrderState.choices)
    now = models.CharField(max_length=10, choices=OrderState.choices)
    reason = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.was} → {self.now}"
