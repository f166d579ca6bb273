"""How an update writes: only what it names; an empty string takes a value off."""

from __future__ import annotations

from billing.sandbox.store import Row


def applied(row: Row, wanted: Row) -> Row:
    changes = {name: value for name, value in wanted.items() if name != "expand"}
    metadata = changes.pop("metadata", {})
    for name, value in changes.items():
        row[name] = None if value == "" else value
    row["metadata"] = merged(row["metadata"], metadata)
    return row


def merged(metadata: Row, wanted: Row | str) -> Row:
    if not isinstance(wanted, dict):
        return {}
    return {name: value for name, value in {**metadata, **wanted}.items() if value != ""}
