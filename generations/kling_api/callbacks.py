"""Kling's own callbacks: the bare task, POSTed at each change of its status (section 6)."""

from __future__ import annotations

from generations.kling_api.representation import represent, word
from generations.models import Generation
from webhooks import outbox


def announce(generation: Generation) -> None:
    """Write the callback about the status that a job now has, if its caller wants any.

    In the transaction of the change. Not "submitted": that was the answer to the request.
    """
    if not generation.callback_url or word(generation) == "submitted":
        return
    outbox.post(
        workspace=generation.workspace,
        type=f"task.{word(generation)}",
        body=represent(generation),
        url=generation.callback_url,
    )
