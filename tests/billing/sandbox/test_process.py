"""The sandbox as a process of its own: it keeps its state, and repeats events until taken."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

from tests.billing.sandbox.conftest import SESSION, client


class Process:
    """The sandbox as `make run` starts it."""

    def __init__(self, state: Path, webhook_url: str) -> None:
        command = [
            *(sys.executable, "-m", "billing.sandbox", "--state", str(state)),
            *("--webhook-url", webhook_url, "--webhook-secret", "whsec_x"),
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("payment sandbox listening on http://127.0.0.1:")
        self.url = line.split()[-1]

    def stop(self) -> float:
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=10) == 0
        return time.monotonic() - started


@pytest.mark.processes
def test_it_keeps_its_state_and_stops_at_once(tmp_path: Path) -> None:
    first = Process(tmp_path, "http://127.0.0.1:9/hooks/stripe")
    made = client(first.url).v1.checkout.sessions.create(SESSION, {"idempotency_key": "order:1"})
    requests.post(f"{made.url}/pay", allow_redirects=False, timeout=10)
    assert first.stop() < 2
    second = Process(tmp_path, "http://127.0.0.1:9/hooks/stripe")
    sessions = client(second.url).v1.checkout.sessions
    assert sessions.retrieve(made.id).payment_status == "paid"
    assert sessions.create(SESSION, {"idempotency_key": "order:1"}).id == made.id
    assert second.stop() < 2


@pytest.mark.processes
def test_it_sends_an_event_until_it_is_taken(tmp_path: Path, httpd: Any) -> None:
    httpd.answers = [500, 503, 200]
    sandbox = Process(tmp_path, httpd.url)
    made = client(sandbox.url).v1.checkout.sessions.create(SESSION)
    client(sandbox.url).v1.checkout.sessions.expire(made.id)
    bodies = httpd.wait_for(3)
    sandbox.stop()
    assert len(set(bodies)) == 1
    header = httpd.headers[-1]["Stripe-Signature"]
    event = stripe.Webhook.construct_event(bodies[-1], header, "whsec_x")
    assert (event.type, event.data.object["id"]) == ("checkout.session.expired", made.id)
