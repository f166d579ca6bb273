"""Running jobs, made without a provider: what is tested is how they are asked about."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from generations.models import Generation, ProviderAccount, State
from tests.conftest import Person
from tests.generations.test_main_job import SOUND, create


def running_jobs(person: Person, account: ProviderAccount, count: int) -> list[Generation]:
    """`count` jobs that the provider has accepted ten seconds ago, and that are due now."""
    made = []
    for number in range(count):
        job = create(person.api, {**SOUND, "provider": account.slug})
        row = Generation.objects.filter(public_id=job["id"])
        row.update(
            state=State.PROCESSING,
            task_id=f"{account.pk}{number:05}",
            submitted_at=timezone.now() - timedelta(seconds=10),
            due_at=timezone.now() - timedelta(seconds=1),
        )
        made.append(row.get())
    return made


def make_due(*jobs: Generation) -> None:
    pks = [job.pk for job in jobs]
    Generation.objects.filter(pk__in=pks).update(due_at=timezone.now() - timedelta(seconds=1))
