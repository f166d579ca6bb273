"""`make bench`: every benchmark, or those named (`python -m bench create_job`).

Each is a module here with `run() -> bool`: it prints its figures with their baseline beside them,
and says whether they are within their goals.
"""

from __future__ import annotations

import sys
from importlib import import_module

BENCHES = ("create_job", "ledger", "claims", "pages", "storing", "polls", "detection")


def main(names: list[str]) -> int:
    if unknown := set(names) - set(BENCHES):
        sys.stderr.write(f"There is no {', '.join(unknown)}. There are: {', '.join(BENCHES)}.\n")
        return 2
    missed = []
    for name in names or BENCHES:
        sys.stdout.write(f"--- {name}\n")
        if not import_module(f"bench.{name}").run():
            missed.append(name)
        sys.stdout.write("\n")
    sys.stdout.write(f"Missed its goal: {', '.join(missed)}\n" if missed else "All within goals.\n")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
