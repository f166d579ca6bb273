"""Journeys of what is undone: a purchase given up, a dispute won, a job that was ended by hand."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from billing import checkout
from billing.models import Order
from generations import decisions, tasks
from generations.models import Generation, State
from generations.states import move
from tests.kills.buying import Fraud, Purchase, control, restart
from tests.kills.spending import Verdict
from tests.working import reach


class Cancellation(Purchase):
    """The buyer closes the payment page."""

    kind = "cancellation"
    event = "checkout.session.expired"

    def prepare(self) -> None:
        super().prepare()
        self._buy()

    def go(self) -> None:
        [order] = self.orders
        checkout.cancel(order)

    def recover(self) -> None:
        [order] = self.orders
        checkout.cancel(order)  # they press the button again
        self._hear(self.event)
        restart()


class WonDispute(Fraud):
    """The bank gives the money of a dispute back."""

    kind = "won-dispute"
    event = "charge.dispute.closed"

    def facts(self) -> dict[str, Any]:
        return {**super().facts(), "restored": self._entries("restore")}

    def _happen(self, order: Order) -> None:
        super()._happen(order)
        self._hear("charge.dispute.created")
        dispute = order.disputes.get()
        control(f"disputes/{dispute.stripe_id}/win")


class LateVerdict(Verdict):
    """The operator has ended a job in doubt, and then the provider says that it succeeded."""

    kind = "late-verdict"

    def prepare(self) -> None:
        super().prepare()
        [job] = self.jobs
        with transaction.atomic():
            move(job, State.RECONCILING, reason="in doubt")
        assert decisions.fail_and_release(job, by="op@example.com")
        Generation.objects.filter(pk=job.pk).update(late_look_at=timezone.now())

    def go(self) -> None:
        tasks.look_late()
        for job in self.jobs:
            tasks.store(job.pk)

    def recover(self) -> None:
        [job] = self.jobs
        reach(job.public_id, State.SUCCEEDED, seconds=60)
        self._finish()
