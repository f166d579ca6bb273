"""Payment methods: a card that a customer keeps for later."""

from __future__ import annotations

from billing.sandbox.account import Account
from billing.sandbox.api.lists import PAGING, page
from billing.sandbox.api.route import Route, retrieving
from billing.sandbox.errors import CardRefused, Refused
from billing.sandbox.resources import customers
from billing.sandbox.resources.cards import CARDS, METHOD, make_card, refusal_of
from billing.sandbox.resources.changes import applied
from billing.sandbox.store import Row

PATH = "/v1/payment_methods"


def usable(account: Account, method_id: str, *, param: str = "payment_method") -> Row:
    """A payment method by its id, or a new one by the token of a test card."""
    if method_id in CARDS:
        return make_card(account, method_id)
    method = account.get(METHOD, method_id, param=param)
    if method["_detached"]:
        raise Refused(
            "The provided PaymentMethod was detached from a Customer and may not be used again.",
            param=param,
        )
    return method


def give(account: Account, method: Row, customer_id: str) -> Row:
    method["customer"] = customer_id
    return account.changed("payment_method.attached", method)


def attach(account: Account, wanted: Row, method_id: str) -> Row:
    if "customer" not in wanted:
        raise Refused(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    customer = customers.living(account, wanted["customer"])
    method = usable(account, method_id)
    if method["customer"] not in (None, customer["id"]):
        raise Refused("The payment method is attached to another customer.", param="customer")
    if not method["_can_be_saved"]:
        raise CardRefused(refusal_of(method))
    return give(account, method, customer["id"])


def detach(account: Account, _wanted: Row, method_id: str) -> Row:
    method = account.get(METHOD, method_id)
    if not method["customer"]:
        raise Refused("The payment method is not attached to a customer.")
    customer = account.get(customers.CUSTOMER, method["customer"])
    if customer["invoice_settings"]["default_payment_method"] == method_id:
        customer["invoice_settings"]["default_payment_method"] = None
        account.changed("customer.updated", customer)
    method.update(customer=None, _detached=True)
    return account.changed("payment_method.detached", method)


def update(account: Account, wanted: Row, method_id: str) -> Row:
    return account.changed(
        "payment_method.updated", applied(account.get(METHOD, method_id), wanted)
    )


def list_all(account: Account, wanted: Row, customer_id: str = "") -> Row:
    customer = wanted.get("customer", customer_id)
    if customer:
        customers.living(account, customer)
    narrow = {"type": wanted["type"]} if "type" in wanted else {}
    rows = account.all(METHOD, customer=customer or None, **narrow)
    url = f"/v1/customers/{customer_id}/payment_methods" if customer_id else PATH
    return page(rows if customer else [], wanted, url=url)


ROUTES = (
    Route("GET", PATH, "PaymentMethodListParams", f"{PAGING} customer type", list_all),
    retrieving(METHOD, PATH, "PaymentMethodRetrieveParams"),
    Route("POST", f"{PATH}/{{}}", "PaymentMethodUpdateParams", "metadata", update),
    Route("POST", f"{PATH}/{{}}/attach", "PaymentMethodAttachParams", "customer", attach),
    Route("POST", f"{PATH}/{{}}/detach", "PaymentMethodDetachParams", "", detach),
    Route(
        "GET",
        "/v1/customers/{}/payment_methods",
        "CustomerPaymentMethodListParams",
        f"{PAGING} type",
        list_all,
    ),
)
