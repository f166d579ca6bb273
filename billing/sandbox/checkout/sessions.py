"""Checkout sessions, as programs make and look at them."""

from __future__ import annotations

from billing.sandbox.account import HERE, Account
from billing.sandbox.api.lists import PAGING, page, whole
from billing.sandbox.api.route import Route
from billing.sandbox.checkout import rules, totals
from billing.sandbox.errors import Refused
from billing.sandbox.resources import customers, promotions, setups
from billing.sandbox.store import Row

SESSION = "checkout.session"
METHODS = ["card", "sepa_debit"]
PATH = "/v1/checkout/sessions"
LIVES_SECONDS = 24 * 3600
LEAST_SECONDS = 1800
# A request takes a moment from the clock that made it to the one that reads it.
SLACK_SECONDS = 5


def create(account: Account, wanted: Row) -> Row:
    rules.check(wanted)
    session = account.new(SESSION, "cs_test", _fields(wanted))
    session["expires_at"] = _expires_at(account, wanted)
    session["_ahead"] = account.ahead()
    session["url"] = f"{HERE}/pay/{session['id']}"
    if session["customer"]:
        rules.check_customer(customers.living(account, session["customer"]), wanted)
    if session["mode"] == "setup":
        _prepare_setup(account, session, wanted)
    else:
        _prepare_sale(account, session, wanted)
    return account.put(session)


def _prepare_setup(account: Account, session: Row, wanted: Row) -> None:
    data = wanted.get("setup_intent_data", {})
    fields = {"customer": session["customer"], "description": data.get("description")}
    setup = setups.make(account, {**fields, "metadata": data.get("metadata") or {}})
    session.update(
        currency=wanted.get("currency"),
        payment_status="no_payment_required",
        setup_intent=setup["id"],
    )


def _prepare_sale(account: Account, session: Row, wanted: Row) -> None:
    session["_items"] = totals.make_items(account, wanted["line_items"])
    session["currency"] = session["_items"][0]["currency"]
    session["discounts"] = _discounts(account, session, wanted.get("discounts", []))
    totals.add_up(account, session, is_taxed=False)
    rules.check_items(session)
    if not session["amount_total"]:
        session["payment_status"] = "no_payment_required"


def retrieve(account: Account, _wanted: Row, session_id: str) -> Row:
    return current(account, session_id)


def expire(account: Account, _wanted: Row, session_id: str) -> Row:
    return let_expire(account, opened(account, session_id))


def update(account: Account, wanted: Row, session_id: str) -> Row:
    session = account.get(SESSION, session_id)
    session["metadata"] = wanted.get("metadata") or session["metadata"]
    return account.put(session)


def list_all(account: Account, wanted: Row) -> Row:
    names = ("customer", "payment_intent", "status", "subscription")
    narrow = {name: wanted[name] for name in names if name in wanted}
    return page(account.all(SESSION, **narrow), wanted, url=PATH)


def line_items(account: Account, wanted: Row, session_id: str) -> Row:
    session = account.get(SESSION, session_id)
    url = f"{PATH}/{session_id}/line_items"
    return whole(session["_items"][: wanted.get("limit", 10)], url=url)


def current(account: Account, session_id: str) -> Row:
    """The session as it is by now: its time may be over."""
    session = account.get(SESSION, session_id)
    if session["status"] == "open" and ends_at(session) <= account.now():
        return let_expire(account, session)
    return session


def opened(account: Account, session_id: str) -> Row:
    session = current(account, session_id)
    if session["status"] != "open":
        raise Refused(
            f"This session is {session['status']}, not open.", code="checkout_session_not_open"
        )
    return session


def ends_at(session: Row) -> int:
    """By the sandbox's clock; `expires_at` is by that of the program that made the session."""
    return int(session["expires_at"] + session["_ahead"])


def let_expire(account: Account, session: Row) -> Row:
    session.update(status="expired", url=None)
    return account.changed("checkout.session.expired", session)


def _expires_at(account: Account, wanted: Row) -> int:
    """By the clock of the program, which knows nothing of the sandbox's being set forward."""
    now = account.now() - account.ahead()
    at: int = wanted.get("expires_at", now + LIVES_SECONDS)
    if not LEAST_SECONDS <= at - now + SLACK_SECONDS <= LIVES_SECONDS + 2 * SLACK_SECONDS:
        raise Refused("expires_at must be 30 minutes to 24 hours away.", param="expires_at")
    return at


