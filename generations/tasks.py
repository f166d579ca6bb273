"""What the queue calls. Each looks at the rows and does what is due; twice does no harm."""

from __future__ import annotations

from generations import dispatch as dispatching
from generations import refresh as refreshing


def dispatch() -> None:
    dispatching.recover_interrupted()
    dispatching.run()


def refresh() -> None:
    refreshing.run()


def store(pk: int) -> None:
    from generations import storing

    storing.run(pk)


def erase(pk: int) -> None:
    from generations import storing

    storing.erase(pk)
