"""A workspace at Stripe: one customer, made before its first purchase, mirrored afterwards."""

from __future__ import annotations

import logging

import stripe
from django.db import transaction
from django.utils import timezone
from stripe.params import CustomerCreateParams

from accounts.models import Membership, Role, Workspace
from billing import stripe_client
from billing.errors import NoAnswer
from billing.models import Customer

logger = logging.getLogger(__name__)

NAME_LENGTH = 256


def customer_of(workspace: Workspace) -> Customer:
    """The workspace's customer, with its `stripe_id`; made at Stripe if there is none.

    Raises PaymentUnavailable. Must not run inside a transaction: the row is committed before
    Stripe hears of it.
    """
    row = _current(workspace)
    if row.stripe_id:
        return row
    try:
        made = stripe_client.client().v1.customers.create(
            _request(row), {"idempotency_key": f"customer:{row.public_id}"}
        )
    except stripe.StripeError as exc:
        logger.warning("customer of %s: %s", workspace.public_id, type(exc).__name__)
        raise NoAnswer(exc.user_message or exc) from exc
    return record(row, made)


def record(customer: Customer, said: stripe.Customer) -> Customer:
    """Write down the customer as Stripe has it, or that Stripe has it no more."""
    with transaction.atomic():
        row = Customer.objects.select_for_update().get(pk=customer.pk)
        if getattr(said, "deleted", False):
            row.deleted_at = row.deleted_at or timezone.now()
        else:
            address = said.address
            row.email, row.name = said.email or "", (said.name or "")[:NAME_LENGTH]
            row.country = (address.country if address else "") or ""
        # Another one would be a second customer for the same workspace: the first stays.
        row.stripe_id = row.stripe_id or said.id
        row.save(update_fields=["stripe_id", "email", "name", "country", "deleted_at"])
    return row


def sync_customer(customer: Customer) -> Customer:
    """Raises PaymentUnavailable."""
    assert customer.stripe_id
    with stripe_client.asking() as client:
        try:
            said = client.v1.customers.retrieve(customer.stripe_id)
        except stripe.InvalidRequestError as exc:
            if exc.code != "resource_missing":
                raise
            return give_up(customer)
    return record(customer, said)


def is_unknown(exc: stripe.InvalidRequestError) -> bool:
    """Whether Stripe refuses a request because its customer was deleted there."""
    return (exc.code, exc.param) == ("resource_missing", "customer")


def give_up(customer: Customer) -> Customer:
    """Stripe does not know it any more; the next purchase makes another."""
    Customer.objects.filter(pk=customer.pk, deleted_at=None).update(deleted_at=timezone.now())
    customer.refresh_from_db()
    return customer


@transaction.atomic(durable=True)
def _current(workspace: Workspace) -> Customer:
    """The row of the account and mode in force."""
    living = Customer.objects.filter(
        workspace=workspace, livemode=stripe_client.is_live(), deleted_at=None
    )
    account = stripe_client.account()
    # One that was made before an account was pinned, or without one, is taken for ours.
    living.exclude(stripe_account__in=["", account]).update(deleted_at=timezone.now())
    row, _ = living.get_or_create(
        defaults={
            "workspace": workspace,
            "livemode": stripe_client.is_live(),
            "stripe_account": account,
            "email": _owners_email(workspace),
            "name": workspace.name,
        }
    )
    return row


def _request(row: Customer) -> CustomerCreateParams:
    """Made of the row's own columns only: a repeat under the same key must be the same."""
    request: CustomerCreateParams = {
        "name": row.name,
        "metadata": {"workspace": row.workspace.public_id, "customer": row.public_id},
    }
    if row.email:
        request["email"] = row.email
    return request


def _owners_email(workspace: Workspace) -> str:
    owners = Membership.objects.filter(workspace=workspace, role=Role.OWNER)
    return owners.order_by("pk").values_list("user__email", flat=True).first() or ""
