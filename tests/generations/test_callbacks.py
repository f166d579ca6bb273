"""A callback wakes the poller and is believed in nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from standardwebhooks import Webhook

from generations import verdicts
from generations.models import Generation, ProviderAccount, State
from kling.simulator.server import RunningSimulator
from kling.tasks import Task
from tests.conftest import Person
from tests.generations.test_main_job import SOUND, create
from tests.working import call as work
from tests.working import reach
from webhooks.secrets import seal

pytestmark = pytest.mark.django_db
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
# As Kling publishes it with its description of signed callbacks.
KLINGS_SECRET = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI="
KLINGS_TIME = 1781080794
KLINGS_HEADERS = {
    "webhook-id": "9876543210",
    "webhook-timestamp": str(KLINGS_TIME),
    "webhook-signature": "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=",
}
KLINGS_BODY = (
    '{"id":"1234567890","status":"succeeded","message":"",'
    '"create_time":1781080778802,"update_time":1781080794151}'
)
LIE = {"task_id": "1", "task_status": "succeed", "final_unit_deduction": "0"}


@pytest.fixture
def running(ada: Person, cloudsway: ProviderAccount) -> Generation:
    body = {**SOUND, "input": {"prompt": "[slow] rain", "duration": 3}}
    generation = reach(create(ada.api, body)["id"], State.PROCESSING)
    later = timezone.now() + timedelta(hours=1)
    Generation.objects.filter(pk=generation.pk).update(due_at=later)
    return generation


def call(token: str, body: Any = LIE, **headers: str) -> Any:
    return Client().post(
        f"/hooks/kling/{token}", body, content_type="application/json", headers=headers
    )


def test_it_only_wakes_the_poller(running: Generation) -> None:
    assert call(running.callback_token).status_code == 200
    woken = Generation.objects.get(pk=running.pk)
    assert woken.due_at is not None
    assert woken.due_at <= timezone.now()
    assert (woken.state, woken.final_unit_deduction) == (State.PROCESSING, "")


@pytest.mark.parametrize("body", ["", "{", "<html>", "[]"])
def test_it_does_not_mind_what_the_body_is(running: Generation, body: str) -> None:
    assert call(running.callback_token, body).status_code == 200


def test_it_does_not_read_a_large_body(running: Generation) -> None:
    # The client's payload is short: reading what the header says would fail.
    path = f"/hooks/kling/{running.callback_token}"
    too_large = Client().post(path, LIE, "application/json", CONTENT_LENGTH=str(256 * 1024 + 1))
    assert too_large.status_code == 413
    assert call(running.callback_token, "x" * 256 * 1024).status_code == 200


def test_it_does_not_know_other_tokens(running: Generation) -> None:
    assert call("0" * 32).status_code == 404
    assert Client().get(f"/hooks/kling/{running.callback_token}").status_code == 405


def test_it_checks_the_signature_where_there_is_a_secret(
    running: Generation, cloudsway: ProviderAccount
) -> None:
    ProviderAccount.objects.update(callback_secret=seal(SECRET))
    assert call(running.callback_token, "{}").status_code == 400
    now = timezone.now()
    signature = Webhook(SECRET).sign("msg_1", now, "{}")
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    assert call(running.callback_token, "{}", **headers).status_code == 200
    assert call(running.callback_token, '{"a": 1}', **headers).status_code == 400


@pytest.mark.parametrize(("age", "status"), [(0, 200), (301, 400), (-301, 400)])
def test_it_takes_klings_published_signature_in_its_time(
    running: Generation, age: int, status: int
) -> None:
    ProviderAccount.objects.update(callback_secret=seal(KLINGS_SECRET))
    path = f"/hooks/kling/{running.callback_token}"
    with time_machine.travel(KLINGS_TIME + age):
        answer = Client().post(path, KLINGS_BODY, "application/json", headers=KLINGS_HEADERS)
    assert answer.status_code == status


def test_it_takes_nothing_where_the_secret_cannot_be_read(
    running: Generation, cloudsway: ProviderAccount
) -> None:
    ProviderAccount.objects.update(callback_secret="sealed with another key")
    assert call(running.callback_token).status_code == 400


def test_it_leaves_a_finished_job_alone(running: Generation) -> None:
    Generation.objects.filter(pk=running.pk).update(
        state=State.FAILED, due_at=None, finished_at=timezone.now()
    )
    assert call(running.callback_token).status_code == 200
    assert Generation.objects.get(pk=running.pk).due_at is None


def test_it_is_not_forgotten_while_the_provider_is_asked(running: Generation) -> None:
    """The answer was given before the callback, and is taken in after it."""
    Generation.objects.filter(pk=running.pk).update(due_at=timezone.now() + timedelta(seconds=90))
    claimed = Generation.objects.get(pk=running.pk)
    assert call(running.callback_token).status_code == 200
    verdicts.apply(claimed, Task("1", "processing"))
    woken = Generation.objects.get(pk=running.pk)
    assert woken.due_at is not None
    assert woken.due_at <= timezone.now()


@pytest.mark.django_db(transaction=True)
def test_it_does_not_shorten_the_grace_of_a_job_in_doubt(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator, settings: Any
) -> None:
    """A provider that does not find a task yet must not get it a second time."""
    settings.TIMER_SCALE = 1.0
    simulator.faults.add(stage="submit", kind="drop", accepted=True, times=1)
    simulator.faults.add(stage="query", kind="not_found", times=None)
    generation = reach(create(ada.api, SOUND)["id"], State.RECONCILING)
    for _ in range(8):
        call(generation.callback_token)
        work("generations.tasks.refresh")
    generation.refresh_from_db()
    assert (generation.state, generation.attempts) == (State.RECONCILING, 1)
    assert generation.checks >= 8
