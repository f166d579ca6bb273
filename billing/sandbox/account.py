"""The one Stripe account that the stand-in plays: its objects, its clock, its events."""

from __future__ import annotations

import secrets
import time
from typing import Any

from billing.event_types import EVENT_TYPES
from billing.sandbox import faults
from billing.sandbox.errors import missing
from billing.sandbox.faults import Fate
from billing.sandbox.store import Row, Store

API_VERSION = "2026-10-28.endive"
ACCOUNT_ID = "acct_1SandboxTakesNoMoney"
EVENT = "event"
WITHOUT_MODE = ("balance_transaction", "refund", "subscription_item")

# Stands in stored objects for our own address, which is known only when somebody asks.
HERE = "http://sandbox.invalid"


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


class Account:
    """As one request sees it, or one press of a button."""

    def __init__(self, store: Store, *, request_id: str = "", idempotency_key: str = "") -> None:
        self.store = store
        self.request = {"id": request_id or None, "idempotency_key": idempotency_key or None}

    def now(self) -> int:
        """Unix seconds by the sandbox's own clock, which may be set forward."""
        return int(time.time()) + self.ahead()

    def ahead(self) -> int:
        """Seconds by which the sandbox's clock is before that of the programs that use it."""
        return int(self.store.setting("clock", 0))

    # --- objects
    def new(self, kind: str, prefix: str, fields: Row) -> Row:
        """A stored object with what each of Stripe's objects has."""
        common: Row = {"id": new_id(prefix), "object": kind, "created": self.now()}
        if kind not in WITHOUT_MODE:
            common["livemode"] = False
        return self.store.put({**common, **fields})

    def put(self, row: Row) -> Row:
        return self.store.put(row)

    def get(self, kind: str, object_id: str, *, param: str = "id") -> Row:
        found = self.store.get(kind, object_id)
        if found is None:
            raise missing(kind, object_id, param=param)
        return found

    def all(self, kind: str, **fields: Any) -> list[Row]:
        """Newest first; only those with these values."""
        return [
            row
            for row in self.store.newest_first(kind)
            if all(row.get(name) == value for name, value in fields.items())
        ]

    # --- events
    def changed(self, kind: str, row: Row) -> Row:
        """Store the object's new state together with its event, which is sent afterwards."""
        was = self.store.find(row["id"])
        self.put(row)
        self.emit(kind, row, was=was if kind.endswith("updated") else None)
        return row

    def emit(self, kind: str, row: Row, *, was: Row | None = None) -> None:
        data: Row = {"object": shown(row)}
        if was is not None:
            before = shown(was)
            data["previous_attributes"] = {
                name: value for name, value in before.items() if row.get(name) != value
            }
        fate = faults.of_event(self.store) if kind in EVENT_TYPES else Fate()
        for _ in range(1 + fate.twin):
            event = self._event(kind, data)
            if kind in EVENT_TYPES:
                self._send(event["id"], fate)

    def _event(self, kind: str, data: Row) -> Row:
        return self.new(
            EVENT,
            "evt",
            {
                "api_version": API_VERSION,
                "data": data,
                "pending_webhooks": int(kind in EVENT_TYPES),
                "request": self.request,
                "type": kind,
            },
        )

    def _send(self, event_id: str, fate: Fate) -> None:
        if not fate.copies:
            self.store.lose(event_id)
        for _ in range(fate.copies):
            self.store.queue(event_id, seconds=fate.seconds, places=fate.places)


def shown(row: Row) -> Row:
    """Without what only the sandbox itself wants to know. Of what is deleted little is left."""
    if row.get("deleted"):
        return {name: row[name] for name in ("id", "object", "deleted")}
    return {name: value for name, value in row.items() if not name.startswith("_")}
