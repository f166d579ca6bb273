"""One job through real processes: web, worker and simulator, on the database of this run."""

from __future__ import annotations

import hashlib
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from tests.installation import Installation, installation, shared_folder
from tests.kling_saas.test_processes import Serving, free_port
from tests.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]

JOB = {
    "operation": "text-to-video",
    "input": {"prompt": "A lighthouse at dusk", "duration": "3", "sound": "on"},
}
SLOW = {"operation": "text-to-audio", "input": {"prompt": "[slow:10] Rain", "duration": 3}}


@pytest.fixture
def installed(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    shared, port = shared_folder(tmp_path_factory), str(free_port())
    with installation(tmp_path / "var", shared=shared, PORT=port, TIMER_SCALE="0.2") as made:
        yield made


class Program:
    """A customer's program, with nothing but an address and a key."""

    def __init__(self, serving: Serving) -> None:
        self.url = f"http://127.0.0.1:{serving.installed.environment['PORT']}/api/v1"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {serving.said('API key')}"

    def get(self, path: str) -> Any:
        return self.session.get(self.url + path, timeout=30).json()

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self.session.post(self.url + path, json=body or {}, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def create(self, body: dict[str, Any]) -> str:
        return str(self.post("/generations", body)["id"])

    def wait_for(self, job: str, *states: str) -> Any:
        def reached() -> bool:
            return self.get(f"/generations/{job}")["status"] in states

        wait_until(reached, seconds=120, what=f"{job} is {' or '.join(states)}")
        return self.get(f"/generations/{job}")


def test_it_goes_from_create_to_stored_bytes(installed: Installation) -> None:
    program = Program(Serving(installed))
    done = program.wait_for(program.create(JOB), "succeeded", "failed")
    assert done["status"] == "succeeded", done
    assert done["provider"]["simulated"] is True
    assert done["credits"] == {"quoted": "2.7", "held": "0", "charged": "2.7"}
    [asset] = done["assets"]
    content = requests.get(asset["url"], timeout=30).content
    assert len(content) == asset["bytes"]
    assert hashlib.sha256(content).hexdigest() == asset["sha256"]
    assert content[4:8] == b"ftyp"
    assert json.loads(installed.manage("check_ledger"))["violations"] == []


def test_it_survives_the_death_of_everything(installed: Installation) -> None:
    """kill -9 of every process in mid-job: after a restart the job ends, once and paid once."""
    program = Program(Serving(installed))
    job = program.create(SLOW)
    program.wait_for(job, "processing")
    for process in installed.processes():
        process.send_signal(signal.SIGKILL)
    psutil.wait_procs(installed.processes(), timeout=20)

    again = Program(Serving(installed))
    done = again.wait_for(job, "succeeded", "failed")
    assert (done["status"], done["credits"]["charged"]) == ("succeeded", "0.25")
    credits = again.get("/credits")
    assert (credits["balance"], credits["held"], credits["available"]) == ("199.75", "0", "199.75")
    report = json.loads(installed.manage("reconcile_provider"))
    assert (report["checked"], report["orphans"], report["missing"]) == (1, [], [])
    assert json.loads(installed.manage("check_ledger"))["violations"] == []
