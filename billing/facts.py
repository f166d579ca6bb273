"""What Stripe says about an order, as plain values. Amounts are in the currency's smallest unit."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import stripe
from stripe import PaymentIntent
from stripe.checkout import Session

from billing import stripe_client

# Money that left or is about to leave; a failed or canceled refund stays with us.
REFUNDED = ("succeeded", "pending", "requires_action")
PAGE = 100


@dataclass(frozen=True)
class RefundFact:
    id: str
    amount: int
    status: str
    # Our own id, if we asked for it.
    public_id: str
    failure: str


@dataclass(frozen=True)
class DisputeFact:
    id: str
    amount: int
    lost: int
    reason: str
    status: str
    due_by: datetime | None


@dataclass(frozen=True)
class Facts:
    """The session of an order with its payment, and what of that went back."""

    session: str
    reference: str
    mode: str
    livemode: bool
    currency: str
    amount_subtotal: int
    amount_total: int
    amount_tax: int
    status: str
    payment_status: str
    intent: str
    intent_status: str
    invoice: str
    url: str
    refunds: tuple[RefundFact, ...] = ()
    disputes: tuple[DisputeFact, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def lost(self) -> int:
        """What went back to the buyer, by refunds and by disputes."""
        refunded = sum(refund.amount for refund in self.refunds if refund.status in REFUNDED)
        return refunded + sum(dispute.lost for dispute in self.disputes)

    @property
    def digest(self) -> str:
        """The same for the same facts. The address of the payment page is none."""
        return hashlib.sha256(repr(replace(self, url="")).encode()).hexdigest()


def fetch(session_id: str) -> Facts:
    """Of a purchase on a page. Raises PaymentUnavailable."""
    with stripe_client.asking() as client:
        session = client.v1.checkout.sessions.retrieve(session_id, {"expand": ["payment_intent"]})
        return _with_reversals(client, of_session(session))


def fetch_intent(intent_id: str) -> Facts:
    """Of a saved card that was charged. Raises PaymentUnavailable."""
    with stripe_client.asking() as client:
        return _with_reversals(client, of_intent(client.v1.payment_intents.retrieve(intent_id)))


def fetch_invoice(invoice_id: str, *, reference: str) -> Facts:
    """Of an invoice that the order `reference` was made for. Raises PaymentUnavailable."""
    with stripe_client.asking() as client:
        invoice = client.v1.invoices.retrieve(invoice_id)
        paid = client.v1.invoice_payments.list({"invoice": invoice_id, "status": "paid"})
        intents = [_id_of(one.payment.payment_intent) for one in paid.auto_paging_iter()]
        return _with_reversals(client, of_invoice(invoice, intents, reference=reference))


def of_session(session: Session) -> Facts:
    """What the session alone says: of an unpaid one that is all there is."""
    intent, invoice = session.payment_intent, session.invoice
    return Facts(
        session=session.id,
        reference=session.client_reference_id or "",
        mode=session.mode,
        livemode=session.livemode,
        currency=session.currency or "",
        amount_subtotal=session.amount_subtotal or 0,
        amount_total=session.amount_total or 0,
        amount_tax=session.total_details.amount_tax if session.total_details else 0,
        status=session.status or "",
        payment_status=session.payment_status,
        intent=_id_of(intent),
        intent_status=intent.status if isinstance(intent, PaymentIntent) else "",
        invoice=_id_of(invoice),
        url=session.url or "",
    )


def of_intent(intent: PaymentIntent) -> Facts:
    """An intent is like a session of its own: open for as long as another attempt may be made."""
    is_open = intent.status.startswith("requires_")
    return Facts(
        session="",
        reference=intent.metadata.to_dict().get("order", ""),
        mode="payment",
        livemode=intent.livemode,
        currency=intent.currency,
        amount_subtotal=intent.amount,
        amount_total=intent.amount,
        amount_tax=0,
        status="open" if is_open else "complete",
        payment_status="paid" if intent.status == "succeeded" else "unpaid",
        intent=intent.id,
        intent_status=intent.status,
        invoice="",
        url="",
    )


def of_invoice(invoice: stripe.Invoice, intents: list[str], *, reference: str) -> Facts:
    """`intents` have paid it: none if nothing was due, or if it was paid outside of Stripe."""
    status = "no_payment_required" if invoice.total <= 0 else "paid"
    return Facts(
        session="",
        reference=reference,
        # An invoice paid by several payments is not undone by the refund of one of them.
        mode="payment" if len(intents) <= 1 else "several payments",
        livemode=invoice.livemode,
        currency=invoice.currency,
        amount_subtotal=invoice.subtotal,
        amount_total=invoice.amount_paid or invoice.total,
        amount_tax=sum(tax.amount for tax in invoice.total_taxes or []),
        status="complete",
        payment_status=status if invoice.status == "paid" else "unpaid",
        intent=intents[0] if intents else "",
        intent_status="",
        invoice=invoice.id or "",
        url="",
    )


def _with_reversals(client: stripe.StripeClient, facts: Facts) -> Facts:
    """Of what was not paid nothing can have gone back."""
    intent = facts.intent
    if facts.payment_status != "paid" or not intent:
        return facts
    refunds = client.v1.refunds.list({"payment_intent": intent, "limit": PAGE})
    disputes = client.v1.disputes.list({"payment_intent": intent, "limit": PAGE})
    warnings = client.v1.radar.early_fraud_warnings.list({"payment_intent": intent, "limit": PAGE})
    return replace(
        facts,
        refunds=tuple(sorted(map(_refund, refunds.auto_paging_iter()), key=_by_id)),
        disputes=tuple(sorted(map(_dispute, disputes.auto_paging_iter()), key=_by_id)),
        warnings=tuple(sorted(one.id for one in warnings.auto_paging_iter())),
    )


def _refund(refund: stripe.Refund) -> RefundFact:
    metadata = refund.metadata.to_dict() if refund.metadata else {}
    return RefundFact(
        id=refund.id,
        amount=refund.amount,
        status=refund.status or "",
        public_id=metadata.get("refund", ""),
        # Absent, not null, where nothing has failed.
        failure=getattr(refund, "failure_reason", None) or "",
    )


def _dispute(dispute: stripe.Dispute) -> DisputeFact:
    due_by = dispute.evidence_details.due_by
    return DisputeFact(
        id=dispute.id,
        amount=dispute.amount,
        lost=_lost(dispute),
        reason=dispute.reason,
        status=dispute.status,
        due_by=datetime.fromtimestamp(due_by, UTC) if due_by else None,
    )


def _lost(dispute: stripe.Dispute) -> int:
    """What the bank has taken and not given back. The status alone moves no money.

    Balance transactions are in the currency that Stripe pays us in. Where it is another one than
    the buyer's, the sums do not compare, and what counts is whether the money is away.
    """
    moves = dispute.balance_transactions
    if all(move.currency == dispute.currency for move in moves):
        return max(0, -sum(move.amount for move in moves))
    taken = sum(1 for move in moves if move.amount < 0)
    returned = sum(1 for move in moves if move.amount > 0)
    return dispute.amount if taken > returned else 0


def _id_of(value: object) -> str:
    """Of what Stripe gives as an id, as the object itself, or not at all."""
    return value if isinstance(value, str) else str(getattr(value, "id", ""))


def _by_id(fact: RefundFact | DisputeFact) -> str:
    return fact.id
