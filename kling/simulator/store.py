"""The simulator's memory: one SQLite file, so that tasks outlive the process."""

from __future__ import annotations

import json
import random
import secrets
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, Final

from . import materials
from .errors import Refusal
from .plan import Plan
from .tasks import Task

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS task (
    task_id TEXT PRIMARY KEY, dialect TEXT, path TEXT, operation TEXT, media_kind TEXT, model TEXT,
    external_id TEXT, callback_url TEXT, fields TEXT, units TEXT, unit_type TEXT, slots INTEGER,
    plan TEXT, created_at REAL, processing_at REAL, ends_at REAL,
    materials TEXT NOT NULL DEFAULT '[]');
CREATE INDEX IF NOT EXISTS task_external ON task (dialect, external_id);
CREATE INDEX IF NOT EXISTS task_running ON task (dialect, model, unit_type, ends_at);
CREATE INDEX IF NOT EXISTS task_listed ON task (dialect, path, created_at);
CREATE TABLE IF NOT EXISTS submission (
    number INTEGER PRIMARY KEY, at REAL, dialect TEXT, path TEXT, external_id TEXT,
    task_id TEXT, outcome TEXT, body TEXT);
CREATE TABLE IF NOT EXISTS callback (
    number INTEGER PRIMARY KEY, at REAL, task_id TEXT, status TEXT, answer TEXT);
