"""The simulator and the sandbox are on loopback; that opens loopback to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.installation import Installation, installation, shared_folder
from tests.kling_saas.test_processes import Serving, free_port

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


@pytest.fixture
def installed(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    shared, port = shared_folder(tmp_path_factory), str(free_port())
    with installation(tmp_path / "var", shared=shared, PORT=port) as made:
        yield made


def test_it_lets_no_customer_reach_a_private_address(installed: Installation) -> None:
    serving = Serving(installed)
    url = f"http://127.0.0.1:{installed.environment['PORT']}/api/v1/webhook-endpoints"
    headers = {"Authorization": f"Bearer {serving.said('API key')}"}
    for inner in ("http://127.0.0.1:1/x", "https://127.0.0.1:1/x", "https://10.0.0.1/x"):
        answer = requests.post(url, json={"url": inner}, headers=headers, timeout=20)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input"), inner
