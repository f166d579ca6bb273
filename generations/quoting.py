"""What a request costs: estimated, promised in a quote, and held to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.utils import timezone

from accounts.access import Actor
from accounts.models import Scope, Workspace
from billing.prices import NotPriced, Price, price
from generations import inputs, offering
from generations.errors import InvalidRequest, PriceRaised, QuoteExpired
from generations.models import Quote
from generations.routing import Route, route
from kling.errors import FieldError
from kling.requests import Request

QUOTE_LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True)
class Order:
    """What somebody asks for. `input` has Kling's own field names."""

    operation: str
    input: Mapping[str, Any]
    provider: str = ""
    quote_id: str = ""
    # What a page showed, in micro-credits; None: whatever it costs. No part of the digest: the same
    # form may be sent again by somebody who has seen the new price.
    max_credits: int | None = None
    webhook_url: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    idempotency_key: str = ""
    # Of Kling's own protocol: the caller's `external_task_id`, and where its callbacks go.
    client_task_id: str = ""
    callback_url: str = ""

    @cached_property
    def digest(self) -> str:
        """What an idempotency key is bound to: everything that was asked."""
        parts = [
            self.operation,
            self.input,
            self.provider,
            self.quote_id,
            self.webhook_url,
            self.metadata,
        ]
        return _sha256(parts)


@dataclass(frozen=True)
class Priced:
    """`digest` is what a quote is bound to: the checked input, so that a default left out and the
    same default written are one, its files by their content, and the provider if one was named:
    a dearer one is not to be had at the price of another. Not the account: which one has room may
    change while the quote binds us.
    """

    route: Route
    price: Price
    digest: str


def estimate(order: Order, *, workspace: Workspace, keep: bool = False) -> Priced:
    """Check and price a request. Raises InvalidRequest.

    Nothing is written, except that `keep` stores the files of an input that is found to be right.
    """
    with inputs.resolve(order.operation, order.input, workspace=workspace, keep=keep) as given:
        found = route(
            order.operation,
            given.values,
            provider=order.provider,
            media=given.media,
            only=given.only,
            prefer=given.prefer,
        )
        priced = price_of(found.request)
        checked = given.digest_of(found.request.input)
        digest = _sha256([found.request.operation.name, order.provider, checked])
        if keep:
            request = inputs.kept(given, found.request, workspace=workspace)
            found = replace(found, request=request)
    return Priced(found, priced, digest)


def price_of(request: Request) -> Price:
    """Raises InvalidRequest where there is none."""
    try:
        return price(
            operation=request.operation.name,
            model=request.model,
            units=request.units.amount,
            unit_type=request.units.unit_type,
        )
    except NotPriced:
        raise offering.unpriced(request.operation) from None


def quote(order: Order, *, by: Actor) -> Quote:
    """Bind ourselves to a price for this exact request for 15 minutes."""
    by.require(Scope.READ)
    priced = estimate(order, workspace=by.workspace)
    request = priced.route.request
    return Quote.objects.create(
        workspace=by.workspace,
        account=priced.route.account,
        operation=request.operation.name,
        digest=priced.digest,
        units=request.units.amount,
        unit_type=request.units.unit_type,
        price_book_id=priced.price.book_id,
        rate=priced.price.rate,
        credits=priced.price.credits,
        breakdown=[
            {"label": line.label, "units": str(line.amount)} for line in request.units.breakdown
        ],
        expires_at=timezone.now() + QUOTE_LIFETIME,
    )


def at_agreed_price(order: Order, priced: Priced, by: Actor) -> Priced:
    """At most the price of the quote that the order names. Raises PriceRaised above its limit.

    What this returns is what is held and frozen into the job: no price book is asked again.
    """
    agreed = _at_quoted_price(order, priced, by)
    if order.max_credits is not None and agreed.price.credits > order.max_credits:
        raise PriceRaised(agreed.price.credits)
    return agreed


def _at_quoted_price(order: Order, priced: Priced, by: Actor) -> Priced:
    if not order.quote_id:
        return priced
    found = Quote.objects.filter(public_id=order.quote_id, workspace=by.workspace).first()
    if found is None or found.digest != priced.digest:
        message = "There is no such quote for this request. Ask for a new one."
        raise InvalidRequest([FieldError("quote_id", "unknown_quote", message)])
    if found.expires_at <= timezone.now():
        raise QuoteExpired("The quote has expired. Ask for a new one.")
    if found.credits >= priced.price.credits:
        return priced
    binding = Price(book_id=found.price_book_id, credits=found.credits, rate=found.rate)
    return replace(priced, price=binding)


def _sha256(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
