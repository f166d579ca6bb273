"""What the queue calls. Each is a doorbell: the rows say what is due."""

from __future__ import annotations

from webhooks import deliveries, notices


def deliver(pk: int) -> None:
    deliveries.deliver(pk)


def tell_owners(pk: int) -> None:
    notices.tell_owners(pk)


def sweep() -> None:
    """Whatever has lost its doorbell."""
    deliveries.ring_overdue()
    notices.ring_untold()


def prune() -> None:
    """The log of more than a month ago."""
    deliveries.prune()
