"""A subscription follows Stripe: fetch what it says, write it down, tell of what has changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import stripe
from django.db import transaction
from django.utils import timezone

from accounts import plans as limits
from accounts.access import Actor
from accounts.models import Workspace
from billing import stripe_client
from billing.errors import OtherAccount, PaymentUnavailable
from billing.models import Subscription, SubscriptionChange, SubscriptionPlan
from billing.models.subscriptions import RUNNING
from worker import doorbell

TELL = "billing.tasks.tell_subscription"
MOST_LOOKS = 10


@dataclass(frozen=True)
class Said:
    """What Stripe says of it at this moment."""

    status: str
    stripe_id: str = ""
    price: str = ""
    period_end: datetime | None = None
    cancel_at: datetime | None = None


def sync(row: Subscription, *, stripe_id: str = "", session_id: str = "") -> Subscription:
    """The subscription as Stripe has it now.

    `stripe_id` and `session_id` are for one whose answer was lost. Raises PaymentUnavailable,
    OtherAccount.
    """
    require_ours(row)
    for _ in range(MOST_LOOKS):
        row = _fresh(row)
        said = _look(row, stripe_id=stripe_id, session_id=session_id)
        if said is None:
            return row
        recorded = _record(row, said, syncs=row.syncs)
        if recorded is not None:
            return recorded
    raise PaymentUnavailable("This subscription changes faster than we can look.")


def require_ours(row: Subscription) -> None:
    """Raises OtherAccount: what our key sees of another account or mode says nothing about it."""
    other = row.stripe_account and row.stripe_account != stripe_client.account()
    if row.livemode != stripe_client.is_live() or other:
        raise OtherAccount("This subscription is of another account or mode of Stripe.")


def opened(row: Subscription, session: stripe.checkout.Session) -> Subscription:
    """Its page is there."""
    with transaction.atomic(durable=True):
        row = _locked(row)
        row.stripe_session_id = row.stripe_session_id or session.id
        row.checkout_url = session.url or row.checkout_url
        row.save(update_fields=["stripe_session_id", "checkout_url"])
        if row.status == "new":
            _write_status(row, to="checkout", reason="Checkout session made")
    return row


def move(row: Subscription, *, to: str, reason: str) -> Subscription:
    """Of one that has not begun: it does not. One that has begun stays as it is."""
    with transaction.atomic(durable=True):
        locked = _locked(row)
        if locked.is_starting:
            _write_status(locked, to=to, reason=reason)
    return locked


def _look(row: Subscription, *, stripe_id: str, session_id: str) -> Said | None:
    known = row.stripe_id or stripe_id
    with stripe_client.asking() as client:
        if not known:
            session = row.stripe_session_id or session_id
            if not session:
                return None
            found = client.v1.checkout.sessions.retrieve(session)
            if found.client_reference_id != row.public_id:
                return None
            if not found.subscription:
                return Said(status="expired" if found.status == "expired" else row.status)
            known = str(found.subscription)
        said = client.v1.subscriptions.retrieve(known)
    if said.customer != row.customer.stripe_id:
        raise OtherAccount("This subscription is of another customer.")
    return _said(said)


def _said(said: stripe.Subscription) -> Said:
    items = said["items"].data
    return Said(
        status=said.status,
        stripe_id=said.id,
        price=items[0].price.id if items else "",
        period_end=_moment(min(one.current_period_end for one in items)) if items else None,
        cancel_at=_moment(said.cancel_at) if said.status != "canceled" else None,
    )


def _moment(at: int | None) -> datetime | None:
    return datetime.fromtimestamp(at, UTC) if at else None


def _record(row: Subscription, said: Said, *, syncs: int) -> Subscription | None:
    """None if another look has been written down meanwhile: what was said may be out of date."""
    with transaction.atomic(durable=True):
        row = _locked(row)
        if row.syncs != syncs:
            return None
        was, plan_was = (row.status, row.cancel_at), row.plan
        row.stripe_id = row.stripe_id or said.stripe_id or None
        row.period_end = said.period_end or row.period_end
        row.cancel_at = said.cancel_at
        row.plan = SubscriptionPlan.objects.filter(stripe_price_id=said.price).first() or row.plan
        row.syncs, row.synced_at = syncs + 1, timezone.now()
        row.save(
            update_fields=["stripe_id", "period_end", "cancel_at", "plan", "syncs", "synced_at"]
        )
        if row.status != said.status:
            _write_status(row, to=said.status, reason="Stripe says so")
        _limit(row, plan_was=plan_was)
        _tell(row, was=was)
    return row


def _tell(row: Subscription, *, was: tuple[str, datetime | None]) -> None:
    """Of its beginning and its end; of payments that fail the invoice tells."""
    status, cancel_at = was
    begins = row.is_running and status not in RUNNING and status != "unpaid"
    ends = row.status == "canceled" and status != "canceled"
    will_end = row.cancel_at is not None and cancel_at is None
    if begins or ends or will_end:
        doorbell.ring(TELL, row.pk)


def _limit(row: Subscription, *, plan_was: SubscriptionPlan) -> None:
    """Give the workspace the limits of the plan, or those from before: when they change.

    Not at each look, as what an operator has given meanwhile stays.
    """
    given = plan_was.workspace_plan if row.plan_before else None
    gives = row.is_running or (row.is_living and given is not None)
    wanted = row.plan.workspace_plan if gives else None
    if wanted == given:
        return
    workspace = Workspace.objects.select_related("plan").get(pk=row.workspace_id)
    before = row.plan_before or workspace.plan
    if given is None or workspace.plan == given:
        limits.change_plan(by=Actor(workspace=workspace), plan=wanted or before)
    row.plan_before = before if wanted else None
    row.save(update_fields=["plan_before"])


def _write_status(row: Subscription, *, to: str, reason: str) -> None:
    was, row.status = row.status, to
    row.save(update_fields=["status"])
    SubscriptionChange.objects.create(subscription=row, was=was, now=to, reason=reason[:200])


def _fresh(row: Subscription) -> Subscription:
    return Subscription.objects.select_related("plan", "customer", "workspace").get(pk=row.pk)


def _locked(row: Subscription) -> Subscription:
    rows = Subscription.objects.select_for_update(of=("self",))
    return rows.select_related("plan__workspace_plan", "workspace", "customer").get(pk=row.pk)
