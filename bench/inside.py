"""Benchmarks of what a worker does run inside the product, on an installation of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module

from bench.servers import ROOT, installation, on_postgresql

TIMEOUT = 1800
# What the process ends with; 1 is Python's own, of any error.
MET, MISSED, CRASHED = 0, 3, 2


def run_inside(name: str, *, needs_postgresql: bool = False) -> bool | None:
    """Run `inside()` of bench module `name` in a process that has an empty installation.

    None if it could not be measured.
    """
    if needs_postgresql and not on_postgresql():
        sys.stdout.write("Needs PostgreSQL: set DATABASE_URL=postgres://…\n")
        return None
    with installation() as (environment, key):
        quiet = {**environment, "LOG_JSON": "on", "SITE_URL": "http://127.0.0.1"}
        quiet["BENCH_API_KEY"] = key
        return measure(name, quiet)


def measure(name: str, environment: dict[str, str]) -> bool | None:
    """The same, in an installation that there is; what the process complains of is shown."""
    command = [sys.executable, "-m", "bench.inside", name]
    sys.stdout.flush()
    done = subprocess.run(  # noqa: S603
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT
    )
    if done.returncode != MET:
        sys.stderr.write(done.stderr[-3000:])
    return {MET: True, MISSED: False}.get(done.returncode)


def main(name: str) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kling_saas.settings")
    import django

    django.setup()
    return MET if import_module(f"bench.{name}").inside() else MISSED


if __name__ == "__main__":
    try:
        code = main(sys.argv[1])
    except Exception:  # noqa: BLE001  whatever it is, it is printed and fails the run
        import traceback

        traceback.print_exc()
        code = CRASHED
    raise SystemExit(code)
