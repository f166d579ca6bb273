"""The provider's tasks and our jobs against each other: what one side has and the other lacks.

Reads only. Where a dialect can list, all its tasks are walked, so that orphans show: tasks that
cost units and belong to no job. Elsewhere each of our jobs is asked about by its task id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

import kling.errors
from generations import providers
from generations.models import Generation, ProviderAccount, State
from kling import dialects, operations
from kling.client import KlingClient
from kling.operations.base import Operation
from kling.tasks import Task, deduction

PAGE = 100
MOST_PAGES = 1000
WINDOW = timedelta(days=30)  # what Kling keeps


@dataclass
class Report:
    """`orphans`: at the provider, not here. `missing`: here, not at the provider. `mismatched`:
    both, but deduction or outcome differ. `unchecked`: accounts that could not be asked."""

    checked: int = 0
    orphans: list[dict[str, Any]] = field(default_factory=list)
    missing: list[dict[str, Any]] = field(default_factory=list)
    mismatched: list[dict[str, Any]] = field(default_factory=list)
    unchecked: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def reconcile() -> Report:
    report = Report()
    for account in ProviderAccount.objects.filter(enabled=True):
        try:
            _reconcile_account(account, report)
        except kling.errors.KlingError as exc:
            report.unchecked.append({"account": account.slug, "reason": str(exc)})
    return report


def _reconcile_account(account: ProviderAccount, report: Report) -> None:
    client, dialect = providers.client_for(account), dialects.get(account.dialect)
    for operation in operations.all_operations():
        if not dialect.serves(operation):
            continue
        if operation.synchronous:
            continue  # no page documents that such a call can be asked about afterwards
        jobs = _jobs(account, operation)
        if dialect.lists_tasks:
            _compare_list(account, jobs, _listed(client, operation), report)
        else:
            _compare_each(client, operation, jobs, report)


def _jobs(account: ProviderAccount, operation: Operation) -> list[Generation]:
    since = timezone.now() - WINDOW
    return list(
        account.generations.filter(operation=operation.name, created_at__gte=since, task_id__gt="")
        .select_related("account")
        .defer("input", "outputs", "metadata")  # a month of them may not fit into the memory
    )


def _listed(client: KlingClient, operation: Operation) -> Iterator[Task]:
    oldest = (datetime.now(UTC) - WINDOW).timestamp() * 1000
    for page in range(1, MOST_PAGES + 1):
        tasks = client.list_tasks(operation.path, page, PAGE)
        yield from (task for task in tasks if (task.created_at or oldest) >= oldest)
        if len(tasks) < PAGE:
            return


def _compare_list(
    account: ProviderAccount, jobs: list[Generation], tasks: Iterator[Task], report: Report
) -> None:
    missing = {job.task_id: job for job in jobs}
    by_external_id = {job.external_task_id: job for job in jobs}
    for task in tasks:
        job = missing.pop(task.task_id, None) or by_external_id.get(task.external_task_id or "")
        report.checked += 1
        if job is not None:
            _compare(job, task, report)
        elif not Generation.objects.filter(external_task_id=task.external_task_id or "").exists():
            report.orphans.append(
                {
                    "account": account.slug,
                    "task_id": task.task_id,
                    "external_task_id": task.external_task_id,
                    "status": task.status,
                    "final_unit_deduction": task.unit_deduction,
                }
            )
    report.missing += [_name(job) for job in missing.values()]


def _compare_each(
    client: KlingClient, operation: Operation, jobs: list[Generation], report: Report
) -> None:
    for job in jobs:
        report.checked += 1
        try:
            _compare(job, client.get(operation.path, job.task_id), report)
        except kling.errors.TaskNotFound:
            report.missing.append(_name(job))


def _compare(job: Generation, task: Task, report: Report) -> None:
    if not job.is_final and job.state != State.STORING:
        return
    ours = deduction(Task(task_id="", status="succeed", unit_deduction=job.final_unit_deduction))
    succeeded = job.state in {State.SUCCEEDED, State.STORING} or job.error_code == "result_lost"
    if deduction(task) != ours or (task.is_final and (task.status == "succeed") != succeeded):
        report.mismatched.append(
            {
                **_name(job),
                "state": job.state,
                "status": task.status,
                "recorded": job.final_unit_deduction or None,
                "final_unit_deduction": task.unit_deduction,
            }
        )


def _name(job: Generation) -> dict[str, Any]:
    return {"account": job.account.slug, "id": job.public_id, "task_id": job.task_id}
