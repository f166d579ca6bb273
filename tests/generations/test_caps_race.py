"""Many jobs at once under a cap that has room for one. The control shows what the lock prevents."""

from __future__ import annotations

import threading

import pytest
from django.db import transaction

from accounts.access import Actor
from accounts.models import ApiKey, Workspace
from billing.amounts import to_micro
from generations.models import Generation, ProviderAccount
from generations.spending import refuse_above_caps
from tests.billing.test_races import together
from tests.conftest import Person
from tests.generations.builders import make_storing
from tests.generations.test_main_job import SOUND

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
THREADS = 8
PRICE = "0.25"


def test_jobs_at_once_do_not_pass_a_cap_for_one(ada: Person, cloudsway: ProviderAccount) -> None:
    Workspace.objects.update(daily_cap=to_micro(PRICE))
    calls = [lambda: ada.api.post("/generations", SOUND).status_code] * THREADS
    assert sorted(map(str, together(calls))) == ["202"] + ["429"] * (THREADS - 1)
    assert Generation.objects.count() == 1
    assert ada.api.get("/credits").json()["held"] == PRICE


def test_they_do_not_pass_a_key_s_cap_either(ada: Person, cloudsway: ProviderAccount) -> None:
    ApiKey.objects.update(daily_cap=3 * to_micro(PRICE), monthly_cap=2 * to_micro(PRICE))
    calls = [lambda: ada.api.post("/generations", SOUND).status_code] * THREADS
    assert sorted(map(str, together(calls))) == ["202"] * 2 + ["429"] * (THREADS - 2)


def test_who_counts_before_locking_lets_all_of_them_pass(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    """The control: the same count and the same rows, but the account is locked afterwards."""
    Workspace.objects.update(daily_cap=to_micro(PRICE))
    counted = threading.Barrier(2)

    def count_then_create(number: int) -> Generation:
        workspace = Workspace.objects.select_related("plan").get(pk=ada.workspace.pk)
        with transaction.atomic():
            refuse_above_caps(Actor(workspace=workspace), credits=to_micro(PRICE))
            counted.wait(timeout=20)
            return make_storing(ada.workspace, cloudsway, task_id=str(number), credits=PRICE)

    together([lambda n=n: count_then_create(n) for n in range(2)])  # type: ignore[misc]
    assert Generation.objects.count() == 2
