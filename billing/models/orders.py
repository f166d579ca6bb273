"""Packs of credits on sale, and the orders that buy them."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from accounts.ids import new_id
from accounts.models import User, Workspace
from billing import currencies
from billing.models.changes import Change
from billing.models.customers import Customer

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

    def clean(self) -> None:
        currencies.check_price(self.amount, self.currency)


class PackPrice(models.Model):
    """What a pack costs in a further currency; its first one stands in the pack itself."""

    pack = models.ForeignKey(Pack, on_delete=models.CASCADE, related_name="further_prices")
    currency = models.CharField(max_length=3, validators=[CURRENCY])
    amount = models.BigIntegerField(help_text="In the currency's smallest unit (cents, yen).")
    stripe_price_id = models.CharField(
        max_length=120, blank=True, help_text="Empty: the price is sent with each purchase."
    )

    class Meta:
        ordering = ["pack", "currency"]
        constraints = [
            models.UniqueConstraint(fields=["pack", "currency"], name="pack_price_unique"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lte=10**9), name="pack_price_sane"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pack} in {self.currency}"

    def clean(self) -> None:
        # Without a row yet, the pack is being added in the same form.
        if self.pack_id and self.currency == self.pack.currency:
            raise ValidationError({"currency": "The pack's own price is in this currency."})
        currencies.check_price(self.amount, self.currency)


class OrderState(models.TextChoices):
    NEW = "new", "New"
    OPEN = "open", "Waiting for payment"
    PROCESSING = "processing", "Payment on its way"
    PAID = "paid", "Paid"
    FAILED = "failed", "Failed"
    EXPIRED = "expired", "Expired"
    REVIEW = "review", "Under review"


class OrderOrigin(models.TextChoices):
    CHECKOUT = "checkout", "Bought"
    TOP_UP = "top_up", "Automatic top-up"
    SUBSCRIPTION = "subscription", "Subscription"


class Order(models.Model):
    """One purchase. Written and committed before Stripe hears of it, so that nothing is lost.

    `amount`, `amount_total`, `amount_tax` and `lost` are money in the currency's smallest unit;
    `credits` and `clawed` are micro-credits.
    """

    public_id = models.CharField(max_length=40, unique=True, default=new_order_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="orders")
    origin = models.CharField(
        max_length=12,
        choices=OrderOrigin.choices,
        default=OrderOrigin.CHECKOUT,
        editable=False,
        help_text="Paid on a page, charged to a saved card, or an invoice of a subscription.",
    )
    # The pack's slug, or that of the subscription plan.
    pack = models.SlugField()
    credits = models.BigIntegerField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(
        max_length=10, choices=OrderState.choices, default=OrderState.NEW, editable=False
    )
    # Whose order this is at Stripe: another account or mode must never settle it.
    stripe_account = models.CharField(max_length=120, blank=True)
    livemode = models.BooleanField(default=False)
    customer = models.ForeignKey(
        Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="orders"
    )
    allows_free = models.BooleanField(
        default=False, help_text="A discount of 100 % counts as paid."
    )
    # What Stripe is asked for. Kept, because a repeat under the same key must be the same.
    checkout_request = models.JSONField(default=dict, blank=True)
    stripe_price_id = models.CharField(max_length=120, blank=True)
    # NULL until Stripe has answered: several orders may wait, but no two share a session.
    stripe_session_id = models.CharField(max_length=120, null=True, blank=True, unique=True)
    stripe_payment_intent = models.CharField(max_length=120, blank=True)
    stripe_invoice = models.CharField(max_length=120, blank=True)
    checkout_url = models.TextField(blank=True)
    # After discounts and with tax; NULL until it is paid.
    amount_total = models.BigIntegerField(null=True, blank=True)
    # What of that is tax, which is not the operator's.
    amount_tax = models.BigIntegerField(default=0)
    # What of the total went back or is about to, by refunds and disputes, and the credits taken
    # back for that.
    lost = models.BigIntegerField(default=0)
    clawed = models.BigIntegerField(default=0)
    attention = models.CharField(
        max_length=300, blank=True, help_text="What a person has to look into."
    )
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    buyer_address = models.GenericIPAddressField(
        null=True, blank=True, help_text="Where it was bought from: evidence in a dispute."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    canceled_at = models.DateTimeField(null=True, blank=True)
    synced_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    # Counted up by each look at Stripe that was written down, with a digest of what it saw.
    syncs = models.PositiveIntegerField(default=0)
    seen = models.CharField(max_length=64, blank=True)

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
            # A month may bring nothing where the plan's cap is reached.
            models.CheckConstraint(
                condition=Q(credits__gt=0) | Q(origin="subscription", credits=0),
                name="order_credits_positive",
            ),
            models.CheckConstraint(
                condition=Q(origin__in=[origin.value for origin in OrderOrigin]),
                name="order_origin",
            ),
            models.CheckConstraint(
                condition=~Q(origin="subscription") | ~Q(stripe_invoice=""),
                name="order_of_subscription_has_invoice",
            ),
            models.UniqueConstraint(
                fields=["stripe_invoice"],
                condition=Q(origin="subscription"),
                name="order_one_per_invoice",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="order_amount_positive"),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in OrderState]), name="order_state"
            ),
            models.CheckConstraint(
                condition=Q(state="paid", paid_at__isnull=False)
                | (~Q(state="paid") & Q(paid_at__isnull=True)),
                name="order_paid_at",
            ),
            models.UniqueConstraint(
                fields=["stripe_payment_intent"],
                condition=~Q(stripe_payment_intent=""),
                name="order_one_per_payment",
            ),
            models.CheckConstraint(
                condition=Q(clawed__gte=0, clawed__lte=F("credits")), name="order_clawed_within"
            ),
            models.CheckConstraint(
                condition=Q(state="paid") | Q(clawed=0, lost=0), name="order_clawed_if_paid"
            ),
            models.CheckConstraint(condition=Q(lost__gte=0), name="order_lost_not_negative"),
            models.CheckConstraint(
                condition=Q(amount_tax=0) | Q(amount_tax__gt=0, amount_tax__lte=F("amount_total")),
                name="order_tax_within_total",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class OrderChange(Change):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="changes")


class OrderNote(models.Model):
    """What the operator found out about an order: evidence for a dispute."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="notes")
    text = models.TextField(max_length=5000)
    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text[:60]
