"""The control of the judge: for each rule, evidence in which it is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.chaos import judge
from tests.chaos.evidence import Evidence
from tests.chaos.judge import Rule


def _job(found: Evidence, **changes: Any) -> Evidence:
    """With one of the jobs that have succeeded changed."""
    name = next(name for name, job in found.jobs.items() if job["status"] == "succeeded")
    return replace(found, jobs={**found.jobs, name: {**found.jobs[name], **changes}})


def _refused_unheard(found: Evidence) -> Evidence:
    """A person's no to a job that the provider has after all, and delivers."""
    name = next(name for name in found.decided if found.jobs[name]["status"] == "succeeded")
    return replace(found, jobs={**found.jobs, name: {**found.jobs[name], "status": "failed"}})


def _overcharged(found: Evidence) -> Evidence:
    return _job(found, credits={"quoted": "1", "charged": "9", "held": "0"})


def _richer(found: Evidence) -> Evidence:
    some = next(iter(found.credits))
    return replace(found, credits={**found.credits, some: {"balance": "7", "held": "0"}})


def _cut(found: Evidence) -> Evidence:
    key, poster, sha256, size, kind = found.files[0]
    return replace(found, files=[(key, poster, sha256, size - 1, kind), *found.files[1:]])


def _orphaned(found: Evidence) -> Evidence:
    return replace(found, files=found.files[1:])


def _told_twice(found: Evidence) -> Evidence:
    job, told = next(iter(found.messages.items()))
    again = {f"{name}-again": kind for name, kind in told.items()}
    return replace(found, messages={**found.messages, job: {**told, **again}})


BROKEN: tuple[tuple[Rule, Callable[[Evidence], Evidence]], ...] = (
    (judge.every_job_ends_as_it_should, lambda found: _job(found, status="storing")),
    (judge.every_job_ends_as_it_should, _refused_unheard),
    (judge.no_task_is_made_twice, lambda found: replace(found, tasks=found.tasks * 2)),
    (judge.every_job_is_charged_by_its_task, _overcharged),
    (judge.every_credit_is_accounted_for, _richer),
    (judge.both_sides_agree, lambda found: replace(found, reconciled={"orphans": ["1"]})),
    (judge.every_file_is_whole, _cut),
    (judge.every_file_is_whole, _orphaned),
    (judge.every_result_is_there, lambda found: _job(found, assets=[])),
    (judge.every_end_is_told_once, _told_twice),
    (judge.every_end_is_told_once, lambda found: replace(found, messages={})),
)
