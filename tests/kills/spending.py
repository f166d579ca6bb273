"""Journeys of a job: held, sent, charged, stored; or failed, or lost. The simulator provides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar
from uuid import uuid4

from django.utils import timezone

from billing.models import Entry
from generations import asking, storing, tasks
from generations.models import Generation, ProviderAccount, State
from generations.states import record
from kling.tasks import Task
from tests.generations.builders import make_storing, output
from tests.kills.journeys import Journey
from tests.waiting import wait_until
from tests.working import finish

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
        finish(self.jobs[0].public_id, seconds=60)

    def facts(self) -> dict[str, Any]:
        rows = Entry.objects.filter(account__workspace=self.workspace).exclude(kind="grant")
        return {
            **super().facts(),
            "jobs": [(job.state, job.hold.state) for job in self.jobs],
            "assets": [job.assets.count() for job in self.jobs],
            "entries": list(rows.order_by("seq").values_list("kind", "amount")),
        }

    @property
    def jobs(self) -> list[Generation]:
        return list(
            Generation.objects.filter(workspace=self.workspace).select_related("hold", "account")
        )

    def _ask(self) -> None:
        answer = self.api.post("/generations", self.body, **{"Idempotency-Key": self.name})
        assert answer.status_code in (200, 202), answer.content

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


class Loss(Job):
    """The provider's file is gone for good: what was charged is refunded."""

    kind = "loss"

    def prepare(self) -> None:
        super().prepare()
        account = ProviderAccount.objects.get()
        gone = output(f"{account.base_url}/no-such-file.mp4")
        job = make_storing(self.workspace, account, gone, task_id=uuid4().hex)
        for _ in range(storing.MOST_REFUSALS - 1):
            record(job, was=State.STORING, reason="not stored: gone")
        Generation.objects.filter(pk=job.pk).update(submitted_at=timezone.now() - timedelta(days=1))

    def go(self) -> None:
        tasks.store(self.jobs[0].pk)

    def recover(self) -> None:
        finish(self.jobs[0].public_id, seconds=60)


def _is_final(job: Generation) -> bool:
    answer = asking.look(job)
    return isinstance(answer, Task) and answer.is_final
