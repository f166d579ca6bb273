"""Request parameters: `line_items[0][price_data][currency]=usd` as nested values, then checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from billing.sandbox.errors import Refused

Check = Callable[[Any, str], Any]

NAME = re.compile(r"[^\[\]]+")
MAX_METADATA_KEYS = 50


def nested(encoded: str) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        path = NAME.findall(name)
        if not path:
            raise Refused("Invalid request parameters.")
        place = result
        for part in path[:-1]:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise Refused(f"Invalid {name}.", param=name)
        place[path[-1]] = value
    return result


def text(most: int = 5000) -> Check:
    def check(value: Any, name: str) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= most:
            raise Refused(f"Invalid {name}: 1 to {most} characters are needed.", param=name)
        return value

    return check


def one_of(*values: str) -> Check:
    def check(value: Any, name: str) -> str:
        if value not in values:
            raise Refused(f"Invalid {name}: must be one of {', '.join(values)}.", param=name)
        return str(value)

    return check


def matching(pattern: str) -> Check:
    def check(value: Any, name: str) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise Refused(f"Invalid {name}: {value!r}.", param=name)
        return value

    return check


def integer(least: int, most: int) -> Check:
    def check(value: Any, name: str) -> int:
        is_number = isinstance(value, str) and re.fullmatch(r"-?\d{1,15}", value) is not None
        if not is_number or not least <= int(value) <= most:
            raise Refused(
                f"Invalid integer {name}: {value!r}.", code="parameter_invalid_integer", param=name
            )
        return int(value)

    return check


def address(value: Any, name: str) -> str:
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc:
        raise Refused(f"Not a valid URL: {name}.", code="url_invalid", param=name)
    return str(value)


def metadata(value: Any, name: str) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > MAX_METADATA_KEYS:
        raise Refused(f"Invalid {name}.", param=name)
    for key, item in value.items():
        if not isinstance(item, str) or len(key) > 40 or len(item) > 500:
            raise Refused(f"Invalid {name}[{key}].", param=f"{name}[{key}]")
    return value


def list_of(check: Check) -> Check:
    def check_list(value: Any, name: str) -> list[Any]:
        if not isinstance(value, dict) or not all(key.isdigit() for key in value):
            raise Refused(f"Invalid array {name}.", param=name)
        return [check(value[key], f"{name}[{key}]") for key in sorted(value, key=int)]

    return check_list


def fields(allowed: Mapping[str, Check], *, required: tuple[str, ...] = ()) -> Check:
    def check(value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Refused(f"Invalid object {name}.", param=name)
        for key in required:
            if key not in value:
                param = _inside(name, key)
                raise Refused(
                    f"Missing required param: {param}.", code="parameter_missing", param=param
                )
        for key in value:
            if key not in allowed:
                param = _inside(name, key)
                raise Refused(
                    f"Received unknown parameter: {param}", code="parameter_unknown", param=param
                )
        return {key: allowed[key](item, _inside(name, key)) for key, item in value.items()}

    return check


def _inside(name: str, key: str) -> str:
    return f"{name}[{key}]" if name else key


CURRENCY = matching(r"[a-z]{3}")
AMOUNT = integer(0, 99_999_999)
EXPAND = list_of(text(200))

LINE_ITEM = fields(
    {
        "price": text(),
        "price_data": fields(
            {
                "currency": CURRENCY,
                "unit_amount": AMOUNT,
                "product_data": fields(
                    {"name": text(), "description": text(), "metadata": metadata},
                    required=("name",),
                ),
                "tax_behavior": one_of("exclusive", "inclusive", "unspecified"),
            },
            required=("currency", "unit_amount", "product_data"),
        ),
        "quantity": integer(1, 999_999),
    },
    required=("quantity",),
)
CREATE_SESSION = fields(
    {
        "mode": one_of("payment"),
        "ui_mode": one_of("hosted_page"),
        "line_items": list_of(LINE_ITEM),
        "client_reference_id": text(200),
        "customer_email": text(800),
        "metadata": metadata,
        "payment_intent_data": fields({"metadata": metadata, "description": text(1000)}),
        "success_url": address,
        "cancel_url": address,
        "expires_at": integer(0, 2**40),
        "expand": EXPAND,
    },
    required=("mode", "line_items", "success_url"),
)
RETRIEVE = fields({"expand": EXPAND})
EXPIRE = fields({"expand": EXPAND})
CREATED = fields({name: integer(0, 2**40) for name in ("gt", "gte", "lt", "lte")})
LIST = {"limit": integer(1, 100), "starting_after": text(), "created": CREATED, "expand": EXPAND}
LIST_SESSIONS = fields(
    LIST | {"payment_intent": text(), "status": one_of("open", "complete", "expired")}
)
LIST_EVENTS = fields(LIST | {"type": text(), "types": list_of(text())})
