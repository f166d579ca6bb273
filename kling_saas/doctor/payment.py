"""Whether Stripe is set up as this installation expects it."""

from __future__ import annotations

import stripe
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse

from billing import currencies, packs, queries, routing, stripe_client
from billing.errors import PaymentUnavailable
from kling_saas.doctor.findings import Findings, fine, warning, wrong


def payment() -> Findings:
    key, hooks = settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS
    if settings.PAYMENT_SANDBOX:
        yield fine("payment is the sandbox's: no money moves")
    elif not key:
        yield warning("STRIPE_SECRET_KEY is not set: nobody can buy credits")
    elif not key.startswith(("sk_", "rk_")):
        yield wrong("STRIPE_SECRET_KEY is no secret key of Stripe: those begin with sk_ or rk_")
    elif not hooks:
        yield wrong(
            "STRIPE_WEBHOOK_SECRET is empty: payments would be taken and never credited. It is "
            "the signing secret of the endpoint /hooks/stripe in Stripe's dashboard"
        )
    elif not all(secret.startswith("whsec_") for secret in hooks):
        yield wrong("STRIPE_WEBHOOK_SECRET holds something that does not begin with whsec_")
    elif problem := stripe_client.key_problem():
        yield wrong(problem)
    else:
        yield fine("Stripe key and webhook secret are set")
        yield from _at_stripe()
    yield from _prices()


def _at_stripe() -> Findings:
    if not settings.DEVELOPMENT and not stripe_client.is_live():
        yield warning("STRIPE_SECRET_KEY is a test key: customers can pay with test cards")
    try:
        account = stripe_client.client().v1.accounts.retrieve_current()
    except stripe.AuthenticationError:
        yield wrong("Stripe does not take STRIPE_SECRET_KEY: it was rolled, or is misspelt")
    except stripe.PermissionError:
        yield warning("STRIPE_SECRET_KEY is restricted, and may not read its own account")
    except (stripe.StripeError, PaymentUnavailable) as exc:
        yield warning(f"Stripe did not answer ({type(exc).__name__})")
    else:
        yield from _account(account)
        yield from _endpoint()


def _account(account: stripe.Account) -> Findings:
    pinned = stripe_client.account()
    if not pinned:
        yield warning(f"the key's account is not pinned: set STRIPE_ACCOUNT_ID={account.id}")
    elif pinned != account.id:
        yield wrong(f"STRIPE_ACCOUNT_ID is {pinned}, and the key belongs to {account.id}")
    else:
        mode = "live" if stripe_client.is_live() else "test"
        yield fine(f"the key belongs to {account.id}, in {mode} mode")
    sold = {price.currency for pack in queries.packs_on_sale() for price in packs.prices_of(pack)}
    if account.default_currency and sold and account.default_currency not in sold:
        yield warning(
            f"Stripe pays you in {account.default_currency.upper()}, and no pack is sold in it: "
            "each payment is converted"
        )


def _endpoint() -> Findings:
    """The webhook endpoint in Stripe's dashboard, where a key may see it."""
    url = settings.SITE_URL + reverse("stripe_hook")
    try:
        listed = stripe_client.client().v1.webhook_endpoints.list({"limit": 100})
        ours = [one for one in listed.auto_paging_iter() if one.url == url]
    except stripe.StripeError as exc:
        yield warning(f"the webhook endpoints cannot be listed ({type(exc).__name__})")
        return
    if not any(one.status == "enabled" for one in ours):
        yield wrong(f"Stripe has no enabled webhook endpoint {url}: see docs/payments.md")
    for one in ours:
        missing = sorted(set(routing.ROUTES) - set(one.enabled_events))
        if missing and "*" not in one.enabled_events:
            yield wrong(f"the webhook endpoint is not subscribed to {', '.join(missing)}")
        elif one.api_version != stripe_client.API_VERSION:
            yield warning(
                f"the webhook endpoint speaks API version {one.api_version}, and we speak "
                f"{stripe_client.API_VERSION}"
            )
        else:
            yield fine(f"Stripe sends {len(routing.ROUTES)} kinds of events to {url}")


def _prices() -> Findings:
    for pack in queries.packs_on_sale():
        for price in packs.prices_of(pack):
            try:
                currencies.check_price(price.amount, price.currency)
            except ValidationError:
                yield wrong(
                    f"{pack} costs {currencies.to_text(price.amount, price.currency)}, which "
                    "Stripe cannot charge"
                )
