"""The checks of answers and requests can fail: what they are for, they find."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from billing.sandbox.api import schema
from billing.sandbox.api.params import nested, read
from billing.sandbox.api.routes import ROUTES
from billing.sandbox.errors import Refused
from tests.billing.sandbox.conftest import Desk
from tests.billing.stripe_answers import complaints, of_request


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"status": "lost"}, "status"),
        ({"amount": "18.00"}, "amount"),
        ({"amount": None}, "amount"),
        ({"colour": "red"}, "colour"),
        ({"latest_charge": {"object": "charge"}}, "charge"),
    ],
)
def test_it_finds_what_an_answer_may_not_be(
    desk: Desk, change: dict[str, Any], complaint: str
) -> None:
    intent = json.loads(str(desk.paid().payment_intent))
    assert complaints(intent) == []
    assert complaint in " ".join(complaints({**intent, **change}))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_each_route_has_parameters_that_the_library_has(route: Any) -> None:
    Draft202012Validator.check_schema(of_request(route.params))
    for known in route.knows.split():
        place: Any = schema.of_params(schema.named(route.params))
        for part in known.split("."):
            place = _inside(place, part)
        assert place is not None, known


def _inside(place: Any, part: str) -> Any:
    place = schema.resolved(place)
    for one in place.get("anyOf", [place]):
        one = schema.resolved(one)
        one = schema.resolved(one["items"]) if one.get("type") == "array" else one
        if part in one.get("properties", {}):
            return one["properties"][part]
    raise AssertionError(part)


REFUND = "RefundCreateParams"
SESSION = "checkout.SessionCreateParams"


@pytest.mark.parametrize(
    ("params", "encoded", "is_right"),
    [
        (REFUND, "payment_intent=pi_1&amount=5&reason=fraudulent", True),
        (REFUND, "payment_intent=pi_1&metadata[a]=b", True),
        (REFUND, "payment_intent=pi_1&metadata=", True),
        (REFUND, "amount=5.5", False),
        (REFUND, "reason=boredom", False),
        (REFUND, "colour=red", False),
        (REFUND, "charge[0]=ch_1", False),
        (REFUND, "metadata=full", False),
        ("PaymentIntentCreateParams", "amount=500", False),
        ("PaymentIntentCreateParams", "amount=500&currency=usd&off_session=true", True),
        ("PaymentIntentCreateParams", "amount=500&currency=usd&off_session=maybe", False),
        ("EventListParams", "types[0]=a&types[1]=b&created[gte]=5", True),
        ("EventListParams", "created[around]=5", False),
        (SESSION, "line_items[0][price_data][unit_amount]=5", False),
        (SESSION, "line_items[0][quantity]=many", False),
        (SESSION, "payment_method_types[0]=card", False),
        ("PriceCreateParams", "currency=usd&unit_amount_decimal=1.5", True),
        ("PriceCreateParams", "currency=usd&unit_amount_decimal=NaN", False),
    ],
)
def test_it_reads_as_a_json_schema_validator_does(
    params: str, encoded: str, is_right: bool
) -> None:
    cls = schema.named(params)
    validator = Draft202012Validator(of_request(params))
    if is_right:
        validator.validate(read(nested(encoded), schema.of_params(cls)))
        return
    with pytest.raises(Refused):
        read(nested(encoded), schema.of_params(cls))
    assert not validator.is_valid(nested(encoded))
