"""`callback_url`: Kling's own bare body at each change of status, tried again and logged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import timezone

from generations.models import Generation, ProviderAccount, State
from tests.conftest import Person
from tests.generations.kling_api.conftest import KlingApi
from tests.webhooks.receiver import Receiver, status
from tests.working import finish, reach
from webhooks import deliveries
from webhooks.models import Delivery, DeliveryState, Message

pytestmark = pytest.mark.django_db
PATH = "audio/text-to-audio"


def send_all() -> None:
    waiting = Delivery.objects.filter(state=DeliveryState.PENDING).order_by("pk")
    for pk in waiting.values_list("pk", flat=True):
        deliveries.deliver(pk)


def create(kling: KlingApi, receiver: Receiver, prompt: str = "Waves") -> str:
    body = {"prompt": prompt, "duration": 3, "callback_url": receiver.url}
    return str(kling.create(PATH, body | {"external_task_id": "mine-1"})["task_id"])


def bodies(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in receiver.received]


def test_it_calls_back_at_each_change(
    kling: KlingApi, cloudsway: ProviderAccount, receiver: Receiver
) -> None:
    task_id = create(kling, receiver)
    send_all()
    assert receiver.received == []
    reach(task_id, State.PROCESSING)
    send_all()
    finish(task_id)
    send_all()

    running, done = bodies(receiver)
    assert [running["task_status"], done["task_status"]] == ["processing", "succeed"]
    assert {running["task_id"], done["task_id"]} == {task_id}
    assert done["task_info"] == {"external_task_id": "mine-1"}
    assert done["final_unit_deduction"] == "0.25"
    [audio] = done["task_result"]["audios"]
    assert audio["url_mp3"].startswith("http")


def test_it_is_the_body_of_a_query(
    kling: KlingApi, cloudsway: ProviderAccount, receiver: Receiver
) -> None:
    task_id = create(kling, receiver)
    finish(task_id)
    send_all()
    called, asked = bodies(receiver)[-1], kling.task(PATH, task_id)

    assert without_links(called) == without_links(asked)
    assert not {"code", "data", "type"} & called.keys()


def without_links(task: dict[str, Any]) -> dict[str, Any]:
    """Links are signed with the time of their making."""
    shown = json.loads(json.dumps(task))
    for audio in shown["task_result"]["audios"]:
        del audio["url_mp3"], audio["url_wav"]
    return dict(shown)


def test_it_tells_of_a_failure(
    kling: KlingApi, cloudsway: ProviderAccount, receiver: Receiver
) -> None:
    finish(create(kling, receiver, prompt="[fail] thunder"))
    send_all()
    last = bodies(receiver)[-1]

    assert (last["task_status"], last["final_unit_deduction"]) == ("failed", "0")
    assert last["task_status_msg"]


def test_it_tells_of_a_cancelling(
    kling: KlingApi, ada: Person, cloudsway: ProviderAccount, receiver: Receiver
) -> None:
    task_id = create(kling, receiver)
    ada.api.post(f"/generations/{task_id}/cancel")
    send_all()
    [only] = bodies(receiver)

    assert (only["task_status"], only["task_status_msg"]) == ("failed", "The task was canceled.")


def test_it_tries_again(kling: KlingApi, cloudsway: ProviderAccount, receiver: Receiver) -> None:
    receiver.answers = [status(503), status(200)]
    reach(create(kling, receiver), State.PROCESSING)
    send_all()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 1)
    Delivery.objects.update(due_at=timezone.now())
    send_all()

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.DELIVERED, 2)
    assert len({one.body for one in receiver.received}) == 1


def test_it_writes_none_for_who_wants_none(kling: KlingApi, cloudsway: ProviderAccount) -> None:
    body = {"prompt": "Waves", "duration": 3, "callback_url": ""}
    finish(str(kling.create(PATH, body)["task_id"]))

    assert not Message.objects.exists()


def test_a_job_of_the_other_api_gets_none(
    ada: Person, cloudsway: ProviderAccount, receiver: Receiver
) -> None:
    body = {"operation": "text-to-audio", "input": {"prompt": "Waves", "duration": 3}}
    created = ada.api.post("/generations", body | {"webhook_url": receiver.url}).json()
    finish(created["id"])
    send_all()

    assert [body["type"] for body in bodies(receiver)] == ["generation.succeeded"]
    assert Generation.objects.get().callback_url == ""


def test_its_log_is_on_the_page(
    kling: KlingApi, ada: Person, cloudsway: ProviderAccount, receiver: Receiver
) -> None:
    finish(create(kling, receiver))
    send_all()
    page = ada.browser.get("/settings/webhooks").content.decode()

    assert "task.processing" in page
    assert "task.succeed" in page
