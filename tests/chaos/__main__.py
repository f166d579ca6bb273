"""`make chaos`: thousands of jobs with everything going wrong, and then the books are read.

python -m tests.chaos --jobs 10000 --seed 7

Real processes on the database of DATABASE_URL (SQLite without one), the simulator as the provider.
Prints its report, keeps it in var/chaos/, and exits with 1 if any rule was broken; then what the
processes have said is kept beside it.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import django


def main() -> int:
    # What the tests of processes import has models.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kling_saas.settings")
    django.setup()
    from tests.chaos.run import Size, run
    from tests.installation import ROOT
    from tests.kling_saas.test_processes import free_port

    options = _parser().parse_args()
    seed = options.seed if options.seed is not None else secrets.randbelow(1_000_000)
    size = Size(
        jobs=options.jobs,
        seed=seed,
        minutes=options.minutes,
        pause=options.pause,
        patience=options.patience,
    )
    sys.stdout.write(f"seed {seed}\n")
    sys.stdout.flush()
    kept = ROOT / "var" / "chaos" / f"{time.strftime('%Y%m%d-%H%M%S')}-{seed}"
    with TemporaryDirectory(prefix="chaos-") as folder:
        report = run(size, Path(folder), shared=Path(folder), ports=(free_port(), free_port()))
        report.show()
        report.write(kept.with_suffix(".json"))
        if not report.is_clean:
            kept.mkdir()
            for output in Path(folder).glob("var/output-*"):
                shutil.copy(output, kept)
    sys.stdout.write(f"{kept.relative_to(ROOT)}.json\n")
    return 0 if report.is_clean else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    add = parser.add_argument
    add("--jobs", type=int, default=10_000)
    add("--seed", type=int, help="repeat the faults of an earlier run; else by chance, printed")
    add("--minutes", type=float, default=60.0, help="ask for no more jobs then (%(default)s)")
    add("--pause", type=float, default=15.0, help="seconds from one blow to the next (%(default)s)")
    add("--patience", type=float, default=600.0, help="seconds to end by themselves (%(default)s)")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
