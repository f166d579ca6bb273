"""`make bench`: every benchmark, or those named (`python -m bench create_job`).

Each is a module here with `run() -> bool | None`: it prints its figures with their baseline beside
them, and says whether they are within their goals; None: not measured.
"""

from __future__ import annotations

import sys
from importlib import import_module

BENCHES = (
    *("create_job", "ledger", "claims", "pages", "storing", "polls", "detection", "live", "ready"),
)


def main(names: list[str]) -> int:
    if unknown := set(names) - set(BENCHES):
        sys.stderr.write(f"There is no {', '.join(unknown)}. There are: {', '.join(BENCHES)}.\n")
        return 2
    found = {}
    for name in names or BENCHES:
        sys.stdout.write(f"--- {name}\n")
        found[name] = import_module(f"bench.{name}").run()
        sys.stdout.write("\n")
    missed = [name for name, is_fine in found.items() if is_fine is False]
    unmeasured = [name for name, is_fine in found.items() if is_fine is None]
    if missed:
        sys.stdout.write(f"Missed its goal: {', '.join(missed)}\n")
    if unmeasured:
        sys.stdout.write(f"Not measured: {', '.join(unmeasured)}\n")
    if missed or unmeasured:
        return 1
    sys.stdout.write("All within goals.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
