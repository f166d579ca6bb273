"""An installation of its own for tests of real processes: folder, database, environment.

Nothing of it is shared with the test's own process: what the test wants to know it reads from the
database with the bare driver, from files, over HTTP or from the process table.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
import psycopg
import pytest

from tests.waiting import wait_until
from worker import lifeline
from worker.doorbell import package

ROOT = Path(__file__).resolve().parent.parent
SERVER = os.environ.get("DATABASE_URL", "")
ON_POSTGRES = SERVER.startswith("postgres")
# What the developer at this machine has set up for real must not be used by a test.
FOREIGN = (
    *("COMETAPI_", "CLOUDSWAY_", "KLING_", "STRIPE_", "SIMULATOR_", "PAYMENT_", "STORAGE_"),
    *("PORT", "SITE_URL", "DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "FETCH_ALLOW_PRIVATE"),
)


class Installation:
    def __init__(self, folder: Path, *, database_url: str, **environment: str) -> None:
        self.var = folder
        self.database_url = database_url
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)},
            "VAR_DIR": str(folder),
            "DATABASE_URL": database_url,
            "ENV_FILE": "",
            **environment,
        }
        self.started: list[subprocess.Popen[str]] = []

    def manage(self, *arguments: str, **environment: str) -> str:
        """Run a management command to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env={**self.environment, **environment},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a management command in a session of its own; its output goes to `output`."""
        return self.start_program(str(ROOT / "manage.py"), *arguments)

    def start_program(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """The same for anything that Python can run."""
        number = len(self.started)
        with (self.var / f"output-{number}").open("w") as output:
            process = subprocess.Popen(
                # Tied: a test run that is killed must not leave an installation running.
                lifeline.command(sys.executable, *arguments),
                env={**self.environment, **environment},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                text=True,
            )
        self.started.append(process)
        return process

    def output(self, process: subprocess.Popen[str]) -> str:
        return (self.var / f"output-{self.started.index(process)}").read_text()

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement, its values as `?`; the rows it answers, if any."""
        if not ON_POSTGRES:
            path = self.database_url.removeprefix("sqlite:///")
            with closing(sqlite3.connect(path, timeout=20)) as connection, connection:
                return connection.execute(statement, values).fetchall()
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            cursor = connection.execute(statement.replace("?", "%s"), values)
            return cursor.fetchall() if cursor.description else []

    def cut_database(self) -> None:
        """End every connection and let none in, as a restart of the server does for a while."""
        name = urlsplit(self.database_url).path.lstrip("/")
        _on_server(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        _on_server(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )

    def mend_database(self) -> None:
        name = urlsplit(self.database_url).path.lstrip("/")
        _on_server(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    def ring(self, task: str, *arguments: str) -> None:
        payload = package(task, *arguments)
        insert = "INSERT INTO django_q_ormq (key, payload, lock) VALUES (?, ?, CURRENT_TIMESTAMP)"
        self.sql(insert, "kling", payload)

    def queued(self) -> int:
        return int(self.sql("SELECT count(*) FROM django_q_ormq WHERE key = ?", "kling")[0][0])

    def processes(self) -> list[psutil.Process]:
        """Every process that works on this installation, wherever in the process table it is."""
        return [process for process in psutil.process_iter() if self._owns(process)]

    def _owns(self, process: psutil.Process) -> bool:
        try:
            running = process.status() != psutil.STATUS_ZOMBIE
            return running and process.environ().get("VAR_DIR") == str(self.var)
        except psutil.Error:
            return False

    def end(self) -> None:
        for process in self.processes():
            with suppress(psutil.Error):
                process.kill()
        for started in self.started:
            started.wait(timeout=20)
        wait_until(lambda: not self.processes(), seconds=20, what="every process has ended")


@contextmanager
def installation(folder: Path, *, shared: Path, **environment: str) -> Iterator[Installation]:
    """A migrated installation; its processes are killed and its database dropped at the end."""
    template = _template(shared)
    folder.mkdir(exist_ok=True)
    name = f"kling_test_{uuid4().hex[:12]}"
    if ON_POSTGRES:
        _on_server(f"CREATE DATABASE {name} TEMPLATE {template}")
        url = _server_url(name)
    else:
        shutil.copy(template, folder / "db.sqlite3")
        url = f"sqlite:///{folder / 'db.sqlite3'}"
    made = Installation(folder, database_url=url, **environment)
    try:
        yield made
    finally:
        made.end()
        if ON_POSTGRES:
            _on_server(f"DROP DATABASE {name} WITH (FORCE)")


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """One folder for all parallel processes of this test run."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def _template(shared: Path) -> str:
    """A migrated database to copy: the file that all parallel test processes share, or a name."""
    if ON_POSTGRES:
        return _template_on_server()
    folder = shared / "template"
    with (shared / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            folder.mkdir(exist_ok=True)
            _migrate(folder, f"sqlite:///{folder / 'db.sqlite3'}")
            (folder / "done").touch()
    return str(folder / "db.sqlite3")


@lru_cache
def _template_on_server() -> str:
    name = f"kling_template_{uuid4().hex[:12]}"
    _on_server(f"CREATE DATABASE {name}")
    atexit.register(_on_server, f"DROP DATABASE {name}")
    with TemporaryDirectory() as folder:
        _migrate(Path(folder), _server_url(name))
    return name


def _migrate(folder: Path, database_url: str) -> None:
    Installation(folder, database_url=database_url).manage("prepare")


def _server_url(name: str) -> str:
    return urlsplit(SERVER)._replace(path=f"/{name}").geturl()


def _on_server(statement: str) -> None:
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(statement)
