"""The card that a workspace keeps for automatic payments.

It is entered on a page of Stripe's, after somebody has agreed to the terms. What Stripe then says
of it is copied; it is removed here first, and at Stripe afterwards, as often as it takes.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import cast

import stripe
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from stripe.params.checkout import SessionCreateParams

from accounts import audit
from accounts.access import Actor
from accounts.models import Scope
from billing import customers, pages, stripe_client
from billing.errors import NoAnswer
from billing.models import OPEN_TOP_UPS, CardConsent, Customer, SavedCard
from billing.top_ups import rules
from billing.top_ups.due import CHARGE
from worker import doorbell

logger = logging.getLogger(__name__)

DETACH = "billing.tasks.detach_card"
# A changed text is another version: consents name the one that was agreed to.
TERMS_VERSION = "1"
TERMS = (
    "I agree that this card is kept for this workspace and charged without my being there: each "
    "time its available credits fall below the number that we set under Automatic top-up, with the "
    "price of the pack chosen there, and never more than the monthly limit set there. An e-mail "
    "tells of each charge. I can change this, switch it off or remove the card at any time."
)


def begin(*, by: Actor, address: str | None) -> str:
    """The page on which the card is entered. `by` has agreed to TERMS, from `address`.

    Raises NotPermitted, PaymentUnavailable. Must not run inside a transaction.
    """
    by.require(Scope.BILLING)
    stripe_client.client()
    consent = CardConsent.objects.create(
        workspace=by.workspace,
        customer=customers.customer_of(by.workspace),
        terms_version=TERMS_VERSION,
        terms=TERMS,
        given_by=by.user,
        given_by_email=by.name,
        address=address,
    )
    try:
        made = pages.make(consent, dict(_request(consent)), key=f"card:{consent.public_id}")
    except stripe.StripeError as exc:
        logger.warning("card session of %s: %s", consent.public_id, type(exc).__name__)
        raise NoAnswer(exc.user_message or exc) from exc
    CardConsent.objects.filter(pk=consent.pk).update(stripe_session_id=made.id)
    return made.url or ""


def _request(consent: CardConsent) -> SessionCreateParams:
    page = settings.SITE_URL + reverse("card_return", args=[consent.public_id])
    metadata = {"consent": consent.public_id, "workspace": consent.workspace.public_id}
    return {
        "mode": "setup",
        # What else can be saved cannot be charged at once, when credits run low.
        "allowed_payment_method_types": ["card"],
        "client_reference_id": consent.public_id,
        "metadata": metadata,
        "setup_intent_data": {"metadata": metadata},
        "success_url": page,
        "cancel_url": settings.SITE_URL + reverse("top_up"),
    }


def finish(consent: CardConsent, *, session_id: str = "") -> SavedCard | None:
    """The card that was entered, if one was. `session_id` if the answer to `begin` was lost.

    Raises PaymentUnavailable. May run any number of times.
    """
    known = consent.stripe_session_id or session_id
    earlier = SavedCard.objects.filter(consent=consent).first()
    if earlier is not None or not known:
        return earlier
    with stripe_client.asking() as client:
        session = client.v1.checkout.sessions.retrieve(
            known, {"expand": ["setup_intent.payment_method"]}
        )
    method = _entered(consent, session)
    return _keep(consent, method) if method else None


def _entered(consent: CardConsent, session: stripe.checkout.Session) -> stripe.PaymentMethod | None:
    setup = session.setup_intent
    if not isinstance(setup, stripe.SetupIntent) or setup.status != "succeeded":
        return None
    method = setup.payment_method
    fits = (
        session.client_reference_id == consent.public_id
        and session.livemode == consent.customer.livemode
        and isinstance(method, stripe.PaymentMethod)
        and method.customer == consent.customer.stripe_id
        and method.card is not None
    )
    if not fits:
        # Not a card, removed again, or not what we asked for.
        logger.warning("session %s brings no card for %s", session.id, consent.public_id)
        return None
    return cast(stripe.PaymentMethod, method)


@transaction.atomic(durable=True)
def _keep(consent: CardConsent, method: stripe.PaymentMethod) -> SavedCard:
    # One after the other: each workspace has one card, and the last one entered is it.
    Customer.objects.select_for_update().get(pk=consent.customer_id)
    earlier = SavedCard.objects.filter(consent=consent).first()
    if earlier is not None:
        return earlier
    for replaced in SavedCard.objects.filter(workspace=consent.workspace, removed_at=None):
        _let_go(replaced)
    card = SavedCard(
        workspace=consent.workspace,
        customer=consent.customer,
        consent=consent,
        stripe_id=method.id,
        **_shown(method),
    )
    card.save()
    by = Actor(workspace=consent.workspace, user=consent.given_by)
    audit.record(by=by, action="card.saved", card=str(card), terms=consent.terms_version)
    return card


def _shown(method: stripe.PaymentMethod) -> dict[str, str | int]:
    card = method.card
    assert card is not None
    brand = card.display_brand or card.brand
    return {
        "brand": brand.replace("_", " ")[:40],
        "last4": card.last4,
        "exp_month": card.exp_month,
        "exp_year": card.exp_year,
    }


def remove(*, by: Actor) -> None:
    """Forget the card, here and at Stripe; automatic top-up goes off. Raises NotPermitted."""
    by.require(Scope.BILLING)
    with transaction.atomic(durable=True):
        for card in SavedCard.objects.filter(workspace=by.workspace, removed_at=None):
            if _let_go(card):
                audit.record(by=by, action="card.removed", card=str(card))
                rules.turn_off(by.workspace, reason="The card was removed.", by=by)


def _let_go(card: SavedCard) -> bool:
    """Inside a transaction. False if somebody else has been quicker."""
    gone = SavedCard.objects.filter(pk=card.pk, removed_at=None).update(removed_at=timezone.now())
    if gone:
        doorbell.ring(DETACH, card.pk)
        for pk in card.top_ups.filter(state__in=OPEN_TOP_UPS).values_list("pk", flat=True):
            doorbell.ring(CHARGE, pk)
    return bool(gone)


def to_detach() -> QuerySet[SavedCard]:
    living = SavedCard.objects.filter(customer__livemode=stripe_client.is_live())
    return living.filter(removed_at__isnull=False, detached_at=None)


def detach(card: SavedCard) -> None:
    """Have Stripe forget a card that was removed. Safe to repeat; raises PaymentUnavailable."""
    if card.removed_at is None or card.detached_at is not None:
        return
    # It belongs to nobody any more? So be it.
    with stripe_client.asking() as client, suppress(stripe.InvalidRequestError):
        client.v1.payment_methods.detach(card.stripe_id)
    SavedCard.objects.filter(pk=card.pk).update(detached_at=timezone.now())


def sync(card: SavedCard) -> None:
    """As Stripe has it: a new expiry, or gone. Raises PaymentUnavailable."""
    with stripe_client.asking() as client:
        try:
            method = client.v1.payment_methods.retrieve(card.stripe_id)
        except stripe.InvalidRequestError as exc:
            if exc.code != "resource_missing":
                raise
            lost(card)
            return
    if method.customer != card.customer.stripe_id:
        lost(card)
    elif method.card is not None:
        SavedCard.objects.filter(pk=card.pk).update(**_shown(method))


def lost(card: SavedCard) -> None:
    """It was removed at Stripe: by the bank, the operator, or its owner in the portal."""
    with transaction.atomic(durable=True):
        if _let_go(card):
            rules.turn_off(card.workspace, reason="The card was removed at Stripe.", tell=True)
        SavedCard.objects.filter(pk=card.pk, detached_at=None).update(detached_at=timezone.now())


def lost_with(customer: Customer) -> None:
    """The customer was deleted at Stripe, and all cards with it."""
    for card in SavedCard.objects.filter(customer=customer, removed_at=None):
        lost(card)
