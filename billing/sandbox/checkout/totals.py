"""What a session costs: its items, less the discount, with tax."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from billing.sandbox.account import Account, new_id
from billing.sandbox.errors import Refused
from billing.sandbox.resources import prices
from billing.sandbox.resources.amounts import share
from billing.sandbox.resources.promotions import COUPON
from billing.sandbox.store import Row

MOST_QUANTITY = 999_999
TAX = Fraction(1, 5)


def make_items(account: Account, wanted: list[Row]) -> list[Row]:
    items = []
    for index, item in enumerate(wanted):
        param = f"line_items[{index}]"
        if not 0 < item.get("quantity", 0) <= MOST_QUANTITY:
            raise Refused("Invalid integer: quantity", param=f"{param}[quantity]")
        price = _price(account, item, param)
        product = account.get("product", price["product"])
        items.append(
            {
                "id": new_id("li"),
                "object": "item",
                "currency": price["currency"],
                "description": product["name"],
                "price": price,
                "quantity": item["quantity"],
            }
        )
    if len({item["currency"] for item in items}) != 1:
        raise Refused("All line items must have the same currency.", param="line_items")
    return items


def subtotal(session: Row) -> int:
    return sum(_subtotal(item) for item in session["_items"])


def add_up(account: Account, session: Row, *, is_taxed: bool) -> Row:
    """The session with the amounts of its items and of the whole."""
    items = session["_items"]
    left = _discount(account, session)
    for place, item in enumerate(items):
        # The last item takes what the shares of the others, rounded, have left.
        rest = sum(_subtotal(one) for one in items[place:])
        discount = share(left, Fraction(_subtotal(item), rest)) if rest else 0
        left -= discount
        item.update(_amounts(item, discount, is_taxed=is_taxed))
    session.update(
        amount_subtotal=sum(item["amount_subtotal"] for item in items),
        amount_total=sum(item["amount_total"] for item in items),
        total_details={
            "amount_discount": sum(item["amount_discount"] for item in items),
            "amount_shipping": 0,
            "amount_tax": sum(item["amount_tax"] for item in items),
        },
    )
    return session


def _price(account: Account, item: Row, param: str) -> Row:
    if ("price" in item) == ("price_data" in item):
        raise Refused("A line item needs one of price and price_data.", param=param)
    if "price" in item:
        price = account.get(prices.PRICE, item["price"], param=f"{param}[price]")
        if not price["active"]:
            raise Refused("The price specified is inactive.", param=f"{param}[price]")
        return price
    data = item["price_data"]
    for name in ("unit_amount",) if "product" in data else ("unit_amount", "product_data"):
        if name not in data:
            missing = f"{param}[price_data][{name}]"
            raise Refused(
                f"Missing required param: {missing}.", code="parameter_missing", param=missing
            )
    return prices.make(account, data, param=f"{param}[price_data]", active=False)


def _subtotal(item: Row) -> int:
    return int(item["price"]["unit_amount"] * item["quantity"])


def _discount(account: Account, session: Row) -> int:
    if not session["discounts"]:
        return 0
    coupon = account.get(COUPON, session["discounts"][0]["coupon"])
    whole = subtotal(session)
    if coupon["percent_off"] is not None:
        return share(whole, Decimal(str(coupon["percent_off"])) / 100)
    return min(whole, int(coupon["amount_off"]))


def _amounts(item: Row, discount: int, *, is_taxed: bool) -> Row:
    net = _subtotal(item) - discount
    is_inclusive = item["price"]["tax_behavior"] == "inclusive"
    tax = 0
    if is_taxed:
        tax = share(net, TAX / (1 + TAX) if is_inclusive else TAX)
    return {
        "amount_discount": discount,
        "amount_subtotal": _subtotal(item),
        "amount_tax": tax,
        "amount_total": net if is_inclusive else net + tax,
    }


def settle_tax(account: Account, session: Row) -> None:
    """The buyer has filled in the form: from now on the tax is known."""
    if session["automatic_tax"]["enabled"]:
        session["automatic_tax"]["status"] = "complete"
    add_up(account, session, is_taxed=session["automatic_tax"]["enabled"])
