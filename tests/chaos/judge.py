"""What must hold in the end, however it went. Each rule names what breaks it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import av
from PIL import Image

from tests.chaos.evidence import Evidence
from tests.chaos.fates import BY_NAME, PLAIN, Fate

FINAL = {"succeeded", "failed", "canceled"}
GIVEN = Decimal(1_000_000)  # credits of each workspace
Rule = Callable[[Evidence], Iterator[str]]


def every_job_ends_as_it_should(found: Evidence) -> Iterator[str]:
    """As its fate has it; a person's no stands where the provider never got the job."""
    made = {task["external_task_id"] for task in found.tasks}
    for job in found.jobs.values():
        fate = fate_of(job)
        refused = job["id"] in found.decided and found.ours[job["id"]] not in made
        if job["status"] not in FINAL:
            yield f"{job['id']} ({fate.name}) is {job['status']}"
        elif job["status"] != ("failed" if refused else fate.ends):
            yield f"{job['id']} ({fate.name}) {job['status']}: {job['error']}"


def no_task_is_made_twice(found: Evidence) -> Iterator[str]:
    """By the simulator's record: it takes an external id as often as it is sent."""
    made = Counter(task["external_task_id"] for task in found.tasks)
    yield from (f"{name} was made {count} times" for name, count in made.items() if count > 1)
    ours = set(found.ours.values())
    yield from (f"{name} belongs to no job" for name in made if name not in ours)
    for job, status in ((job, job["status"]) for job in found.jobs.values()):
        if status == "succeeded" and found.ours[job["id"]] not in made:
            yield f"{job['id']} succeeded without a task"


def every_job_is_charged_by_its_task(found: Evidence) -> Iterator[str]:
    """What the provider deducted, at most the quote; nothing of what failed; no hold is left."""
    tasks = {task["external_task_id"]: task for task in found.tasks}
    for job in found.jobs.values():
        money = {name: Decimal(amount) for name, amount in job["credits"].items()}
        wanted = Decimal(0)
        if job["status"] == "succeeded":
            wanted = _charge(money["quoted"], tasks[found.ours[job["id"]]])
        if (money["charged"], money["held"]) != (wanted, 0):
            yield f"{job['id']} ({fate_of(job).name}): {job['credits']}, {wanted} was right"


def every_credit_is_accounted_for(found: Evidence) -> Iterator[str]:
    yield from (f"check_ledger: {violation}" for violation in found.ledger["violations"])
    charged = sum(Decimal(job["credits"]["charged"]) for job in found.jobs.values())
    left = sum(Decimal(credits["balance"]) for credits in found.credits.values())
    if left + charged != GIVEN * len(found.credits):
        yield f"{left} credits are left and {charged} charged, of {GIVEN * len(found.credits)}"
    for workspace, credits in found.credits.items():
        if Decimal(credits["held"]):
            yield f"{workspace}: {credits['held']} credits are held for nothing"


def both_sides_agree(found: Evidence) -> Iterator[str]:
    """`reconcile_provider`; of what its operator has decided or what was lost it knows."""
    for name in ("orphans", "missing", "unchecked", "mismatched"):
        yield from (f"{name}: {one}" for one in found.reconciled.get(name, ()))


def every_file_is_whole(found: Evidence) -> Iterator[str]:
    """Byte for byte what the simulator has drawn, and playable; and there is no other file."""
    originals = {_sha256(path) for path in found.originals.glob("*.*")}
    unplayed: dict[str, tuple[Path, str]] = {}  # each content once
    for key, _poster, sha256, size, kind in found.files:
        path = found.media / key
        if not path.is_file() or (path.stat().st_size, _sha256(path)) != (size, sha256):
            yield f"{key} is not what was stored"
        elif sha256 not in originals:
            yield f"{key} is not what the provider made"
        else:
            unplayed[sha256] = path, kind
    for path, kind in unplayed.values():
        if complaint := _complaint(path, kind):
            yield f"{path} cannot be played: {complaint}"
    known = {found.media / name for key, poster, *_ in found.files for name in (key, poster)}
    stored = (path for path in found.media.glob("*/*/*") if path.is_file())
    yield from (f"{path} belongs to nothing" for path in stored if path not in known)


def every_result_is_there(found: Evidence) -> Iterator[str]:
    for job in found.jobs.values():
        files = [asset for asset in job["assets"] if asset["bytes"] and asset["sha256"]]
        wanted = {"text-to-audio": 2}.get(job["operation"], 1)
        wanted *= job["status"] == "succeeded"
        if len(files) != wanted:
            yield f"{job['id']} has {len(files)} files, {wanted} was right"


def every_end_is_told_once(found: Evidence) -> Iterator[str]:
    """One message for each end, however often it was sent; two ends where a person was wrong."""
    yield from (f"not signed as it should be: {one}" for one in found.unsigned)
    for job in found.jobs.values():
        wanted = [f"generation.{job['status']}"]
        if job["id"] in found.decided and job["status"] == "succeeded":
            wanted.insert(0, "generation.failed")
        told = sorted(found.messages.get(job["id"], {}).values())
        if told != wanted:
            yield f"{job['id']} ({fate_of(job).name}) was told as {told}, not {wanted}"


RULES: tuple[Rule, ...] = (
    every_job_ends_as_it_should,
    no_task_is_made_twice,
    every_job_is_charged_by_its_task,
    every_credit_is_accounted_for,
    both_sides_agree,
    every_file_is_whole,
    every_result_is_there,
    every_end_is_told_once,
)


def judge(found: Evidence) -> dict[str, list[str]]:
    """The violations of each rule."""
    return {rule.__name__: list(rule(found)) for rule in RULES}


def fate_of(job: dict[str, Any]) -> Fate:
    name = str(job["input"]["prompt"]).rpartition("fate=")[2].partition(";")[0]
    return BY_NAME.get(name, PLAIN)


def left_out(counts: dict[str, int], what: str) -> Iterable[str]:
    """What was to happen and never did: the run has proven nothing about it."""
    return (f"{what}: {name} never happened" for name, count in counts.items() if not count)


def _charge(quoted: Decimal, task: dict[str, Any]) -> Decimal:
    """A unit is charged as the quote has it."""
    try:
        deducted = Decimal(task["deduction"] or "")
    except InvalidOperation:
        return quoted
    return min(quoted, quoted * deducted / Decimal(task["units"]))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _complaint(path: Path, kind: str) -> str:
    """Empty if every frame can be decoded."""
    try:
        if kind == "image":
            with Image.open(path) as picture:
                picture.load()
        else:
            with av.open(str(path)) as film:
                return "" if any(True for _ in film.decode()) else "it is empty"
    except (OSError, SyntaxError, av.FFmpegError) as error:
        return repr(error)
    return ""
