"""Equal names at the same moment: the database decides who was first."""

from __future__ import annotations

import pytest

from generations.models import Generation, ProviderAccount
from tests.conftest import Person, make_person
from tests.generations.kling_api.conftest import KlingApi
from tests.generations.test_idempotency import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
PATH = "audio/text-to-audio"
WAVES = {"prompt": "Waves", "duration": 3}
NAMED = WAVES | {"external_task_id": "mine"}
TAKEN = (400, 1201, "External_task_id mine already exists")


def post(kling: KlingApi, body: dict[str, object]) -> tuple[int, int, str]:
    answer = kling.post(PATH, body)
    return answer.status_code, answer.json()["code"], answer.json()["message"]


def test_one_of_twenty_equal_names_is_taken_on(
    ada: Person, kling: KlingApi, cloudsway: ProviderAccount
) -> None:
    answers = at_once(20, lambda: post(kling, NAMED))

    assert sorted(answers) == [(200, 0, "SUCCEED")] + [TAKEN] * 19
    assert Generation.objects.count() == 1
    assert ada.api.get("/credits").json()["held"] == "0.25"


def test_twenty_without_a_name_are_twenty_tasks(
    kling: KlingApi, cloudsway: ProviderAccount
) -> None:
    """The control."""
    answers = at_once(20, lambda: post(kling, WAVES))

    assert answers == [(200, 0, "SUCCEED")] * 20
    assert Generation.objects.count() == 20


def test_who_comes_second_hears_of_the_name_not_of_credits(cloudsway: ProviderAccount) -> None:
    """Told that there are no credits, the program would think that nothing was made."""
    poor = make_person("poor@example.com", credits="0.25")
    answers = at_once(8, lambda: post(KlingApi(poor.api.key), NAMED))

    assert sorted(answers) == [(200, 0, "SUCCEED")] + [TAKEN] * 7
