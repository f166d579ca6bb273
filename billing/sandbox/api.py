"""The part of Stripe's REST API that buying a pack needs."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from billing.sandbox import objects, params
from billing.sandbox.errors import Refused, missing
from billing.sandbox.objects import EVENT, INTENT, SESSION, Row
from billing.sandbox.payments import Payments

SESSIONS = "/v1/checkout/sessions"


class Request(NamedTuple):
    method: str
    path: str
    query: str
    body: str
    key: str  # Authorization
    idempotency_key: str
    base: str  # scheme and host under which the stand-in was called


class Answer(NamedTuple):
    status: int
    body: str


class Api:
    def __init__(self, payments: Payments) -> None:
        self.payments = payments
        self.store = payments.store

    def answer(self, request: Request) -> Answer:
        if not request.key.startswith("Bearer sk_test_"):
            refused = Refused("Invalid API Key provided.", status=401, code="api_key_invalid")
            return _answer(401, refused.envelope())
        try:
            with self.store.transaction():
                return self._once(request)
        except Refused as exc:
            # As with Stripe: a request that was refused for its form may be repeated, mended.
            return _answer(exc.status, exc.envelope())

    def _once(self, request: Request) -> Answer:
        """The first answer under an idempotency key is the answer for good."""
        if request.method != "POST" or not request.idempotency_key:
            return _answer(200, self._route(request))
        this = f"{request.path}\n{request.body}"
        earlier = self.store.answered(request.idempotency_key)
        if earlier is not None:
            if earlier[0] != this:
                raise Refused(
                    "Keys for idempotent requests can only be used with the same parameters "
                    "they were first used with.",
                    kind="idempotency_error",
                )
            return Answer(earlier[1], earlier[2])
        answer = _answer(200, self._route(request))
        self.store.remember(
            request.idempotency_key, request=this, status=answer.status, body=answer.body
        )
        return answer

    def _route(self, request: Request) -> Row:
        if (request.method, request.path) == ("POST", SESSIONS):
            return self._create(request)
        if (request.method, request.path) == ("GET", SESSIONS):
            return self._list(request, SESSION, params.LIST_SESSIONS)
        if (request.method, request.path) == ("GET", "/v1/events"):
            return self._list(request, EVENT, params.LIST_EVENTS)
        expired = re.fullmatch(f"{SESSIONS}/([^/]+)/expire", request.path)
        if request.method == "POST" and expired:
            params.EXPIRE(params.nested(request.body), "")
            row = self.payments.expire(expired[1], base=request.base)
            return objects.shown(row, base=request.base)
        one = re.fullmatch(r"/v1/(checkout/sessions|payment_intents|events)/([^/]+)", request.path)
        if request.method == "GET" and one:
            return self._retrieve(request, one[1], one[2])
        raise Refused(f"Unrecognized request URL ({request.method}: {request.path}).", status=404)

    def _create(self, request: Request) -> Row:
        checked = params.CREATE_SESSION(params.nested(request.body), "")
        return self.payments.create(checked, base=request.base)

    def _retrieve(self, request: Request, plural: str, object_id: str) -> Row:
        expand = params.RETRIEVE(params.nested(request.query), "").get("expand", [])
        if plural == "checkout/sessions":
            row = objects.shown(
                self.payments.session(object_id, base=request.base), base=request.base
            )
            return self._expanded(row, expand)
        kind = INTENT if plural == "payment_intents" else EVENT
        found = self.store.get(kind, object_id)
        if found is None:
            raise missing(kind, object_id)
        return self._expanded(found, expand)

    def _expanded(self, row: Row, names: list[str]) -> Row:
        for name in names:
            if name != "payment_intent" or row["object"] != SESSION:
                raise Refused(f"This property cannot be expanded ({name}).", param="expand")
            row[name] = self.store.get(INTENT, row[name] or "")
        return row

    def _list(self, request: Request, kind: str, check: params.Check) -> Row:
        wanted = check(params.nested(request.query), "")
        rows = [row for row in self.store.newest_first(kind) if _matches(row, wanted)]
        ids = [row["id"] for row in rows]
        if "starting_after" in wanted:
            if wanted["starting_after"] not in ids:
                raise missing(kind, wanted["starting_after"])
            rows = rows[ids.index(wanted["starting_after"]) + 1 :]
        limit = wanted.get("limit", 10)
        return {
            "object": "list",
            "url": request.path,
            "has_more": len(rows) > limit,
            "data": [objects.shown(row, base=request.base) for row in rows[:limit]],
        }


def _matches(row: Row, wanted: Row) -> bool:
    for name in ("payment_intent", "status", "type"):
        if name in wanted and row.get(name) != wanted[name]:
            return False
    if "types" in wanted and row["type"] not in wanted["types"]:
        return False
    compare = {
        "gt": int.__gt__,
        "gte": int.__ge__,
        "lt": int.__lt__,
        "lte": int.__le__,
    }
    created: int = row["created"]
    return all(compare[name](created, limit) for name, limit in wanted.get("created", {}).items())


def _answer(status: int, body: Any) -> Answer:
    return Answer(status, json.dumps(body))
