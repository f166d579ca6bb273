"""Two files that add to the environment, where it says nothing itself.

`.env` in the project's folder (another one by ENV_FILE; an empty ENV_FILE means none) holds what
its operator has set. And while `manage.py serve` runs, commands in another terminal talk to the
simulator and the payment sandbox that it has started: their addresses are in `var/serving.json`.

Called by `manage.py` and `wsgi.py`, and so never by the tests: a key in the developer's `.env`
must not make a test spend money.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from pathlib import Path

import environ

ROOT = Path(__file__).resolve().parent.parent


def load(command: str = "") -> None:
    """Read both; `command` is the management command that is about to run, if any."""
    name = os.environ.get("ENV_FILE", ".env")
    if name and (ROOT / name).is_file():
        environ.Env.read_env(ROOT / name)
    if command != "serve":
        _load_serving(Path(os.environ.get("VAR_DIR") or ROOT / "var"))


def _load_serving(var: Path) -> None:
    with suppress(OSError, ValueError):
        if is_locked(var / "serving.lock"):
            for name, value in json.loads((var / "serving.json").read_text()).items():
                os.environ.setdefault(name, value)


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock: the kernel lets go of it whatever ends the holder."""
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