def _discounts(account: Account, session: Row, wanted: list[Row]) -> list[Row]:
    found = []
    for discount in wanted:
        code_id = discount.get("promotion_code")
        coupon_id = discount.get("coupon")
        if code_id:
            code = account.get(promotions.CODE, code_id, param="discounts[0][promotion_code]")
            promotions.check_code(account, code, subtotal=totals.subtotal(session), session=session)
            coupon_id = code["promotion"]["coupon"]
        promotions.check_coupon(account, coupon_id or "", currency=session["currency"])
        found.append({"coupon": coupon_id, "promotion_code": code_id})
    return found


def _fields(wanted: Row) -> Row:
    tax = wanted.get("automatic_tax", {}).get("enabled", False)
    invoice = wanted.get("invoice_creation", {})
    return {
        "adaptive_pricing": wanted.get("adaptive_pricing"),
        "after_expiration": None,
        "allow_promotion_codes": wanted.get("allow_promotion_codes"),
        "amount_subtotal": None,
        "amount_total": None,
        "automatic_tax": {
            "enabled": tax,
            "liability": {"type": "self"} if tax else None,
            "provider": "stripe" if tax else None,
            "status": "requires_location_inputs" if tax else None,
        },
        "billing_address_collection": wanted.get("billing_address_collection"),
        "cancel_url": wanted.get("cancel_url"),
        "client_reference_id": wanted.get("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "currency": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer": wanted.get("customer"),
        "customer_creation": _customer_creation(wanted),
        "customer_details": None,
        "customer_email": wanted.get("customer_email"),
        "discounts": [],
        "allowed_payment_method_types": wanted.get("allowed_payment_method_types"),
        "excluded_payment_method_types": wanted.get("excluded_payment_method_types"),
        "invoice": None,
        "invoice_creation": {
            "enabled": invoice.get("enabled", False),
            "invoice_data": {"metadata": invoice.get("invoice_data", {}).get("metadata") or {}},
        },
        "locale": wanted.get("locale"),
        "metadata": wanted.get("metadata") or {},
        "mode": wanted["mode"],
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": None,
        "payment_method_options": {},
        "payment_method_types": _methods(wanted),
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "presentment_details": None,
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": wanted.get("submit_type"),
        "subscription": None,
        "success_url": wanted["success_url"],
        "tax_id_collection": {
            "enabled": wanted.get("tax_id_collection", {}).get("enabled", False),
            "required": "never",
        },
        "total_details": None,
        "ui_mode": "hosted_page",
        "_items": [],
        "_customer_update": wanted.get("customer_update", {}),
        "_payment_intent_data": wanted.get("payment_intent_data", {}),
        "_subscription_data": wanted.get("subscription_data", {}),
        "_intent": None,
    }


def _methods(wanted: Row) -> list[str]:
    allowed = wanted.get("allowed_payment_method_types", METHODS)
    excluded = wanted.get("excluded_payment_method_types", [])
    offered = METHODS if wanted["mode"] == "payment" else METHODS[:1]
    return [name for name in offered if name in allowed and name not in excluded]


def _customer_creation(wanted: Row) -> str | None:
    if "customer" in wanted:
        return None
    return str(wanted.get("customer_creation", rules.CUSTOMER_CREATION[wanted["mode"]]))


ROUTES = (
    Route("POST", PATH, "checkout.SessionCreateParams", rules.KNOWN, create),
    Route(
        "GET",
        PATH,
        "checkout.SessionListParams",
        f"created {PAGING} customer payment_intent status subscription",
        list_all,
    ),
    Route("GET", f"{PATH}/{{}}", "checkout.SessionRetrieveParams", "", retrieve),
    Route("POST", f"{PATH}/{{}}", "checkout.SessionUpdateParams", "metadata", update),
    Route("POST", f"{PATH}/{{}}/expire", "checkout.SessionExpireParams", "", expire),
    Route(
        "GET",
        f"{PATH}/{{}}/line_items",
        "checkout.SessionLineItemListParams",
        "limit",
        line_items,
    ),
)
