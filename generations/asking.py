"""Questions to providers about running jobs: one by one, or all of a path in a list.

HTTP only: these run in threads, and a thread that touched a row would open a database connection.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import kling.errors
from generations import absence, providers
from generations.models import Generation
from kling import dialects, operations
from kling.client import MAX_PAGE_SIZE, KlingClient
from kling.errors import KlingError
from kling.tasks import Task

log = logging.getLogger(__name__)

ENOUGH_FOR_A_LIST = 5  # jobs: of fewer, a page has too much that nobody asked for
MOST_PAGES = 20
# A list is newest first by the provider's clock, which is not ours.
CLOCKS_DIFFER = 120_000  # milliseconds

Reply = Task | KlingError | None


@dataclass(frozen=True)
class Question:
    """About jobs of one account and one path. With `lists`, one call answers for all of them."""

    generations: tuple[Generation, ...]
    path: str
    lists: bool = False

    @property
    def account(self) -> int:
        return self.generations[0].account_id


def questions(batch: Iterable[Generation]) -> list[Question]:
    """What to ask about a batch of due jobs, in their order."""
    by_place: dict[tuple[int, str], list[Generation]] = defaultdict(list)
    for generation in batch:
        place = (generation.account_id, operations.get(generation.operation).path)
        by_place[place].append(generation)
    found = []
    for (_, path), jobs in by_place.items():
        lists = dialects.get(jobs[0].account.dialect).lists_tasks
        if lists and len(jobs) >= ENOUGH_FOR_A_LIST:
            found.append(Question(tuple(jobs), path, lists=True))
        else:
            found += one_by_one(jobs, path)
    return found


def one_by_one(jobs: Iterable[Generation], path: str) -> list[Question]:
    return [Question((job,), path) for job in jobs]


def ask(question: Question, client: KlingClient | KlingError) -> list[tuple[Generation, Reply]]:
    """What the provider says about each; None where a list did not say anything about one."""
    if isinstance(client, KlingError):
        return [(job, client) for job in question.generations]
    try:
        if question.lists:
            return _look_up_in_list(question, client)
        [job] = question.generations
        return [(job, _ask_about(job, question.path, client))]
    except KlingError as exc:
        return [(job, exc) for job in question.generations]


def look(job: Generation) -> Task | KlingError:
    """What the provider says about one job now. Reads nothing but the job and its account."""
    try:
        client = providers.client_for(job.account)
        return _ask_about(job, operations.get(job.operation).path, client)
    except KlingError as exc:
        return exc


def _ask_about(job: Generation, path: str, client: KlingClient) -> Task | KlingError:
    if not absence.can_be_looked_for(job):
        return kling.errors.TaskNotFound("There is no id to ask about it by.")
    if job.task_id:
        return client.get(path, job.task_id)
    return client.get_by_external_id(path, job.external_task_id)


def _look_up_in_list(question: Question, client: KlingClient) -> list[tuple[Generation, Reply]]:
    """Page by page, while that finds more than asking one by one would cost."""
    wanted = {_name(job): job for job in question.generations}
    oldest = min(_began(job) for job in question.generations) - CLOCKS_DIFFER
    size = min(MAX_PAGE_SIZE, 10 * len(wanted))
    replies: list[tuple[Generation, Reply]] = []
    for page in range(1, MOST_PAGES + 1):
        tasks = client.list_tasks(question.path, page, size)
        found = [
            (wanted.pop(name), task)
            for task in tasks
            for name in _names(task)
            if name in wanted and _is_enough(task)
        ]
        replies += found
        ended = len(tasks) < size or (tasks[-1].created_at or oldest) < oldest
        if ended or len(wanted) < ENOUGH_FOR_A_LIST or not found:
            break
    return replies + [(job, None) for job in wanted.values()]


def _is_enough(task: Task) -> bool:
    """A success without a result in a list is asked about by itself before it is believed."""
    return task.status != "succeed" or bool(task.outputs)


def _name(job: Generation) -> tuple[str, str]:
    if job.task_id:
        return ("task", job.task_id)
    return ("external", job.external_task_id)


def _names(task: Task) -> list[tuple[str, str]]:
    return [("task", task.task_id), ("external", task.external_task_id or "")]


def _began(job: Generation) -> float:
    return (job.submitted_at or job.created_at).timestamp() * 1000
