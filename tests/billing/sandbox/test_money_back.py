"""Refunds, disputes, and the account's balance between them."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from billing.sandbox import clock
from billing.sandbox.account import Account
from billing.sandbox.resources import disputes, refunds
from tests.billing.sandbox.conftest import Desk


def transactions(desk: Desk) -> list[tuple[str, str, int]]:
    """Oldest first."""
    listed = desk.stripe.balance_transactions.list({"limit": 100}).data
    return [(one.type, one.reporting_category, one.amount) for one in listed][::-1]


def test_it_gives_back_in_parts_and_no_more(desk: Desk) -> None:
    intent = desk.paid().payment_intent
    first = desk.stripe.refunds.create(
        {"payment_intent": intent.id, "amount": 800, "reason": "requested_by_customer"},
        {"idempotency_key": "refund:1"},
    )
    assert (first.status, first.amount, first.charge) == ("succeeded", 800, intent.latest_charge.id)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        desk.stripe.refunds.create({"payment_intent": intent.id, "amount": 1001})
    rest = desk.stripe.refunds.create({"charge": intent.latest_charge.id})
    assert rest.amount == 1000
    with pytest.raises(stripe.InvalidRequestError) as refused:
        desk.stripe.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_already_refunded"
    listed = desk.stripe.refunds.list({"payment_intent": intent.id}).data
    assert [one.id for one in listed] == [rest.id, first.id]
    charge = desk.stripe.charges.retrieve(intent.latest_charge.id, {"expand": ["refunds"]})
    assert (charge.refunded, charge.amount_refunded) == (True, 1800)
    assert len(charge.refunds.data) == 2
    assert [amount for _, _, amount in transactions(desk)] == [1800, -800, -1000]


def test_a_refund_may_take_its_time_and_then_fail(desk: Desk) -> None:
    intent = desk.paid("pm_card_pendingRefund").payment_intent
    refund = desk.stripe.refunds.create({"payment_intent": intent.id})
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    refunds.finish(Account(desk.sandbox.store), refund.id, "failed")
    failed = desk.stripe.refunds.retrieve(refund.id)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert desk.stripe.charges.retrieve(intent.latest_charge.id).amount_refunded == 0
    assert desk.events("*refund*") == [
        "refund.created",
        "charge.refunded",
        "refund.updated",
        "refund.failed",
    ]
    assert transactions(desk)[1:] == [
        ("refund", "refund", -1800),
        ("refund_failure", "refund_failure", 1800),
    ]


@pytest.mark.parametrize(
    ("card", "at_first", "in_the_end"),
    [
        ("pm_card_pendingRefund", "pending", "succeeded"),
        ("pm_card_refundFail", "succeeded", "failed"),
    ],
)
def test_a_refund_settles_by_itself(desk: Desk, card: str, at_first: str, in_the_end: str) -> None:
    refund = desk.stripe.refunds.create({"payment_intent": desk.paid(card).payment_intent.id})
    assert refund.status == at_first
    clock.advance(Account(desk.sandbox.store), 4 * 24 * 3600)
    assert desk.stripe.refunds.retrieve(refund.id).status == in_the_end


def test_a_refund_takes_metadata(desk: Desk) -> None:
    refund = desk.stripe.refunds.create(
        {"payment_intent": desk.paid().payment_intent.id, "metadata": {"a": "1", "b": "2"}}
    )
    changed = desk.stripe.refunds.update(refund.id, {"metadata": {"a": "", "c": "3"}})
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}


@pytest.mark.parametrize(
    ("won", "status", "moves"), [(True, "won", [-1800, 1800]), (False, "lost", [-1800])]
)
def test_a_dispute_takes_the_money_until_it_is_won(
    desk: Desk, won: bool, status: str, moves: list[int]
) -> None:
    intent = desk.paid("pm_card_createDispute").payment_intent
    (dispute,) = desk.stripe.disputes.list({"payment_intent": intent.id}).data
    assert (dispute.status, dispute.reason, dispute.amount) == (
        "needs_response",
        "fraudulent",
        1800,
    )
    with pytest.raises(stripe.InvalidRequestError) as refused:
        desk.stripe.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_disputed"
    answered = desk.stripe.disputes.update(
        dispute.id, {"evidence": {"uncategorized_text": "They used it."}, "submit": True}
    )
    assert answered.status == "under_review"
    disputes.close(Account(desk.sandbox.store), dispute.id, won=won)
    closed = desk.stripe.disputes.retrieve(dispute.id)
    assert (closed.status, [one.amount for one in closed.balance_transactions]) == (status, moves)
    assert desk.events("*dispute*") == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        *(["charge.dispute.funds_reinstated"] if won else []),
        "charge.dispute.closed",
    ]


def test_an_inquiry_moves_no_money_until_it_grows(desk: Desk) -> None:
    intent = desk.paid("pm_card_createDisputeInquiry").payment_intent
    (inquiry,) = desk.stripe.disputes.list({"charge": intent.latest_charge.id}).data
    assert (inquiry.status, inquiry.balance_transactions) == ("warning_needs_response", [])
    assert desk.events("*dispute*") == ["charge.dispute.created"]
    disputes.escalate(Account(desk.sandbox.store), inquiry.id)
    grown = desk.stripe.disputes.retrieve(inquiry.id)
    assert (grown.status, grown.balance_transactions[0].amount) == ("needs_response", -1800)


def test_we_may_accept_a_dispute(desk: Desk) -> None:
    desk.paid("pm_card_createDispute")
    (dispute,) = desk.stripe.disputes.list().data
    assert desk.stripe.disputes.close(dispute.id).status == "lost"
    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.disputes.close(dispute.id)


def test_a_fraud_warning_is_over_when_the_money_is_back(desk: Desk) -> None:
    charge = desk.paid().payment_intent.latest_charge
    disputes.warn(Account(desk.sandbox.store), charge.id)
    warnings: Any = desk.stripe.radar.early_fraud_warnings
    assert [one.actionable for one in warnings.list({"charge": charge.id}).data] == [True]
    desk.stripe.refunds.create({"charge": charge.id})
    assert [one.actionable for one in warnings.list({"charge": charge.id}).data] == [False]
