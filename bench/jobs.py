"""Jobs in the database without a customer who asked for each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from django.utils import timezone

from accounts.models import Workspace
from billing.models import CreditAccount, Hold
from generations.models import Generation, ProviderAccount, State
from generations.providers import set_secret

OPERATION = "text-to-audio"


def account(url: str) -> ProviderAccount:
    made = ProviderAccount(slug="bench", dialect="cometapi", base_url=url)
    set_secret(made, key="bench")
    made.save()
    return made


def running(
    at: ProviderAccount,
    modes: Sequence[str],
    ends: Sequence[float],
    *,
    begun: Sequence[datetime],
    due: Sequence[datetime],
    owners: Sequence[Workspace] = (),
) -> list[Generation]:
    """Jobs that the provider has, free of charge; `ends` in epoch seconds.

    `owners`: whose each is; without them they are the only workspace's.
    """
    owners = owners or [Workspace.objects.get()] * len(ends)
    credit = {one: CreditAccount.objects.get_or_create(workspace=one)[0] for one in set(owners)}
    holds = Hold.objects.bulk_create(
        [Hold(account=credit[one], reference=uuid4().hex, amount=0) for one in owners],
        batch_size=500,
    )
    rows = [
        Generation(
            workspace=owner,
            operation=OPERATION,
            model=OPERATION,
            mode=mode,
            input={},
            account=at,
            external_task_id=uuid4().hex,
            task_id=f"{int(end * 1000)}-{int(since.timestamp() * 1000)}-{number}",
            state=State.PROCESSING,
            submitted_at=since,
            due_at=when,
            units=0,
            unit_type="video",
            price_book_id=1,
            rate=1_000_000,
            quoted=0,
            hold=hold,
        )
        for number, (owner, mode, end, since, when, hold) in enumerate(
            zip(owners, modes, ends, begun, due, holds, strict=True)
        )
    ]
    return Generation.objects.bulk_create(rows, batch_size=500)


def end_of(task_id: str) -> float:
    """In epoch seconds."""
    return int(task_id.partition("-")[0]) / 1000


def due_now(count: int) -> list[datetime]:
    return [timezone.now() - timedelta(seconds=1)] * count
