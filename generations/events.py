"""Tell the customer's programs that a generation is final."""

from __future__ import annotations

from generations.models import Generation
from generations.representation import represent
from webhooks import outbox


def announce(generation: Generation) -> None:
    """Write the outgoing webhook of a final generation, in the transaction that made it final."""
    outbox.announce(
        workspace=generation.workspace,
        type=f"generation.{generation.state}",
        data=represent(generation),
        url=generation.webhook_url or None,
    )
