"""`python -m tests.generations.measure_memory URL`: what storing the film at URL adds, in kB.

Run in a process of its own, on a database that is migrated. Linux only.
"""

from __future__ import annotations

import sys
from pathlib import Path


def forget_highest() -> None:
    """Begin anew (proc(5)): the password's hash has just taken 100 MB."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def highest() -> int:
    """Kilobytes. Not ru_maxrss, which a process inherits from the one that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


def main(url: str) -> None:
    import django

    django.setup()
    from generations import tasks
    from tests.conftest import make_account, make_person
    from tests.generations.builders import make_storing, output

    person = make_person("ada@example.com", credits="100")
    account = make_account("http://127.0.0.1:9", dialect="cometapi")
    generation = make_storing(person.workspace, account, output(url), task_id="1")
    forget_highest()
    before = highest()
    tasks.store(generation.pk)
    after = highest()
    generation.refresh_from_db()
    print(generation.state, generation.assets.get().bytes, after - before)


if __name__ == "__main__":
    main(sys.argv[1])
