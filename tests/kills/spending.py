"""Journeys of a job: held, sent, charged, stored; or failed, or lost. The simulator provides."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any, ClassVar
from uuid import uuid4

import requests
from django.utils import timezone

import webhooks.tasks
from billing.models import Entry
from generations import asking, storing, tasks
from generations.models import Generation, ProviderAccount, State
from generations.states import record
from kling.tasks import Task
from tests.generations.builders import make_storing, output
from tests.kills.journeys import Journey
from tests.queue import drain_queue
from tests.waiting import wait_until
from tests.working import finish
from webhooks import deliveries
from webhooks.models import Delivery

SOUND = {"operation": "text-to-audio", "input": {"prompt": "Waves on a beach", "duration": 3}}
FAILING = {"operation": "text-to-audio", "input": {"prompt": "Waves [fail]", "duration": 3}}


class Job(Journey):
    """A job is asked for, with an Idempotency-Key; it is made after the restart."""

    kind = "job"
    start_credits = "10"
    body: ClassVar[dict[str, Any]] = SOUND

    def go(self) -> None:
        self._ask()

    def recover(self) -> None:
        self._ask()  # the program has had no answer, and asks again
        self._ask()
        self._finish()

    def facts(self) -> dict[str, Any]:
        """What came of the job, how often it was made upstream, and what its program was told."""
        rows = Entry.objects.filter(account__workspace=self.workspace).exclude(kind="grant")
        return {
            **super().facts(),
            "jobs": [(job.state, job.hold.state) for job in self.jobs],
            "assets": [job.assets.count() for job in self.jobs],
            "entries": list(rows.order_by("seq").values_list("kind", "amount")),
            "tasks": [self._made(job) for job in self.jobs],
            "told": list(
                Delivery.objects.filter(message__workspace=self.workspace)
                .order_by("pk")
                .values_list("message__type", "state")
            ),
        }

    @property
    def jobs(self) -> list[Generation]:
        return list(
            Generation.objects.filter(workspace=self.workspace).select_related("hold", "account")
        )

    def _ask(self) -> None:
        body = {**self.body, "webhook_url": self.receiver}
        answer = self.api.post("/generations", body, **{"Idempotency-Key": self.name})
        assert answer.status_code in (200, 202), answer.content

    @property
    def receiver(self) -> str:
        return f"{os.environ['WEBHOOK_RECEIVER']}/{self.kind}/{self.name.rpartition('-')[2]}"

    def _finish(self) -> None:
        """The job, and what is told of it."""
        finish(self.jobs[0].public_id, seconds=60)
        deliveries.ring_overdue()
        drain_queue()

    def _made(self, job: Generation) -> int:
        """By the provider's own record."""
        record = requests.get(f"{job.account.base_url}/_simulator/tasks", timeout=20).json()
        return sum(task["external_task_id"] == job.external_task_id for task in record["tasks"])

    def _make_due(self) -> None:
        Generation.objects.filter(workspace=self.workspace).update(due_at=timezone.now())


class Dispatched(Job):
    """The job is sent to the provider."""

    kind = "dispatched"

    def prepare(self) -> None:
        super().prepare()
        self._ask()

    def go(self) -> None:
        tasks.dispatch()


class Verdict(Dispatched):
    """The provider has succeeded: the job is charged, and its files are stored."""

    kind = "verdict"

    def prepare(self) -> None:
        super().prepare()
        tasks.dispatch()
        [job] = self.jobs
        wait_until(lambda: _is_final(job), seconds=60, what="the provider has finished")
        self._make_due()

    def go(self) -> None:
        tasks.refresh()
        for job in self.jobs:
            tasks.store(job.pk)


class Failure(Verdict):
    """The provider has failed: the hold is released."""

    kind = "failure"
    body = FAILING


class Told(Verdict):
    """The job is over: its program's webhook is sent."""

    kind = "told"

    def prepare(self) -> None:
        super().prepare()
        super().go()

    def go(self) -> None:
        [delivery] = Delivery.objects.filter(message__workspace=self.workspace)
        webhooks.tasks.deliver(delivery.pk)


class Loss(Job):
    """The provider's file is gone for good: what was charged is refunded."""

    kind = "loss"

    def prepare(self) -> None:
        super().prepare()
        account = ProviderAccount.objects.get()
        gone = output(f"{account.base_url}/no-such-file.mp4")
        job = make_storing(
            self.workspace, account, gone, task_id=uuid4().hex, webhook_url=self.receiver
        )
        for _ in range(storing.MOST_REFUSALS - 1):
            record(job, was=State.STORING, reason="not stored: gone")
        Generation.objects.filter(pk=job.pk).update(submitted_at=timezone.now() - timedelta(days=1))

    def go(self) -> None:
        tasks.store(self.jobs[0].pk)

    def recover(self) -> None:
        self._finish()


def _is_final(job: Generation) -> bool:
    answer = asking.look(job)
    return isinstance(answer, Task) and answer.is_final
