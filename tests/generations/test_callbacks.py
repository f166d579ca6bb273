"""A callback wakes the poller and is believed in nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from standardwebhooks import Webhook

from generations.models import Generation, ProviderAccount, State
from tests.conftest import Person
from tests.generations.test_main_job import SOUND, create
from tests.working import reach
from webhooks.secrets import seal

pytestmark = pytest.mark.django_db
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
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


def test_it_leaves_a_finished_job_alone(running: Generation) -> None:
    Generation.objects.filter(pk=running.pk).update(
        state=State.FAILED, due_at=None, finished_at=timezone.now()
    )
    assert call(running.callback_token).status_code == 200
    assert Generation.objects.get(pk=running.pk).due_at is None
