"""Cards that a workspace keeps at Stripe to be charged by itself, and what was agreed to for it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.ids import new_id
from accounts.models import User, Workspace
from billing.models.customers import Customer


def new_consent_id() -> str:
    return new_id("crd")


class CardConsent(models.Model):
    """Somebody agreed that a card be kept and charged in their absence: proof for the bank.

    Committed before Stripe hears of it; the public id is the idempotency key of the page on which
    the card is entered.
    """

    public_id = models.CharField(max_length=40, unique=True, default=new_consent_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="card_consents")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="card_consents")
    terms_version = models.CharField(max_length=20)
    terms = models.TextField(help_text="What was agreed to, word for word.")
    given_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    # Kept, as the person may be deleted later.
    given_by_email = models.CharField(max_length=320)
    address = models.GenericIPAddressField(null=True, blank=True)
    given_at = models.DateTimeField(auto_now_add=True)
    # NULL until Stripe has answered.
    stripe_session_id = models.CharField(max_length=120, null=True, blank=True, unique=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.public_id


class SavedCard(models.Model):
    """A card as Stripe shows it. The number itself never comes here."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="saved_cards")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="saved_cards")
    consent = models.OneToOneField(CardConsent, on_delete=models.PROTECT, related_name="card")
    stripe_id = models.CharField(max_length=120, unique=True)
    brand = models.CharField(max_length=40)
    last4 = models.CharField(max_length=4)
    exp_month = models.PositiveSmallIntegerField()
    exp_year = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    # When Stripe has let go of it, too. Until then it is asked to again.
    detached_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace"], condition=Q(removed_at=None), name="card_one_per_workspace"
            ),
            models.CheckConstraint(
                condition=Q(detached_at=None) | Q(removed_at__isnull=False),
                name="card_detached_is_removed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["removed_at"],
                condition=Q(removed_at__isnull=False, detached_at=None),
                name="card_to_detach",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brand.title()} ending in {self.last4}"

    @property
    def expiry(self) -> str:
        return f"{self.exp_month:02d}/{self.exp_year % 100:02d}"
