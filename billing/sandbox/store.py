"""What the stand-in remembers, in one SQLite file, so that it survives a restart."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL,
  data TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS object_kind ON object (kind, seq);
CREATE TABLE IF NOT EXISTS idempotency (
  key TEXT PRIMARY KEY, request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS delivery (
  event_id TEXT PRIMARY KEY, due REAL, attempts INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

Row = dict[str, Any]


class Store:
    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
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
    def answered(self, key: str) -> tuple[str, int, str] | None:
        rows = self._execute("SELECT request, status, body FROM idempotency WHERE key = ?", key)
        return rows[0] if rows else None

    def remember(self, key: str, *, request: str, status: int, body: str) -> None:
        self._execute("INSERT INTO idempotency VALUES (?, ?, ?, ?)", key, request, status, body)

    # --- deliveries of events
    def queue(self, event_id: str, *, due: float | None = None) -> None:
        due = time.time() if due is None else due
        self._execute("INSERT INTO delivery (event_id, due) VALUES (?, ?)", event_id, due)

    def due(self) -> list[tuple[str, int]]:
        """Ids and attempts of the events whose turn it is, oldest first."""
        return self._execute(
            "SELECT event_id, attempts FROM delivery WHERE due <= ? ORDER BY rowid", time.time()
        )

    def delivered(self, event_id: str) -> None:
        self._execute("DELETE FROM delivery WHERE event_id = ?", event_id)

    def deliver_again(self, event_id: str, *, seconds: float) -> None:
        self._execute(
            "UPDATE delivery SET attempts = attempts + 1, due = ? WHERE event_id = ?",
            time.time() + seconds,
            event_id,
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
