"""Stripe's records and our orders against each other: repair what may be, list the rest.

Repairing is `orders.sync_order`, which posts the difference and nothing twice; so all of this may
run again at any time. What Stripe has and no order explains is never guessed: it is listed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import stripe
from django.db.models import Q
from django.utils import timezone

from billing import inbox, orders, routing, stripe_client
from billing.amounts import to_text
from billing.errors import PaymentUnavailable
from billing.models import Dispute, Order, OrderOrigin, OrderState, Refund, StripeEvent
from billing.subscriptions import invoices

WINDOW = timedelta(days=35)
# Stripe shows an event for so long.
EVENTS_KEPT = timedelta(days=30)
PAGE = 100
CLOSED_DISPUTES = ("won", "lost", "warning_closed", "prevented")
MOVING_REFUNDS = (Refund.REQUESTED, "pending", "requires_action")
# Types of balance transactions that belong to a payment; the rest is between us and Stripe.
OF_PAYMENTS = frozenset(
    {
        "charge",
        "payment",
        "refund",
        "payment_refund",
        "refund_failure",
        "payment_failure_refund",
        "payment_reversal",
        "adjustment",
    }
)


@dataclass
class Report:
    """`repaired`: what was brought up to date. `decide`: what a person must look into."""

    sessions: int = 0
    invoices: int = 0
    refunds: int = 0
    disputes: int = 0
    balance_transactions: int = 0
    events: int = 0
    repaired: list[dict[str, Any]] = field(default_factory=list)
    decide: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Place(NamedTuple):
    """How far a comparison has come: the list, and the last of it that was looked at."""

    step: str = "sessions"
    after: str = ""


def reconcile(*, window: timedelta = WINDOW) -> Report:
    """All of it at once. Raises PaymentUnavailable where Stripe cannot be asked."""
    walk = Walk(timezone.now() - window)
    for _ in walk.go(Place()):
        pass
    return walk.report


class Walk:
    """One comparison. Of any length: who keeps its place can leave off, and go on from there."""

    def __init__(self, since: datetime) -> None:
        self.since = since
        self.client = stripe_client.client()
        self.report = Report()
        self.synced: set[int] = set()
        self.orders = Order.objects.filter(livemode=stripe_client.is_live())

    def go(self, place: Place) -> Iterator[Place]:
        """From that place on; yields where it is by now, after each object.

        Raises PaymentUnavailable where Stripe cannot be asked.
        """
        v1 = self.client.v1
        steps: dict[str, tuple[Callable[[str], Iterator[Any]], Callable[[Any], None]]] = {
            "sessions": (self._listed(v1.checkout.sessions, status="complete"), self._session),
            "invoices": (self._listed(v1.invoices, status="paid"), self._invoice),
            "refunds": (self._listed(v1.refunds), self._refund),
            "disputes": (self._listed(v1.disputes), self._dispute),
            "unfinished": (self._unfinished, self._sync),
            "balance_transactions": (
                self._listed(v1.balance_transactions, expand=["data.source"]),
                self._balance_transaction,
            ),
            "events": (self._listed(v1.events, delivery_success=False), self._event),
        }
        names = list(steps)
        for name in names[names.index(place.step) :]:
            listed, look = steps[name]
            with stripe_client.asking():
                for one in listed(place.after):
                    look(one)
                    place = Place(name, str(one.pk if isinstance(one, Order) else one.id))
                    yield place
            place = Place(name)
        self._waiting_for_a_person()

    def _listed(self, service: Any, **parameters: Any) -> Callable[[str], Iterator[Any]]:
        """What Stripe lists there, the newest first."""
        since = self.since
        if service is self.client.v1.events:
            since = max(since, timezone.now() - EVENTS_KEPT)
        parameters |= {"created": {"gte": int(since.timestamp())}, "limit": PAGE}

        def listed(after: str) -> Iterator[Any]:
            further = {"starting_after": after} if after else {}
            found: Iterator[Any] = service.list({**parameters, **further}).auto_paging_iter()
            return found

        return listed

    def _session(self, session: stripe.checkout.Session) -> None:
        """Every session that was paid has an order, and that has its credits."""
        self.report.sessions += 1
        if session.mode != "payment":
            return
        order = self.orders.filter(public_id=session.client_reference_id or "").first()
        if order is None and session.payment_status == "paid":
            self._decide("session", session.id, "It is paid, and no order of ours is its.")
        elif order is not None and order.state != OrderState.PAID:
            self._sync(order, session_id=session.id)
        elif order is not None and order.stripe_session_id != session.id:
            self._decide("session", session.id, f"A second payment of order {order}.")

    def _invoice(self, invoice: stripe.Invoice) -> None:
        """Every paid invoice of a subscription has an order, and that has its credits."""
        self.report.invoices += 1
        of_invoices = self.orders.filter(origin=OrderOrigin.SUBSCRIPTION)
        is_done = of_invoices.filter(stripe_invoice=invoice.id, state=OrderState.PAID).exists()
        if not is_done and invoice.id and invoices.brings_credits(invoice):
            self._sync_invoice(invoice.id)

    def _sync_invoice(self, invoice_id: str) -> None:
        try:
            order = invoices.sync(invoice_id)
        except invoices.UnknownSubscription:
            self._decide("invoice", invoice_id, "It is of no subscription of ours.")
        except PaymentUnavailable as exc:
            self._decide("invoice", invoice_id, exc.in_full)
        else:
            if order is not None and order.state == OrderState.PAID:
                self.report.repaired.append({"invoice": invoice_id, "order": order.public_id})

    def _refund(self, refund: stripe.Refund) -> None:
        """Every refund has been taken back, or given back if it failed."""
        self.report.refunds += 1
        self._sync_payment("refund", refund.id, refund)

    def _dispute(self, dispute: stripe.Dispute) -> None:
        """Every dispute has been taken back, or given back if it was won."""
        self.report.disputes += 1
        self._sync_payment("dispute", dispute.id, dispute)

    def _unfinished(self, after: str) -> Iterator[Order]:
        """What is not final on our side, however old its payment is."""
        waiting = Q(state__in=orders.UNFINISHED, created_at__gte=self.since)
        waiting |= Q(refunds__in=Refund.objects.filter(status__in=MOVING_REFUNDS))
        waiting |= Q(disputes__in=Dispute.objects.exclude(status__in=CLOSED_DISPUTES))
        found = self.orders.filter(waiting, pk__gt=int(after or 0)).distinct().order_by("pk")
        return found.iterator(PAGE)

    def _balance_transaction(self, transaction: stripe.BalanceTransaction) -> None:
        """Every movement of our money at Stripe belongs to an order."""
        self.report.balance_transactions += 1
        if transaction.type in OF_PAYMENTS and self._order_of(transaction.source) is None:
            self._decide(
                "balance_transaction",
                transaction.id,
                f"{transaction.type} of {transaction.amount} {transaction.currency} belongs "
                "to no order of ours.",
            )

    def _event(self, event: stripe.Event) -> None:
        """Events that never reached us are worked as if they had."""
        self.report.events += 1
        if event.type not in routing.ROUTES or StripeEvent.objects.filter(pk=event.id).exists():
            return
        inbox.record(json.loads(str(event)))
        self.report.repaired.append({"event": event.id, "type": event.type})

    def _waiting_for_a_person(self) -> None:
        for order in self.orders.filter(Q(state=OrderState.REVIEW) | ~Q(attention="")):
            self._decide("order", order.public_id, order.attention or "Under review.")
        failed = StripeEvent.objects.filter(state=StripeEvent.State.FAILED)
        for event in failed.filter(received_at__gte=self.since):
            self._decide("event", event.pk, event.last_error or "It could not be worked.")
        for refund in Refund.objects.filter(status="failed", created_at__gte=self.since):
            self._decide("refund", str(refund), refund.failure or "The buyer has no money.")

    def _sync_payment(self, kind: str, object_id: str, source: object) -> None:
        order = self._order_of(source)
        if order is None:
            self._decide(kind, object_id, "It is of a payment that no order of ours is.")
        else:
            self._sync(order)

    def _order_of(self, source: object) -> Order | None:
        """The order of the payment that a charge, refund or dispute names."""
        named = getattr(source, "payment_intent", None)
        intent = named if isinstance(named, str) else getattr(named, "id", "")
        return self.orders.filter(stripe_payment_intent=intent).first() if intent else None

    def _sync(self, order: Order, *, session_id: str = "") -> None:
        if order.pk in self.synced:
            return
        self.synced.add(order.pk)
        try:
            now = orders.sync_order(order, session_id=session_id)
        except PaymentUnavailable as exc:
            self._decide("order", order.public_id, exc.in_full)
            return
        if (now.state, now.clawed) != (order.state, order.clawed):
            self.report.repaired.append(
                {
                    "order": order.public_id,
                    "was": order.state,
                    "now": now.state,
                    "taken_back": to_text(now.clawed - order.clawed),
                }
            )

    def _decide(self, kind: str, object_id: str, why: str) -> None:
        self.report.decide.append({"kind": kind, "id": object_id, "why": why})
