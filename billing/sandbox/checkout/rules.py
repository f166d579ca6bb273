"""What Stripe refuses in a session beside the types of its parameters."""

from __future__ import annotations

from urllib.parse import urlsplit

from billing.sandbox.errors import Refused
from billing.sandbox.resources import prices
from billing.sandbox.resources.amounts import check_charge
from billing.sandbox.store import Row

KNOWN = " ".join(
    [
        "mode ui_mode success_url cancel_url client_reference_id metadata expires_at locale",
        "customer customer_email customer_creation customer_update.address customer_update.name",
        "line_items.price line_items.quantity",
        *(f"line_items.price_data.{name}" for name in prices.DATA.split()),
        *(
            f"line_items.price_data.product_data.{name}"
            for name in ("name", "description", "images", "metadata", "tax_code")
        ),
        "allow_promotion_codes discounts.coupon discounts.promotion_code",
        "automatic_tax.enabled tax_id_collection.enabled billing_address_collection",
        "invoice_creation.enabled invoice_creation.invoice_data.metadata",
        "payment_intent_data.description payment_intent_data.metadata",
        "payment_intent_data.receipt_email payment_intent_data.setup_future_usage",
        "payment_intent_data.statement_descriptor_suffix",
        "adaptive_pricing.enabled allowed_payment_method_types excluded_payment_method_types",
        "submit_type currency",
        "setup_intent_data.description setup_intent_data.metadata",
        "subscription_data.description subscription_data.metadata",
    ]
)
TOGETHER_REFUSED = (("customer", "customer_email"), ("allow_promotion_codes", "discounts"))
# What goes with one mode only.
OF_MODE = {
    "payment": ("payment_intent_data", "invoice_creation", "submit_type", "customer_creation"),
    "setup": ("setup_intent_data", "currency"),
    "subscription": ("subscription_data",),
}
REQUIRED = {"payment": "line_items", "setup": "currency", "subscription": "line_items"}
CUSTOMER_CREATION = {"payment": "if_required", "setup": "if_required", "subscription": "always"}
FOR_SALES = ("line_items", "allow_promotion_codes", "discounts", "automatic_tax")
LONGEST_REFERENCE = 200


def check(wanted: Row) -> None:
    """What the parameters alone show."""
    required = REQUIRED.get(wanted.get("mode", ""), "mode")
    for name in ("mode", "success_url", required):
        # What a card is saved for is not asked where cards are all there is.
        if name not in wanted and not (name == "currency" and _names_methods(wanted)):
            raise Refused(f"Missing required param: {name}.", code="parameter_missing", param=name)
    if wanted.get("ui_mode", "hosted_page") != "hosted_page":
        raise Refused("The payment sandbox has hosted pages only.", param="ui_mode")
    if len(wanted.get("discounts", [])) > 1:
        raise Refused("A session takes one discount.", param="discounts")
    if len(wanted.get("client_reference_id", "")) > LONGEST_REFERENCE:
        raise Refused("Up to 200 characters.", param="client_reference_id")
    _check_mode(wanted)
    _check_together(wanted)
    for name in ("success_url", "cancel_url"):
        _check_address(wanted.get(name, "http://none"), name)


def _names_methods(wanted: Row) -> bool:
    return bool(wanted.get("allowed_payment_method_types"))


def _check_mode(wanted: Row) -> None:
    mode = wanted["mode"]
    for other, names in OF_MODE.items():
        for name in names:
            if name in wanted and other != mode:
                raise Refused(f"You can not pass `{name}` in `{mode}` mode.", param=name)
    for name in FOR_SALES:
        if name in wanted and mode == "setup":
            raise Refused(f"You can not pass `{name}` in `setup` mode.", param=name)


def _check_together(wanted: Row) -> None:
    for first, second in TOGETHER_REFUSED:
        if wanted.get(first) and wanted.get(second):
            raise Refused(
                f"You may only specify one of these parameters: {first}, {second}.", param=second
            )
    if "customer_update" in wanted and "customer" not in wanted:
        raise Refused(
            "`customer_update` can only be used with `customer`.", param="customer_update"
        )


def check_customer(customer: Row, wanted: Row) -> None:
    """What a customer who exists already must bring, or let Checkout write down."""
    update = wanted.get("customer_update", {})
    is_taxed = wanted.get("automatic_tax", {}).get("enabled")
    has_country = bool((customer["address"] or {}).get("country"))
    if is_taxed and not has_country and update.get("address") != "auto":
        raise Refused(
            "Automatic tax calculation in Checkout requires a valid address on the Customer. "
            "Set `customer_update[address]` to 'auto'.",
            code="customer_tax_location_invalid",
        )
    if wanted.get("tax_id_collection", {}).get("enabled") and update.get("name") != "auto":
        raise Refused(
            "Tax ID collection needs `customer_update[name]` to be 'auto' for an existing "
            "customer.",
            param="customer_update",
        )


def check_items(session: Row) -> None:
    """What is left to refuse once the prices are known."""
    kinds = {item["price"]["type"] for item in session["_items"]}
    if "recurring" in kinds and session["mode"] == "payment":
        raise Refused(
            "You specified `payment` mode but passed a recurring price.", param="line_items"
        )
    if session["mode"] == "subscription" and kinds != {"recurring"}:
        raise Refused(
            "The payment sandbox takes recurring prices only in `subscription` mode.",
            param="line_items",
        )
    if session["amount_total"]:
        check_charge(session["amount_total"], session["currency"], param="line_items")


def _check_address(value: str, name: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise Refused("Not a valid URL", code="url_invalid", param=name)
