"""The one place that knows how Stripe is reached."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q
from stripe import DEFAULT_API_BASE, RequestsClient, StripeClient, StripeError

from billing.errors import NoAnswer, PaymentUnavailable

# Changed together with the webhook endpoint's version in Stripe's dashboard.
API_VERSION = "2026-10-28.endive"
CONNECT_SECONDS = 3
READ_SECONDS = 20
LIVE_KEYS = ("sk_live_", "rk_live_")
CHECKOUT_ORIGIN = "https://checkout.stripe.com"
PORTAL_ORIGIN = "https://billing.stripe.com"


def client() -> StripeClient:
    """Raises PaymentUnavailable where no key is set, or where the key may not be used."""
    if not settings.STRIPE_SECRET_KEY:
        raise PaymentUnavailable("Buying credits is not set up here.")
    problem = key_problem()
    if problem:
        raise PaymentUnavailable(problem)
    return StripeClient(
        settings.STRIPE_SECRET_KEY,
        stripe_version=API_VERSION,
        base_addresses={"api": api_base()},
        # A client of its own does not retry at all unless told so.
        max_network_retries=2,
        http_client=RequestsClient(timeout=(CONNECT_SECONDS, READ_SECONDS)),
    )


@contextmanager
def asking() -> Iterator[StripeClient]:
    """The client for questions, which may be asked again. Raises PaymentUnavailable."""
    try:
        yield client()
    except StripeError as exc:
        raise NoAnswer(exc.user_message or exc) from exc


def api_base() -> str:
    return str(settings.STRIPE_API_BASE or DEFAULT_API_BASE).rstrip("/")


def account() -> str:
    """The Stripe account that this installation sells for; empty if none is pinned."""
    return str(settings.STRIPE_ACCOUNT_ID)


def is_live() -> bool:
    return str(settings.STRIPE_SECRET_KEY).startswith(LIVE_KEYS)


def ours() -> Q:
    """Rows of the account and mode in force. One from before an account was pinned is ours, too."""
    return Q(livemode=is_live(), stripe_account__in=["", account()])


def key_problem() -> str:
    """Why the key must not be used, or not at this address; empty if it may."""
    pinned = settings.STRIPE_LIVEMODE if settings.STRIPE_SECRET_KEY else None
    if pinned is not None and pinned != is_live():
        wanted, found = ("live", "test") if pinned else ("test", "live")
        return f"STRIPE_LIVEMODE wants a {wanted} key, and STRIPE_SECRET_KEY is a {found} one."
    host = urlsplit(api_base()).hostname or ""
    is_stripe = api_base().startswith("https://") and (
        host == "stripe.com" or host.endswith(".stripe.com")
    )
    if is_live() and not is_stripe:
        return "A live Stripe key must not be sent to an address that is not Stripe's."
    return ""


def page_origins() -> list[str]:
    """Where forms of ours lead in the end: browsers check what the answer redirects to, too."""
    is_stripe = api_base() == DEFAULT_API_BASE
    return [CHECKOUT_ORIGIN, PORTAL_ORIGIN] if is_stripe else [api_base()]


def in_order(kept: dict[str, Any]) -> dict[str, Any]:
    """A request that was kept as JSON, in one order of its own: a repeat under the same key must
    be the same to the letter, and PostgreSQL gives an object's names back in another order.
    """
    return dict(json.loads(json.dumps(kept, sort_keys=True)))
