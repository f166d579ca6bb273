"""Tell the customer's programs what has become of a generation."""

from __future__ import annotations

from generations.kling_api import callbacks
from generations.models import Generation
from generations.representation import represent
from webhooks import outbox


def announce(generation: Generation) -> None:
    """Write the outgoing messages of a final generation, in the transaction that made it final."""
    outbox.announce(
        workspace=generation.workspace,
        type=f"generation.{generation.state}",
        data=represent(generation),
        url=generation.webhook_url or None,
    )
    callbacks.announce(generation)


def announce_running(generation: Generation) -> None:
    """The same for one that the provider has, or may have: only Kling's callbacks tell of that."""
    callbacks.announce(generation)
