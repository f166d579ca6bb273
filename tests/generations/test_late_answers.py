"""An answer to a submit that comes when we have given up waiting for it: it counts all the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from django.db import connections
from django.db.models import F
from django.utils import timezone

from billing import ledger
from generations import decisions, dispatch
from generations.models import Generation, State
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations.test_main_job import SOUND, create
from tests.generations.test_synchronous import SPEECH
from tests.working import finish

# The job moves in a thread of its own while the worker waits for the answer.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    behind: str
    meanwhile: Callable[[], object]


class _Handler(BaseHTTPRequestHandler):
    """The simulator, with something happening before its answers to submits are handed on."""

    server: _Server

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self._ask(data=raw)
        try:
            self.server.meanwhile()
        finally:
            connections.close_all()
        self._relay(answer)

    def do_GET(self) -> None:
        self._relay(self._ask())

    def _ask(self, **more: Any) -> requests.Response | None:
        headers = {"Authorization": self.headers["Authorization"]}
        url = self.server.behind + self.path
        try:
            return requests.request(self.command, url, headers=headers, timeout=20, **more)
        except requests.ConnectionError:
            return None

    def _relay(self, answer: requests.Response | None) -> None:
        if answer is not None:
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def late(db: None, simulator: RunningSimulator) -> Iterator[_Server]:
    """A provider whose answers come after the lease of the submission."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.behind, server.meanwhile = simulator.url, give_up
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        make_account(f"http://127.0.0.1:{server.server_port}", dialect="cometapi")
        yield server
        server.shutdown()
        thread.join()
    assert ledger.check().violations == []


def give_up() -> None:
    """What another worker does when the lease is over."""
    Generation.objects.filter(state=State.SUBMITTING).update(due_at=timezone.now())
    assert dispatch.recover_interrupted() == 1


def give_up_and_end_it() -> None:
    give_up()
    assert decisions.fail_and_release(Generation.objects.get(), by="op@example.com")


def sent(person: Person, body: dict[str, Any]) -> Generation:
    """The job, when the answer to its submit has been taken in."""
    job = create(person.api, body)
    dispatch.run()
    return Generation.objects.get(public_id=job["id"])


def walk(job: Generation) -> list[str]:
    return [step.now for step in job.transitions.all()]


def test_the_result_in_it_is_stored_and_charged_once(
    ada: Person, late: _Server, simulator: RunningSimulator
) -> None:
    job = finish(sent(ada, SPEECH).public_id)
    steps = ["queued", "submitting", "reconciling", "processing", "storing", "succeeded"]
    assert walk(job) == steps
    assert job.assets.count() == 1
    assert (job.charged, len(simulator.submissions())) == (50_000, 1)
    assert [entry.amount for entry in job.hold.entries.all()] == [-50_000]
    assert ada.api.credits() == {"balance": "99.95", "held": "0", "available": "99.95"}


def test_a_job_that_a_person_has_ended_is_delivered_and_charged_by_an_adjustment(
    ada: Person, late: _Server
) -> None:
    late.meanwhile = give_up_and_end_it
    job = finish(sent(ada, SPEECH).public_id)
    assert walk(job)[-3:] == ["failed", "storing", "succeeded"]
    entries = [(entry.kind, entry.amount) for entry in job.hold.entries.all()]
    assert entries == [("adjustment", -50_000)]
    assert (job.error_code, job.assets.count()) == ("", 1)


def test_a_task_that_is_only_named_now_runs_on(
    ada: Person, late: _Server, simulator: RunningSimulator
) -> None:
    job = sent(ada, SOUND)
    assert (job.state, bool(job.task_id)) == (State.PROCESSING, True)
    assert finish(job.public_id).state == State.SUCCEEDED
    assert len(simulator.submissions()) == 1


def test_a_task_of_a_job_that_a_person_has_ended_is_asked_about_by_its_name(
    ada: Person, late: _Server
) -> None:
    late.meanwhile = give_up_and_end_it
    job = sent(ada, SOUND)
    assert (job.state, bool(job.task_id)) == (State.FAILED, True)
    assert job.late_look_at is not None


def test_a_clear_no_is_one_however_late(
    ada: Person, late: _Server, simulator: RunningSimulator
) -> None:
    simulator.faults.add(stage="submit", kind="code", value=1301)
    job = sent(ada, SPEECH)
    assert (job.state, job.error_code) == (State.FAILED, "content_policy")
    assert ada.api.credits() == {"balance": "100", "held": "0", "available": "100"}


def test_what_was_surely_not_accepted_is_sent_again(
    ada: Person, late: _Server, simulator: RunningSimulator
) -> None:
    simulator.faults.add(stage="submit", kind="code", value=1302)

    def once() -> None:
        late.meanwhile = lambda: None
        give_up()

    late.meanwhile = once
    assert finish(create(ada.api, SPEECH)["id"]).state == State.SUCCEEDED
    assert len(simulator.submissions()) == 2


def test_no_answer_leaves_it_in_doubt(
    ada: Person, late: _Server, simulator: RunningSimulator
) -> None:
    simulator.faults.add(stage="submit", kind="drop", accepted=True)
    job = sent(ada, SPEECH)
    assert (job.state, job.task_id) == (State.RECONCILING, "")
    assert ada.api.credits()["held"] == "0.05"


def test_a_no_to_an_earlier_attempt_is_none_to_a_later_one(
    ada: Person, late: _Server, simulator: RunningSimulator
) -> None:
    def try_again() -> None:
        give_up()
        Generation.objects.update(attempts=F("attempts") + 1)

    simulator.faults.add(stage="submit", kind="code", value=1301)
    late.meanwhile = try_again
    assert sent(ada, SPEECH).state == State.RECONCILING
    assert ada.api.credits()["held"] == "0.05"
