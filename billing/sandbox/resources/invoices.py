"""Invoices: of a purchase in Checkout, and of each period of a subscription."""

from __future__ import annotations

from billing.sandbox.account import HERE, Account, new_id
from billing.sandbox.api.lists import PAGING, listing, page, whole
from billing.sandbox.api.route import Route, retrieving
from billing.sandbox.store import Row

INVOICE = "invoice"
PAYMENT = "invoice_payment"
PATH = "/v1/invoices"


def line(item: Row, *, period: Row, parent: Row | None = None) -> Row:
    """`item` is a line item of Checkout, with its amounts."""
    price = item["price"]
    discount = item["amount_discount"]
    tax = item["amount_tax"]
    return {
        "id": new_id("il"),
        "object": "line_item",
        "amount": item["amount_subtotal"],
        "currency": item["currency"],
        "description": item["description"],
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "livemode": False,
        "metadata": {},
        "parent": parent,
        "period": period,
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": item["quantity"],
        "subtotal": item["amount_subtotal"],
        "taxes": [],
        "_total": item["amount_total"],
        "_discount": discount,
        "_tax": tax,
    }


def make(account: Account, fields: Row, lines: list[Row]) -> Row:
    """Finalized and open. `fields` has customer, currency, billing_reason and its parent."""
    total = sum(one.pop("_total") for one in lines)
    discount = sum(one.pop("_discount") for one in lines)
    tax = sum(one.pop("_tax") for one in lines)
    invoice = account.new(INVOICE, "in", {**_fields(account), **fields})
    for one in lines:
        one["invoice"] = invoice["id"]
    invoice.update(
        lines=whole(lines, url=f"{PATH}/{invoice['id']}/lines"),
        amount_due=total,
        amount_remaining=total,
        hosted_invoice_url=f"{HERE}/invoices/{invoice['id']}",
        invoice_pdf=f"{HERE}/invoices/{invoice['id']}/pdf",
        number=f"SANDBOX-{len(account.all(INVOICE)):04d}",
        subtotal=sum(one["subtotal"] for one in lines),
        subtotal_excluding_tax=total - tax + discount,
        total=total,
        total_taxes=[_tax_of(total, tax)] if tax else [],
        total_excluding_tax=total - tax,
    )
    account.changed("invoice.created", invoice)
    account.changed("invoice.finalized", invoice)
    return invoice


def _tax_of(total: int, tax: int) -> Row:
    return {
        "amount": tax,
        "tax_behavior": "exclusive",
        "tax_rate_details": None,
        "taxability_reason": "standard_rated",
        "taxable_amount": total - tax,
        "type": "tax_rate_details",
    }


def pay(account: Account, invoice: Row, intent: Row | None) -> Row:
    """By that payment; by none if nothing was due."""
    paid = invoice["amount_due"]
    invoice.update(amount_paid=paid, amount_remaining=0, status="paid", attempted=True)
    invoice["attempt_count"] += int(intent is not None)
    invoice["next_payment_attempt"] = None
    invoice["status_transitions"]["paid_at"] = account.now()
    if intent is not None:
        account.new(
            PAYMENT,
            "inpay",
            {
                "amount_paid": paid,
                "amount_requested": paid,
                "currency": invoice["currency"],
                "invoice": invoice["id"],
                "is_default": True,
                "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
                "status": "paid",
                "status_transitions": {"canceled_at": None, "paid_at": account.now()},
            },
        )
    account.changed("invoice.paid", invoice)
    return account.changed("invoice.payment_succeeded", invoice)


def list_all(account: Account, wanted: Row) -> Row:
    names = ("customer", "status", "collection_method")
    narrow = {name: wanted[name] for name in names if name in wanted}
    rows = [
        row
        for row in account.all(INVOICE, **narrow)
        if "subscription" not in wanted or subscription_of(row) == wanted["subscription"]
    ]
    return page(rows, wanted, url=PATH)


def subscription_of(invoice: Row) -> str | None:
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    found: str | None = details.get("subscription")
    return found


def list_lines(account: Account, wanted: Row, invoice_id: str) -> Row:
    lines = account.get(INVOICE, invoice_id)["lines"]["data"]
    return whole(lines[: wanted.get("limit", 10)], url=f"{PATH}/{invoice_id}/lines")


def _fields(account: Account) -> Row:
    now = account.now()
    return {
        "account_country": "US",
        "account_name": "Payment sandbox",
        "account_tax_ids": None,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": False,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "collection_method": "charge_automatically",
        "custom_fields": None,
        "customer_address": None,
        "customer_email": None,
        "customer_name": None,
        "customer_phone": None,
        "default_payment_method": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "due_date": None,
        "effective_at": now,
        "ending_balance": 0,
        "footer": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "metadata": {},
        "next_payment_attempt": None,
        "on_behalf_of": None,
        "parent": None,
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": now,
        "period_start": now,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "shipping_cost": None,
        "starting_balance": 0,
        "statement_descriptor": None,
        "status": "open",
        "status_transitions": {
            "finalized_at": now,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "total_discount_amounts": [],
        "total_taxes": [],
        "_intent": None,
    }


ROUTES = (
    Route(
        "GET",
        PATH,
        "InvoiceListParams",
        f"created {PAGING} collection_method customer status subscription",
        list_all,
    ),
    retrieving(INVOICE, PATH, "InvoiceRetrieveParams"),
    Route("GET", f"{PATH}/{{}}/lines", "InvoiceLineItemListParams", "limit", list_lines),
    listing(PAYMENT, "/v1/invoice_payments", "InvoicePaymentListParams", by="invoice status"),
)
