"""The simulator and the sandbox are on loopback; that opens loopback to nobody else."""

from __future__ import annotations

import pytest
import requests

from tests.installation import Installation
from tests.kling_saas.test_processes import Serving

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


def test_it_lets_no_customer_reach_a_private_address(installed: Installation) -> None:
    serving = Serving(installed)
    url = f"http://127.0.0.1:{installed.environment['PORT']}/api/v1/webhook-endpoints"
    headers = {"Authorization": f"Bearer {serving.said('API key')}"}
    for inner in ("http://127.0.0.1:1/x", "https://127.0.0.1:1/x", "https://10.0.0.1/x"):
        answer = requests.post(url, json={"url": inner}, headers=headers, timeout=20)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input"), inner
