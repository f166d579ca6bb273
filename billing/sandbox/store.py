"""What the stand-in remembers, in one SQLite file, so that it survives a restart."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL,
  data TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS object_kind ON object (kind, seq);
CREATE TABLE IF NOT EXISTS idempotency (
  key TEXT PRIMARY KEY, request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
  at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS delivery (
  id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, due REAL,
  place INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
# Counted up when what is stored changes: an older file is begun anew.
VERSION = 3
TABLES = ("object", "idempotency", "delivery", "setting")

Row = dict[str, Any]


class Waiting(NamedTuple):
    """An event that is to be sent."""

    id: int
    event_id: str
    attempts: int


class Store:
    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        if self._db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            for table in TABLES:
                self._db.execute(f"DROP TABLE IF EXISTS {table}")
            self._db.execute(f"PRAGMA user_version = {VERSION}")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One request at a time: nothing here is worth the races of two."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    # --- objects
    def put(self, data: Row) -> Row:
        self._execute(
            "INSERT INTO object (id, kind, data) VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET data = excluded.data",
            data["id"],
            data["object"],
            json.dumps(data),
        )
        return data

    def find(self, object_id: str) -> Row | None:
        rows = self._execute("SELECT data FROM object WHERE id = ?", object_id)
        return json.loads(rows[0][0]) if rows else None

    def get(self, kind: str, object_id: str) -> Row | None:
        found = self.find(object_id)
        return found if found and found["object"] == kind else None

    def newest_first(self, kind: str) -> list[Row]:
        rows = self._execute("SELECT data FROM object WHERE kind = ? ORDER BY seq DESC", kind)
        return [json.loads(row[0]) for row in rows]

    # --- idempotency keys
    def answered(self, key: str, *, since: int) -> tuple[str, int, str] | None:
        rows = self._execute(
            "SELECT request, status, body FROM idempotency WHERE key = ? AND at > ?", key, since
        )
        return rows[0] if rows else None

    def remember(self, key: str, *, request: str, status: int, body: str, at: int) -> None:
        self._execute(
            "INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?)",
            key,
            request,
            status,
            body,
            at,
        )

    # --- deliveries of events
    def queue(self, event_id: str, *, seconds: float = 0.0, places: int = 0) -> None:
        """To be sent in `seconds`, behind up to `places` events that come later."""
        self._execute(
            "INSERT INTO delivery (event_id, due, place) VALUES (?, ?, "
            "(SELECT COALESCE(MAX(id), 0) + 1 + ? FROM delivery))",
            event_id,
            time.time() + seconds,
            places,
        )

    def lose(self, event_id: str) -> None:
        """Never to be sent, and known as undelivered."""
        self._execute("INSERT INTO delivery (event_id) VALUES (?)", event_id)

    def forget_lost(self, event_id: str) -> None:
        self._execute("DELETE FROM delivery WHERE event_id = ? AND due IS NULL", event_id)

    def due(self) -> list[Waiting]:
        """The events whose turn it is, in the order in which they are sent."""
        rows = self._execute(
            "SELECT id, event_id, attempts FROM delivery WHERE due <= ? ORDER BY place, id",
            time.time(),
        )
        return [Waiting(*row) for row in rows]

    def delivered(self, delivery_id: int) -> None:
        self._execute("DELETE FROM delivery WHERE id = ?", delivery_id)

    def deliver_again(self, delivery_id: int, *, seconds: float) -> None:
        self._execute(
            "UPDATE delivery SET attempts = attempts + 1, due = ? WHERE id = ?",
            time.time() + seconds,
            delivery_id,
        )

    def undelivered(self) -> set[str]:
        return {row[0] for row in self._execute("SELECT event_id FROM delivery")}

    # --- settings
    def setting(self, name: str, default: Any = None) -> Any:
        rows = self._execute("SELECT value FROM setting WHERE name = ?", name)
        return json.loads(rows[0][0]) if rows else default

    def set_setting(self, name: str, value: Any) -> None:
        self._execute(
            "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET "
            "value = excluded.value",
            name,
            json.dumps(value),
        )

    def _execute(self, statement: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._db.execute(statement, values).fetchall()
