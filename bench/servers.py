"""A database of its own, filled with one workspace, and gunicorn in front of it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic
from typing import Any
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def place() -> Iterator[dict[str, str]]:
    """The environment of an installation that has yet to be set up, and is gone afterwards."""
    with TemporaryDirectory(prefix="bench-") as folder, _database(folder) as url:
        # ENV_FILE: no key of the developer's.
        yield {**os.environ, "ENV_FILE": "", "DATABASE_URL": url, "VAR_DIR": folder}


@contextmanager
def installation() -> Iterator[tuple[dict[str, str], str]]:
    """(environment, API key) of a fresh installation that is gone afterwards."""
    with place() as bare:
        environment = {
            **bare,
            "SIMULATOR_URL": "http://127.0.0.1:9",
            "DEBUG": "off",
            "SECRET_KEY": "bench-" * 10,
            "ALLOWED_HOSTS": "127.0.0.1",
        }
        manage(environment, "migrate", "--verbosity", "0")
        manage(environment, "createcachetable")
        manage(environment, "sync_provider_accounts")
        yield environment, workspace(environment)["api_key"]


def workspace(environment: dict[str, str]) -> dict[str, str]:
    """One more, with credits: its `workspace` id and an `api_key`."""
    made = manage(
        environment,
        "create_workspace",
        *("--name", "Bench", "--owner", "bench@example.com"),
        *("--credits", "1000000", "--api-key", "bench"),
    )
    found: dict[str, str] = json.loads(made)
    return found


def on_postgresql() -> bool:
    return os.environ.get("DATABASE_URL", "").startswith("postgres")


def manage(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(  # noqa: S603
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout


@contextmanager
def gunicorn(environment: dict[str, str], settings: str) -> Iterator[str]:
    """The address of a gunicorn as `make web` starts it: by default 2 processes of 8 threads."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", "kling_saas.wsgi:application"),
        *("--config", "python:kling_saas.web_server"),
        *("--bind", f"127.0.0.1:{port}", "--log-level", "error"),
    ]
    with_settings = {**environment, "DJANGO_SETTINGS_MODULE": settings}
    with _listening(command, port, env=with_settings) as url:
        yield url


@contextmanager
def files(folder: Path) -> Iterator[str]:
    """The address of a plain server of the files in `folder`."""
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with _listening([*command, "--directory", str(folder)], port, **quiet) as url:
        yield url


@contextmanager
def _listening(command: list[str], port: int, **options: Any) -> Iterator[str]:
    """The address of a server that runs until the block ends."""
    process = subprocess.Popen(command, cwd=ROOT, **options)  # noqa: S603
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int) -> None:
    end, pause = monotonic() + 30, Event()
    while monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        pause.wait(0.1)
    raise RuntimeError(f"nothing listens on port {port}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _database(folder: str) -> Iterator[str]:
    """SQLite in `folder`, or a new database beside the one that DATABASE_URL names."""
    if not on_postgresql():
        yield f"sqlite:///{folder}/bench.sqlite3"
        return
    given = os.environ["DATABASE_URL"]
    import psycopg
    from psycopg import sql

    name = sql.Identifier(f"bench_{os.getpid()}")
    with psycopg.connect(given, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            yield urlunsplit(urlsplit(given)._replace(path=f"/bench_{os.getpid()}"))
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
