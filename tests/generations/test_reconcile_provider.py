from __future__ import annotations

import io
import json
from typing import Any

import pytest
import requests
from django.core.management import call_command

from generations.models import Generation
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations.test_main_job import SOUND, create
from tests.working import finish

pytestmark = pytest.mark.django_db


def report() -> dict[str, Any]:
    out = io.StringIO()
    call_command("reconcile_provider", stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.parametrize("dialect", ["official", "cloudsway"])
def test_it_finds_nothing_when_all_is_well(
    ada: Person, simulator: RunningSimulator, dialect: str
) -> None:
    make_account(simulator.url, dialect=dialect)
    finish(create(ada.api, SOUND)["id"])
    assert report() == {
        "checked": 1,
        "orphans": [],
        "missing": [],
        "mismatched": [],
        "unchecked": [],
    }


def test_it_finds_a_task_that_belongs_to_no_job(simulator: RunningSimulator, db: None) -> None:
    make_account(simulator.url, dialect="official")
    made = requests.post(
        f"{simulator.url}/v1/audio/text-to-audio",
        json={"prompt": "rain", "duration": 3, "external_task_id": "not-ours"},
        headers={"Authorization": "Bearer test-key"},
        timeout=5,
    ).json()
    [orphan] = report()["orphans"]
    assert orphan["task_id"] == made["data"]["task_id"]


@pytest.mark.parametrize("dialect", ["official", "cloudsway"])
def test_it_finds_what_differs(ada: Person, simulator: RunningSimulator, dialect: str) -> None:
    make_account(simulator.url, dialect=dialect)
    other = finish(create(ada.api, SOUND)["id"])
    gone = finish(create(ada.api, SOUND)["id"])
    Generation.objects.filter(pk=other.pk).update(final_unit_deduction="0.5")
    Generation.objects.filter(pk=gone.pk).update(task_id="999999999999999999", external_task_id="x")
    found = report()
    assert [row["id"] for row in found["mismatched"]] == [other.public_id]
    assert [row["id"] for row in found["missing"]] == [gone.public_id]


def test_it_says_whom_it_could_not_ask(db: None) -> None:
    make_account("http://127.0.0.1:9", dialect="official")
    [row] = report()["unchecked"]
    assert row["account"] == "official"
