"""Coupons, and the codes that buyers type to get them."""

from __future__ import annotations

import secrets

from billing.sandbox.account import Account
from billing.sandbox.api.lists import PAGING, listing, page
from billing.sandbox.api.route import Route, retrieving
from billing.sandbox.errors import Refused
from billing.sandbox.resources.changes import applied
from billing.sandbox.store import Row

COUPON = "coupon"
CODE = "promotion_code"
COUPONS = "/v1/coupons"
CODES = "/v1/promotion_codes"


def create_coupon(account: Account, wanted: Row) -> Row:
    if ("percent_off" in wanted) == ("amount_off" in wanted):
        raise Refused("Pass either `percent_off` or `amount_off`.", param="percent_off")
    if "amount_off" in wanted and "currency" not in wanted:
        raise Refused("You must pass currency with amount_off.", param="currency")
    if not 0 < wanted.get("percent_off", 1) <= 100:
        raise Refused("percent_off must be over 0 and up to 100.", param="percent_off")
    coupon: Row = {
        "amount_off": None,
        "currency": None,
        "duration": "once",
        "duration_in_months": None,
        "max_redemptions": None,
        "metadata": {},
        "name": None,
        "percent_off": None,
        "redeem_by": None,
        "times_redeemed": 0,
        "valid": True,
    }
    # Unlike other objects' ids, a coupon's may be chosen.
    chosen = {"id": wanted.pop("id", secrets.token_urlsafe(6))}
    if account.store.find(chosen["id"]):
        raise Refused("Coupon already exists.", code="resource_already_exists", param="id")
    row = account.new(COUPON, "", {**applied(coupon, wanted), **chosen})
    account.emit("coupon.created", row)
    return row


def create_code(account: Account, wanted: Row) -> Row:
    promotion = wanted["promotion"]
    coupon = account.get(COUPON, promotion.get("coupon", ""), param="promotion[coupon]")
    code = wanted.get("code") or secrets.token_hex(4).upper()
    if by_code(account, code):
        raise Refused("An active promotion code with this code exists.", param="code")
    restrictions = wanted.get("restrictions", {})
    row = account.new(
        CODE,
        "promo",
        {
            "active": wanted.get("active", True),
            "code": code,
            "customer": wanted.get("customer"),
            "expires_at": wanted.get("expires_at"),
            "max_redemptions": wanted.get("max_redemptions"),
            "metadata": wanted.get("metadata") or {},
            "promotion": {"coupon": coupon["id"], "type": "coupon"},
            "restrictions": {
                "first_time_transaction": False,
                "minimum_amount": restrictions.get("minimum_amount"),
                "minimum_amount_currency": restrictions.get("minimum_amount_currency"),
            },
            "times_redeemed": 0,
        },
    )
    account.emit("promotion_code.created", row)
    return row


def update_coupon(account: Account, wanted: Row, coupon_id: str) -> Row:
    return account.changed("coupon.updated", applied(account.get(COUPON, coupon_id), wanted))


def update_code(account: Account, wanted: Row, code_id: str) -> Row:
    return account.changed("promotion_code.updated", applied(account.get(CODE, code_id), wanted))


def list_codes(account: Account, wanted: Row) -> Row:
    narrow = {name: wanted[name] for name in ("active", "code", "customer") if name in wanted}
    rows = [
        row
        for row in account.all(CODE, **narrow)
        if wanted.get("coupon") in (None, row["promotion"]["coupon"])
    ]
    return page(rows, wanted, url=CODES)


# --- what a session does with them
def by_code(account: Account, code: str) -> Row | None:
    """The active code that a buyer types; case does not matter."""
    for row in account.all(CODE, active=True):
        if row["code"].lower() == code.strip().lower():
            return row
    return None


def check_code(account: Account, code: Row, *, subtotal: int, session: Row) -> None:
    """Raises Refused if this session cannot have the code's discount."""
    limits = code["restrictions"]
    wrong = (
        not code["active"]
        or (code["expires_at"] or account.now() + 1) <= account.now()
        or code["times_redeemed"] >= (code["max_redemptions"] or code["times_redeemed"] + 1)
        or code["customer"] not in (None, session["customer"])
        or (limits["minimum_amount_currency"] or session["currency"]) != session["currency"]
        or (limits["minimum_amount"] or 0) > subtotal
    )
    if wrong:
        raise Refused("This promotion code cannot be used here.", param="promotion_code")
    check_coupon(account, code["promotion"]["coupon"], currency=session["currency"])


def check_coupon(account: Account, coupon_id: str, *, currency: str) -> Row:
    coupon = account.get(COUPON, coupon_id, param="discounts[0][coupon]")
    expired = coupon["redeem_by"] is not None and coupon["redeem_by"] <= account.now()
    used_up = coupon["times_redeemed"] >= (coupon["max_redemptions"] or 2**62)
    if expired or used_up or coupon["currency"] not in (None, currency):
        raise Refused(f"Coupon {coupon_id} cannot be used here.", code="coupon_expired")
    return coupon


def redeem(account: Account, discounts: list[Row]) -> None:
    for discount in discounts:
        coupon = account.get(COUPON, discount["coupon"])
        account.put({**coupon, "times_redeemed": coupon["times_redeemed"] + 1})
        if discount["promotion_code"]:
            code = account.get(CODE, discount["promotion_code"])
            account.put({**code, "times_redeemed": code["times_redeemed"] + 1})


ROUTES = (
    Route(
        "POST",
        COUPONS,
        "CouponCreateParams",
        "amount_off currency duration duration_in_months id max_redemptions metadata name "
        "percent_off redeem_by",
        create_coupon,
    ),
    listing(COUPON, COUPONS, "CouponListParams"),
    retrieving(COUPON, COUPONS, "CouponRetrieveParams"),
    Route("POST", f"{COUPONS}/{{}}", "CouponUpdateParams", "metadata name", update_coupon),
    Route(
        "POST",
        CODES,
        "PromotionCodeCreateParams",
        "active code customer expires_at max_redemptions metadata promotion "
        "restrictions.minimum_amount restrictions.minimum_amount_currency",
        create_code,
    ),
    Route(
        "GET",
        CODES,
        "PromotionCodeListParams",
        f"created {PAGING} active code coupon customer",
        list_codes,
    ),
    retrieving(CODE, CODES, "PromotionCodeRetrieveParams"),
    Route("POST", f"{CODES}/{{}}", "PromotionCodeUpdateParams", "active metadata", update_code),
)
