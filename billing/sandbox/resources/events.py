from __future__ import annotations

from fnmatch import fnmatchcase

from billing.sandbox.account import EVENT, Account
from billing.sandbox.api.lists import PAGING, page
from billing.sandbox.api.route import Route
from billing.sandbox.errors import Refused
from billing.sandbox.store import Row

PATH = "/v1/events"
MOST_TYPES = 20


def list_all(account: Account, wanted: Row) -> Row:
    types = wanted.get("types", [wanted["type"]] if "type" in wanted else ["*"])
    if len(types) > MOST_TYPES:
        raise Refused("You may pass up to 20 types.", param="types")
    undelivered = account.store.undelivered()
    rows = [
        _as_of_now(row, undelivered)
        for row in account.all(EVENT)
        if any(fnmatchcase(row["type"], pattern) for pattern in types)
    ]
    if "delivery_success" in wanted:
        rows = [row for row in rows if bool(row["pending_webhooks"]) != wanted["delivery_success"]]
    return page(rows, wanted, url=PATH)


def retrieve(account: Account, _wanted: Row, event_id: str) -> Row:
    return _as_of_now(account.get(EVENT, event_id), account.store.undelivered())


def _as_of_now(row: Row, undelivered: set[str]) -> Row:
    return {**row, "pending_webhooks": int(row["id"] in undelivered)}


ROUTES = (
    Route(
        "GET", PATH, "EventListParams", f"created {PAGING} delivery_success type types", list_all
    ),
    Route("GET", f"{PATH}/{{}}", "EventRetrieveParams", "", retrieve),
)
