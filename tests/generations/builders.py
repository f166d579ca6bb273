"""Generations as rows, in the state that a test begins with."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

import billing.credits
from accounts.models import Workspace
from billing import prices
from billing.amounts import to_micro
from billing.models import PriceBook
from generations.models import Generation, ProviderAccount, State
from generations.models.generations import new_generation_id
from generations.states import record
from kling.tasks import Output


def set_rates(*names: str, units: str = "2") -> None:
    """Publish a price book in which the operator has priced these operations too."""
    draft = prices.draft_from(PriceBook.objects.latest("version"))
    for name in names:
        draft.operation_rates.create(operation=name, units=Decimal(units))
    prices.publish(draft)


def output(url: str, kind: str = "video", **fields: Any) -> dict[str, Any]:
    """One entry of `generation.outputs`."""
    return asdict(Output(kind=kind, url=url, **fields))


@transaction.atomic
def make_storing(
    workspace: Workspace,
    account: ProviderAccount,
    *outputs: dict[str, Any],
    task_id: str,
    credits: str = "2",
    **fields: Any,
) -> Generation:
    """A job that the provider has finished: charged `credits`, its results not fetched yet.

    The workspace needs those credits.
    """
    external_id, amount = uuid4().hex, to_micro(credits)
    public_id = new_generation_id()
    hold = billing.credits.hold(workspace=workspace, amount=amount, key=public_id)
    values: dict[str, Any] = {
        "operation": "text-to-video",
        "model": "kling-v3",
        "input": {"prompt": "A lighthouse at dusk"},
        "units": Decimal(credits),
        "unit_type": "video",
        "submitted_at": timezone.now(),
        **fields,
    }
    generation = Generation.objects.create(
        public_id=public_id,
        workspace=workspace,
        account=account,
        external_task_id=external_id,
        task_id=task_id,
        state=State.STORING,
        due_at=timezone.now(),
        price_book_id=1,
        rate=1_000_000,
        quoted=amount,
        charged=amount,
        hold=hold,
        outputs=list(outputs),
        **values,
    )
    billing.credits.settle(hold=hold, amount=amount)
    record(generation, was=State.PROCESSING, reason="the provider has finished")
    return generation


def make_due(generation: Generation) -> Generation:
    """As if its wait were over."""
    Generation.objects.filter(pk=generation.pk).update(due_at=timezone.now())
    generation.refresh_from_db()
    return generation