CREATE TABLE IF NOT EXISTS deleted (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS secret (name TEXT PRIMARY KEY, value BLOB);
"""
COLUMNS: Final = tuple(field.name for field in fields(Task))
FIRST_MILLISECOND: Final = 1_767_225_600_000


class Store:
    """One connection behind one lock: statements are short, and SQLite writes one at a time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)
        self._add_materials()

    def _add_materials(self) -> None:
        """To a state that an older simulator has left."""
        columns = {row["name"] for row in self._db.execute("PRAGMA table_info(task)")}
        if "materials" not in columns:
            self._db.execute("ALTER TABLE task ADD COLUMN materials TEXT NOT NULL DEFAULT '[]'")

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def secret(self, name: str) -> bytes:
        """Made once and kept: links signed before a restart stay good after it."""
        with self._lock:
            self._db.execute(
                "INSERT OR IGNORE INTO secret VALUES (?, ?)", (name, secrets.token_bytes(32))
            )
            row = self._db.execute("SELECT value FROM secret WHERE name = ?", (name,)).fetchone()
        return bytes(row["value"])

    def accept(self, draft: Task, *, check: Callable[[Store], None]) -> Task:
        """Run `check` and insert under one lock; the task comes back with its id.

        Raises what `check` raises. Checked outside the lock, two submits of one external id at
        the same moment would both be accepted.
        """
        with self._lock:
            check(self)
            while True:
                task = replace(draft, task_id=_new_id(draft.created_at))
                try:
                    self._insert(task)
                except sqlite3.IntegrityError:
                    continue
                return task

    def _insert(self, task: Task) -> None:
        row = asdict(task) | {
            "fields": json.dumps(task.fields),
            "plan": task.plan.to_json(),
            "materials": materials.to_json(task.materials),
        }
        marks = ", ".join("?" for _ in COLUMNS)
        self._db.execute(
            f"INSERT INTO task ({', '.join(COLUMNS)}) VALUES ({marks})",  # noqa: S608
            [row[name] for name in COLUMNS],
        )

    def learn(self, task: Task) -> None:
        """Keep what was found out about the files of a task."""
        with self._lock:
            self._db.execute(
                "UPDATE task SET materials = ?, plan = ?, units = ? WHERE task_id = ?",
                (
                    materials.to_json(task.materials),
                    task.plan.to_json(),
                    task.units,
                    task.task_id,
                ),
            )

    # For `check`, with the lock held.

    def refuse_known(self, *, dialect: str, external_id: str) -> None:
        query = "SELECT 1 FROM task WHERE dialect = ? AND external_id = ?"
        if external_id and self._db.execute(query, (dialect, external_id)).fetchone():
            raise Refusal(1201, f"External_task_id {external_id} already exists")

    def refuse_crowd(self, draft: Task, *, slots: int) -> None:
        query = (
            "SELECT coalesce(sum(slots), 0) AS taken FROM task"
            " WHERE dialect = ? AND model = ? AND unit_type = ? AND ends_at > ?"
        )
        key = (draft.dialect, draft.model, draft.unit_type, draft.created_at)
        if self._db.execute(query, key).fetchone()["taken"] + draft.slots > slots:
            raise Refusal(1303)

    # Questions.

    def find(self, *, dialect: str, path: str, reference: str, by_external: bool) -> Task | None:
        """The task with that id or external id; the oldest, where external ids may repeat."""
        query = "SELECT * FROM task WHERE dialect = ? AND path = ? AND {} = ? ORDER BY created_at"
        for column in ("task_id", "external_id") if by_external else ("task_id",):
            if found := self._tasks(query.format(column), (dialect, path, reference)):
                return found[0]
        return None

    def get(self, task_id: str) -> Task | None:
        return next(iter(self._tasks("SELECT * FROM task WHERE task_id = ?", (task_id,))), None)

    def page(self, *, dialect: str, path: str, number: int, size: int) -> list[Task]:
        """Newest first."""
        query = (
            "SELECT * FROM task WHERE dialect = ? AND path = ?"
            " ORDER BY created_at DESC, task_id DESC LIMIT ? OFFSET ?"
        )
        return self._tasks(query, (dialect, path, size, (number - 1) * size))

    def all(self) -> list[Task]:
        return self._tasks("SELECT * FROM task ORDER BY created_at, task_id", ())

    def owing_callbacks(self) -> list[Task]:
        """Tasks whose final callback has not been sent: what to take up again after a restart."""
        query = (
            "SELECT * FROM task WHERE callback_url != '' AND NOT EXISTS (SELECT 1 FROM callback c"
            " WHERE c.task_id = task.task_id AND c.status IN ('succeed', 'failed'))"
        )
        return self._tasks(query, ())

    def _tasks(self, query: str, values: tuple[Any, ...]) -> list[Task]:
        with self._lock:
            rows = self._db.execute(query, values).fetchall()
        return [_task(row) for row in rows]

    # Voices and elements that their owner has deleted.

    def delete(self, identifier: str) -> None:
        with self._lock:
            self._db.execute("INSERT OR IGNORE INTO deleted VALUES (?)", (identifier,))

    def is_deleted(self, identifier: str) -> bool:
        with self._lock:
            row = self._db.execute("SELECT 1 FROM deleted WHERE id = ?", (identifier,)).fetchone()
        return row is not None

    # Records of what came and went.

    def record_submission(self, **values: Any) -> None:
        self._record("submission", values)

    def record_callback(self, **values: Any) -> None:
        self._record("callback", values)

    def submissions(self) -> list[dict[str, Any]]:
        return self._records("SELECT * FROM submission ORDER BY number")

    def callbacks(self) -> list[dict[str, Any]]:
        return self._records("SELECT * FROM callback ORDER BY number")

    def _record(self, table: str, values: dict[str, Any]) -> None:
        marks = ", ".join("?" for _ in values)
        with self._lock:
            self._db.execute(
                f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})",  # noqa: S608
                list(values.values()),
            )

    def _records(self, query: str) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._db.execute(query).fetchall()]


def _task(row: sqlite3.Row) -> Task:
    values = {name: row[name] for name in COLUMNS}
    values["fields"] = json.loads(values["fields"])
    values["plan"] = Plan.from_json(values["plan"])
    values["materials"] = materials.from_json(values["materials"])
    return Task(**values)


def _new_id(now: float) -> str:
    """18 digits, rising with time and above 2^53, as the real ones are."""
    passed = int(now * 1000) - FIRST_MILLISECOND
    return str(800_000_000_000_000_000 + passed * 100_000 + random.randrange(100_000))  # noqa: S311
