"""Pages of a list, as each of Stripe's lists has them: newest first, by cursor."""

from __future__ import annotations

from typing import Any

from billing.sandbox.account import Account
from billing.sandbox.api.route import Route
from billing.sandbox.errors import Refused, missing
from billing.sandbox.store import Row

PAGING = "limit starting_after ending_before"
LONGEST_PAGE = 100
COMPARE = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}


def listing(kind: str, path: str, params: str, *, by: str = "") -> Route:
    """A list of all objects of a kind; `by` are the fields that it can be narrowed by."""

    def run(account: Account, wanted: Row) -> Row:
        narrow = {name: wanted[name] for name in by.split() if name in wanted}
        return page(account.all(kind, **narrow), wanted, url=path)

    return Route("GET", path, params, f"created {PAGING} {by}", run)


def page(rows: list[Row], wanted: Row, *, url: str) -> Row:
    """`rows` are newest first. Raises Refused for a cursor that is not in the list."""
    if "created" in wanted:
        rows = [row for row in rows if _is_created(row["created"], wanted["created"])]
    limit = wanted.get("limit", 10)
    if not 1 <= limit <= LONGEST_PAGE:
        raise Refused("Invalid limit: 1 to 100.", param="limit")
    if "ending_before" in wanted:
        before = rows[: _place(rows, wanted["ending_before"], "ending_before")]
        return whole(before[-limit:], url=url, has_more=len(before) > limit)
    if "starting_after" in wanted:
        rows = rows[_place(rows, wanted["starting_after"], "starting_after") + 1 :]
    return whole(rows[:limit], url=url, has_more=len(rows) > limit)


def whole(rows: list[Row], *, url: str, has_more: bool = False) -> Row:
    return {"object": "list", "url": url, "has_more": has_more, "data": rows}


def _is_created(at: int, wanted: Any) -> bool:
    if isinstance(wanted, int):
        return at == wanted
    return all(COMPARE[name](at, limit) for name, limit in wanted.items())


def _place(rows: list[Row], object_id: str, param: str) -> int:
    for place, row in enumerate(rows):
        if row["id"] == object_id:
            return place
    raise missing("object", object_id, param=param)
