"""What there is in the end: read from outside, and from the simulator's and receiver's records."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import time_machine
from standardwebhooks.webhooks import WebhookVerificationError

from tests.chaos.customers import Studio
from tests.chaos.provider import Provider
from tests.installation import Installation
from tests.webhooks.receiver import Receiver


@dataclass
class Evidence:
    """`jobs` as the API shows them, by id; `messages` by job: the type of each by its id."""

    jobs: dict[str, dict[str, Any]]
    tasks: list[dict[str, Any]]
    credits: dict[str, dict[str, str]]
    ledger: dict[str, Any]
    reconciled: dict[str, Any]
    files: list[tuple[str, str, str, int, str]]
    media: Path
    originals: Path
    decided: set[str]
    ours: dict[str, str]
    messages: dict[str, dict[str, str]] = field(default_factory=dict)
    unsigned: list[str] = field(default_factory=list)


def gather(
    installed: Installation,
    url: str,
    studios: Sequence[Studio],
    provider: Provider,
    receiver: Receiver,
    decided: set[str],
) -> Evidence:
    jobs: dict[str, dict[str, Any]] = {}
    credits = {}
    for studio in studios:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {studio.key}"
            jobs |= _jobs(session, url)
            credits[studio.workspace] = _get(session, f"{url}/api/v1/credits")
    assets = "SELECT key, poster_key, sha256, bytes, kind FROM generations_asset WHERE key <> ''"
    external = "SELECT public_id, external_task_id FROM generations_generation"
    found = Evidence(
        jobs=jobs,
        tasks=provider.tasks(),
        credits=credits,
        ledger=json.loads(installed.manage("check_ledger")),
        reconciled=json.loads(installed.manage("reconcile_provider")),
        files=installed.sql(assets),  # type: ignore[arg-type]
        media=installed.var / "media",
        originals=provider.media,
        decided=decided,
        ours={str(job): str(task) for job, task in installed.sql(external)},
    )
    _read_messages(found, studios, receiver)
    return found


def _jobs(session: requests.Session, url: str) -> dict[str, dict[str, Any]]:
    """Every page of the list."""
    jobs: dict[str, dict[str, Any]] = {}
    query: dict[str, Any] = {"limit": 100}
    while True:
        page = _get(session, f"{url}/api/v1/generations", **query)
        jobs |= {job["id"]: job for job in page["data"]}
        if not page["next_cursor"]:
            return jobs
        query["cursor"] = page["next_cursor"]


def _get(session: requests.Session, url: str, **query: Any) -> Any:
    answer = session.get(url, params=query, timeout=60)
    answer.raise_for_status()
    return answer.json()


def _read_messages(found: Evidence, studios: Sequence[Studio], receiver: Receiver) -> None:
    secrets = {f"/{studio.workspace}": studio.secret for studio in studios}
    messages: dict[str, dict[str, str]] = defaultdict(dict)
    for one in receiver.received:
        name = one.headers["webhook-id"]
        try:
            # As of when it was signed: by now it is too old for the library.
            with time_machine.travel(int(one.headers["webhook-timestamp"])):
                body = one.verified(secrets[one.path])
        except WebhookVerificationError as error:
            found.unsigned.append(f"{name}: {error!r}")
        else:
            if body["type"].startswith("generation."):
                messages[body["data"]["id"]][name] = body["type"]
    found.messages = dict(messages)
