"""Subscriptions: what they are, and what programs change about them."""

from __future__ import annotations

from billing.sandbox.account import Account, new_id
from billing.sandbox.api.lists import PAGING, page, whole
from billing.sandbox.api.route import Route, retrieving
from billing.sandbox.errors import Refused
from billing.sandbox.resources import methods, periods, prices
from billing.sandbox.resources.changes import merged
from billing.sandbox.store import Row

SUBSCRIPTION = "subscription"
PATH = "/v1/subscriptions"
LIVING = ("active", "past_due")


def make(account: Account, *, customer: str, items: list[Row], method: Row, data: Row) -> Row:
    """Incomplete until its first invoice is paid. `items` have a price and a quantity."""
    now = account.now()
    fields = _fields(now)
    fields.update(
        currency=items[0]["price"]["currency"],
        customer=customer,
        default_payment_method=method["id"],
        description=data.get("description"),
        metadata=data.get("metadata") or {},
    )
    row = account.new(SUBSCRIPTION, "sub", fields)
    url = f"/v1/subscription_items?subscription={row['id']}"
    row["items"] = whole([_item(account, row, item) for item in items], url=url)
    return set_period(row, 0)


def set_period(row: Row, number: int) -> Row:
    row["_period"] = number
    for item in row["items"]["data"]:
        recurring = item["price"]["recurring"]
        anchor = row["billing_cycle_anchor"]
        item["current_period_start"] = periods.start_of(anchor, recurring, number)
        item["current_period_end"] = periods.start_of(anchor, recurring, number + 1)
    return row


def period_end(row: Row) -> int:
    return min(int(item["current_period_end"]) for item in row["items"]["data"])


def end(account: Account, row: Row, *, reason: str) -> Row:
    """It is over; Stripe's reasons: cancellation_requested, payment_failed, payment_disputed."""
    now = account.now()
    row.update(status="canceled", ended_at=now, canceled_at=row["canceled_at"] or now)
    row["cancellation_details"]["reason"] = reason
    return account.changed("customer.subscription.deleted", row)


def living(account: Account, subscription_id: str) -> Row:
    row = account.get(SUBSCRIPTION, subscription_id)
    if row["status"] not in LIVING:
        raise Refused(
            f"This subscription is {row['status']}; it cannot be changed.",
            code="resource_missing",
            param="id",
        )
    return row


def cancel(account: Account, wanted: Row, subscription_id: str) -> Row:
    row = living(account, subscription_id)
    row["cancellation_details"].update(wanted.get("cancellation_details", {}))
    return end(account, row, reason="cancellation_requested")


def update(account: Account, wanted: Row, subscription_id: str) -> Row:
    row = living(account, subscription_id)
    if "cancel_at_period_end" in wanted:
        cancel_at_end(account, row, wanted["cancel_at_period_end"])
    if "default_payment_method" in wanted:
        given = wanted["default_payment_method"]
        method = methods.usable(account, given, param="default_payment_method")
        if method["customer"] != row["customer"]:
            raise Refused("The card is not the customer's.", param="default_payment_method")
        row["default_payment_method"] = method["id"]
    if "description" in wanted:
        row["description"] = wanted["description"] or None
    row["cancellation_details"].update(wanted.get("cancellation_details", {}))
    row["metadata"] = merged(row["metadata"], wanted.get("metadata", {}))
    _change_items(account, row, wanted)
    return account.changed("customer.subscription.updated", row)


def cancel_at_end(account: Account, row: Row, at_end: bool) -> None:
    """Cancel when what is paid has been had, or think better of it."""
    row["cancel_at_period_end"] = at_end
    row["cancel_at"] = period_end(row) if at_end else None
    row["canceled_at"] = account.now() if at_end else None
    row["cancellation_details"]["reason"] = "cancellation_requested" if at_end else None


def list_all(account: Account, wanted: Row) -> Row:
    narrow = {"customer": wanted["customer"]} if "customer" in wanted else {}
    rows = account.all(SUBSCRIPTION, **narrow)
    status = wanted.get("status")
    if status is None:
        rows = [row for row in rows if row["status"] != "canceled"]
    elif status != "all":
        rows = [row for row in rows if row["status"] == status]
    return page(rows, wanted, url=PATH)


def _change_items(account: Account, row: Row, wanted: Row) -> None:
    """Another price from the next period on."""
    if "items" in wanted and wanted.get("proration_behavior") != "none":
        raise Refused(
            "The payment sandbox prorates nothing: pass proration_behavior=none.",
            code="sandbox_unsupported",
            param="proration_behavior",
        )
    items = {item["id"]: item for item in row["items"]["data"]}
    for index, change in enumerate(wanted.get("items", [])):
        if change.get("id") not in items:
            raise Refused("No such subscription item.", param=f"items[{index}][id]")
        price = account.get(prices.PRICE, change["price"], param=f"items[{index}][price]")
        if not price["recurring"] or price["currency"] != row["currency"]:
            raise Refused("Not a price for this subscription.", param=f"items[{index}][price]")
        items[change["id"]].update(price=price, plan=_plan(price))


def _item(account: Account, row: Row, item: Row) -> Row:
    return {
        "id": new_id("si"),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": account.now(),
        "current_period_end": 0,
        "current_period_start": 0,
        "discounts": [],
        "metadata": {},
        "plan": _plan(item["price"]),
        "price": item["price"],
        "quantity": item["quantity"],
        "subscription": row["id"],
        "tax_rates": [],
    }


def _plan(price: Row) -> Row:
    """The price in the words of an older API, which each item still carries."""
    same = ("id", "active", "created", "currency", "livemode", "metadata", "nickname", "product")
    recurring = price["recurring"]
    return {
        **{name: price[name] for name in same},
        "object": "plan",
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "meter": None,
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def _fields(now: int) -> Row:
    return {
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": now,
        "billing_cycle_anchor_config": None,
        "billing_mode": {"flexible": None, "type": "classic"},
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "days_until_due": None,
        "default_source": None,
        "default_tax_rates": [],
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "latest_invoice": None,
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "on_subscription",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": now,
        "status": "incomplete",
        "test_clock": None,
        "transfer_data": None,
        "trial_end": None,
        "trial_settings": None,
        "trial_start": None,
    }


CANCELLATION = "cancellation_details.comment cancellation_details.feedback"
ROUTES = (
    Route("GET", PATH, "SubscriptionListParams", f"created {PAGING} customer status", list_all),
    retrieving(SUBSCRIPTION, PATH, "SubscriptionRetrieveParams"),
    Route(
        "POST",
        f"{PATH}/{{}}",
        "SubscriptionUpdateParams",
        f"cancel_at_period_end default_payment_method description metadata {CANCELLATION} "
        "items.id items.price proration_behavior",
        update,
    ),
    Route("DELETE", f"{PATH}/{{}}", "SubscriptionCancelParams", CANCELLATION, cancel),
)
