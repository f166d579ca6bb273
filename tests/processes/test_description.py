"""The API as its description says: schemathesis asks a running server, and checks each answer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.installation import Installation, installation, shared_folder
from tests.kling_saas.test_processes import Serving, free_port
from tests.processes.test_one_job import JOB, Program

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
# The same requests each time; the long form of CONTRIBUTING.md asks for more, and at random.
BOUNDED = ("--phases=examples,fuzzing,stateful", "--max-examples=12", "--generation-deterministic")


@pytest.fixture
def installed(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    shared, port = shared_folder(tmp_path_factory), str(free_port())
    with installation(
        tmp_path / "var", shared=shared, PORT=port, TIMER_SCALE="0.02", FETCH_ALLOW_PRIVATE="on"
    ) as made:
        yield made


def test_it_answers_as_described(installed: Installation, tmp_path: Path) -> None:
    program = Program(Serving(installed))
    configuration, report = tmp_path / "schemathesis.toml", tmp_path / "report.json"
    configuration.write_text(CONFIGURATION.read_text() + known(program))
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "--no-color"),
            *("--config-file", str(configuration), "run", f"{program.url}/schema", *BOUNDED),
            *("--header", f"Authorization: {program.session.headers['Authorization']}"),
            *("--report-json-path", str(report)),
        ],
        env=installed.environment,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    asked = json.loads(report.read_text())
    assert asked["operations"]["tested"] == asked["operations"]["total"] > 30
    # More than refusals was seen of each.
    assert asked["warnings"]["missing_test_data"] == []


def test_it_is_given_to_many_who_ask_first_at_once(installed: Installation) -> None:
    program = Program(Serving(installed))

    def ask(_: int) -> int:
        return requests.get(f"{program.url}/schema", timeout=120).status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(ask, range(16))) == {200}


def known(program: Program) -> str:
    """Configuration by which the addresses that are well formed are of something that is there."""
    job = program.wait_for(program.create(JOB), "succeeded")
    asset = job["assets"][0]["id"]
    faces = program.post("/faces", {"video_id": asset})
    endpoint = program.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/"})
    delivery = program.post(f"/webhook-endpoints/{endpoint['id']}/test")
    paths = {"/generations/": job["id"], "/assets/": asset, "/faces/": faces["id"]}
    everywhere = {"endpoint_id": endpoint["id"], "delivery_id": delivery["id"]}
    return "\n".join(
        [
            *(
                f'[dictionaries.{public_id}]\nvalues = ["{public_id}"]'
                for public_id in (*paths.values(), *everywhere.values())
            ),
            "[parameters]",
            *(f'"path.{name}" = {always(one)}' for name, one in everywhere.items()),
            *(
                f'[[operations]]\ninclude-path-regex = "{path}"\n'
                f'parameters = {{ "path.public_id" = {always(one)} }}'
                for path, one in paths.items()
            ),
        ]
    )


def always(public_id: str) -> str:
    return f'{{ dictionary = "{public_id}", probability = 1 }}'
