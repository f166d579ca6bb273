"""A frozen workspace, and one that owes: no door starts a job, and each says why."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client

import billing.credits
from billing.amounts import to_micro
from billing.models import Hold
from generations.models import Generation, ProviderAccount
from tests.conftest import Person
from tests.generations.pages import open_studio
from tests.generations.test_main_job import SOUND
from tests.generations.test_pages_studio import PROMPT, text

pytestmark = pytest.mark.django_db
FROZEN = "New jobs cannot start: A payment is disputed. Please contact support."
OWED = "100 credits are owed for a payment that was taken back."
KLING_SOUND = {"prompt": "Waves on a beach", "duration": 3}


@pytest.fixture
def frozen(ada: Person, cloudsway: ProviderAccount) -> Person:
    with transaction.atomic():
        billing.credits.freeze(workspace=ada.workspace, reason="A payment is disputed")
    return ada


@pytest.fixture
def indebted(ada: Person, cloudsway: ProviderAccount) -> Person:
    """All that Ada had was spent, and then taken back."""
    with transaction.atomic():
        hold = billing.credits.hold(workspace=ada.workspace, amount=to_micro(100), key="job")
        billing.credits.settle(hold=hold, amount=to_micro(100))
        billing.credits.claw_back(
            workspace=ada.workspace,
            amount=to_micro(100),
            key="refund",
            note="Refunded",
            lot_key="test:ada@example.com",
        )
    return ada


def ask_kling(person: Person) -> dict[str, object]:
    client = Client(headers={"Authorization": f"Bearer {person.api.key}"})
    answer = client.post(
        "/kling/v1/audio/text-to-audio", KLING_SOUND, content_type="application/json"
    )
    return {"status": answer.status_code, **answer.json()}


def test_the_api_says_that_a_workspace_is_frozen(frozen: Person) -> None:
    answer = frozen.api.post("/generations", SOUND)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert answer.json()["detail"] == FROZEN
    assert not Generation.objects.exists()
    assert not Hold.objects.exists()


def test_klings_api_says_it_in_klings_words(frozen: Person) -> None:
    answer = ask_kling(frozen)
    assert (answer["status"], answer["code"], answer["message"]) == (403, 1103, FROZEN)


def test_the_studio_says_it_before_and_after_the_button(frozen: Person) -> None:
    form = open_studio(frozen.browser)
    assert FROZEN in text(frozen.browser.get("/studio/"))
    response = form.send(frozen.browser, input__prompt=PROMPT)
    assert response.status_code == 403
    assert FROZEN in text(response)
    assert FROZEN in text(frozen.browser.get("/credits/"))


def test_the_api_says_what_is_owed(indebted: Person) -> None:
    answer = indebted.api.post("/generations", SOUND)
    body = answer.json()
    assert (answer.status_code, body["code"], body["debt"]) == (402, "insufficient_credits", "100")
    assert body["detail"].startswith(OWED)


def test_klings_api_says_what_is_owed(indebted: Person) -> None:
    answer = ask_kling(indebted)
    assert (answer["status"], answer["code"]) == (429, 1102)
    assert OWED in str(answer["message"])


def test_the_studio_and_the_credits_page_say_what_is_owed(indebted: Person) -> None:
    form = open_studio(indebted.browser)
    response = form.send(indebted.browser, input__prompt=PROMPT)
    assert response.status_code == 402
    assert OWED in text(response)
    assert OWED in text(indebted.browser.get("/credits/"))
