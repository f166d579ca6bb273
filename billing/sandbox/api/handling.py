"""A request to the API: who asks, in which version, whether it was asked before, which route."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any, NamedTuple

from billing.sandbox.account import API_VERSION, HERE, Account, new_id, shown
from billing.sandbox.api.expand import expanded
from billing.sandbox.api.routes import ROUTES
from billing.sandbox.errors import CardRefused, Refused
from billing.sandbox.store import Row, Store

LONGEST_KEY = 255
KEPT_SECONDS = 24 * 3600


class Request(NamedTuple):
    method: str
    path: str
    query: str
    body: str
    key: str  # Authorization
    version: str
    idempotency_key: str
    base: str  # scheme and host under which the stand-in was called

    @property
    def parameters(self) -> str:
        return self.body if self.method == "POST" else self.query


class Answer(NamedTuple):
    status: int
    body: str


def answer(store: Store, request: Request) -> Answer:
    try:
        _admit(request)
        with store.transaction():
            found = _once(store, request)
    except Refused as exc:
        # As with Stripe: a request that was refused for its form may be repeated, mended.
        found = _answer(exc.status, exc.envelope())
    return Answer(found.status, found.body.replace(HERE, request.base))


def _admit(request: Request) -> None:
    if not _key(request.key).startswith("sk_test_"):
        raise Refused("Invalid API Key provided.", status=401, code="api_key_invalid")
    if request.version not in ("", API_VERSION):
        raise Refused(f"The payment sandbox speaks {API_VERSION}, not {request.version}.")
    if len(request.idempotency_key) > LONGEST_KEY:
        raise Refused("Idempotency keys have up to 255 characters.", kind="idempotency_error")


def _key(authorization: str) -> str:
    """Stripe takes it as a token, and as the name of HTTP Basic."""
    scheme, _, said = authorization.partition(" ")
    if scheme == "Bearer":
        return said
    if scheme != "Basic":
        return ""
    try:
        return b64decode(said, validate=True).decode().partition(":")[0]
    except ValueError:
        return ""


def _once(store: Store, request: Request) -> Answer:
    """The first answer under an idempotency key is the answer for a day."""
    if request.method != "POST" or not request.idempotency_key:
        return _work(store, request)
    this = f"{request.path}\n{request.body}"
    now = Account(store).now()
    earlier = store.answered(request.idempotency_key, since=now - KEPT_SECONDS)
    if earlier is not None:
        if earlier[0] != this:
            raise Refused(
                "Keys for idempotent requests can only be used with the same parameters "
                "they were first used with.",
                kind="idempotency_error",
            )
        return Answer(earlier[1], earlier[2])
    found = _work(store, request)
    store.remember(
        request.idempotency_key, request=this, status=found.status, body=found.body, at=now
    )
    return found


def _work(store: Store, request: Request) -> Answer:
    account = Account(store, request_id=new_id("req"), idempotency_key=request.idempotency_key)
    for route in ROUTES:
        ids = route.ids(request.method, request.path)
        if ids is not None:
            wanted = route.wanted(request.parameters)
            try:
                row = _visible(route.run(account, wanted, *ids))
            except CardRefused as exc:
                return _answer(402, exc.envelope())
            return _answer(200, expanded(account, row, wanted.get("expand", [])))
    raise Refused(f"Unrecognized request URL ({request.method}: {request.path}).", status=404)


def _visible(row: Row) -> Row:
    if row["object"] == "list":
        return {**row, "data": [shown(item) for item in row["data"]]}
    return shown(row)


def _answer(status: int, body: Any) -> Answer:
    return Answer(status, json.dumps(body))
