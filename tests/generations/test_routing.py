"""Which account gets a job: by priority, cost, free slots and health, of those that take it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from generations.models import Generation, ProviderAccount, State
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations.test_main_job import SOUND, create
from tests.working import call, finish

pytestmark = pytest.mark.django_db
# Nobody is called before a worker runs.
NOWHERE = "http://127.0.0.1:9"
OLD_MODEL: dict[str, Any] = {
    "operation": "text-to-video",
    "input": {"prompt": "sea", "model_name": "kling-v1-6", "mode": "std", "duration": "5"},
}


def account(slug: str, **fields: Any) -> ProviderAccount:
    return make_account(NOWHERE, slug=slug, **{"dialect": "cometapi", **fields})


def goes_to(person: Person, body: dict[str, Any] = SOUND) -> str:
    return create(person.api, body)["provider"]["account"]


def refusal(person: Person, body: dict[str, Any]) -> tuple[int, str, list[tuple[str, str]]]:
    answer = person.api.post("/generations", body)
    errors = [(one["field"], one["code"]) for one in answer.json().get("errors", [])]
    return answer.status_code, answer.json()["code"], errors


def test_the_operators_priority_comes_first(ada: Person) -> None:
    account("cheap", priority=20, unit_cost="0.1")
    account("first", priority=10, unit_cost="0.9")
    assert goes_to(ada) == "first"


def test_the_cheapest_of_equal_priority_comes_first(ada: Person) -> None:
    account("unknown")
    account("dear", unit_cost="0.14")
    account("cheap", unit_cost="0.098")
    assert goes_to(ada) == "cheap"
    ProviderAccount.objects.filter(slug="cheap").update(enabled=False)
    assert goes_to(ada) == "dear"


def test_jobs_spread_over_equal_accounts(ada: Person) -> None:
    for slug in ("one", "two", "three"):
        account(slug)
    assert sorted(goes_to(ada) for _ in range(6)) == ["one", "one", "three", "three", "two", "two"]


def test_the_account_with_the_most_free_slots_comes_first(ada: Person) -> None:
    account("narrow", parallel_tasks=2)
    account("wide", parallel_tasks=5)
    assert [goes_to(ada) for _ in range(4)] == ["wide", "wide", "wide", "narrow"]


def test_slots_are_counted_by_model(ada: Person) -> None:
    account("narrow", parallel_tasks=1)
    account("wide", parallel_tasks=2)
    assert [goes_to(ada), goes_to(ada), goes_to(ada, OLD_MODEL)] == ["wide", "narrow", "wide"]


def test_what_holds_no_slot_leaves_room(ada: Person) -> None:
    """Neither a job that waits for an approval, nor one of which nothing was heard for hours."""
    account("narrow", parallel_tasks=2)
    account("wide", parallel_tasks=3)
    assert [goes_to(ada), goes_to(ada)] == ["wide", "narrow"]
    on_wide = Generation.objects.filter(account__slug="wide")
    on_wide.update(approval="waiting")
    assert [goes_to(ada), goes_to(ada)] == ["wide", "wide"]
    long_ago = timezone.now() - timedelta(hours=3)
    on_wide.exclude(approval="waiting").update(state=State.RECONCILING, submitted_at=long_ago)
    assert goes_to(ada) == "wide"


def test_an_account_that_has_failed_lately_stands_behind_its_equals(ada: Person) -> None:
    now = timezone.now()
    account("unwell", parallel_tasks=9, failures=3, failed_at=now - timedelta(minutes=1))
    account("well", parallel_tasks=5)
    assert goes_to(ada) == "well"
    ProviderAccount.objects.filter(slug="unwell").update(failed_at=now - timedelta(minutes=10))
    assert goes_to(ada) == "unwell"


def test_a_full_account_stands_behind_an_unwell_one(ada: Person) -> None:
    account("narrow", parallel_tasks=1)
    assert goes_to(ada) == "narrow"
    account("unwell", failures=1, failed_at=timezone.now())
    assert goes_to(ada) == "unwell"


def test_a_failed_call_is_noted_and_a_success_clears_it(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    simulator.faults.add(stage="submit", kind="http_500", accepted=True)
    first = create(ada.api, SOUND)["id"]
    call("generations.tasks.dispatch")
    cloudsway.refresh_from_db()
    assert (cloudsway.failures, cloudsway.is_unwell) == (1, True)
    finish(first)
    finish(create(ada.api, SOUND)["id"])
    cloudsway.refresh_from_db()
    assert (cloudsway.failures, cloudsway.failed_at) == (0, None)


def test_a_full_queue_is_no_illness(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    simulator.faults.add(stage="submit", kind="code", value=1303)
    create(ada.api, SOUND)
    call("generations.tasks.dispatch")
    cloudsway.refresh_from_db()
    assert (cloudsway.failures, cloudsway.is_unwell) == (0, False)


def test_an_account_that_does_not_serve_the_model_is_passed_over(ada: Person) -> None:
    account("first", dialect="cloudsway", priority=1)
    account("second")
    assert goes_to(ada, OLD_MODEL) == "second"


@pytest.mark.parametrize("name", ["kling-v1-6", "text-to-video", "text-to-video/kling-v1-6"])
def test_what_the_operator_has_switched_off_goes_elsewhere(ada: Person, name: str) -> None:
    account("first", priority=1, disabled_models=[name])
    account("second")
    assert goes_to(ada, OLD_MODEL) == "second"
    assert goes_to(ada, SOUND) == "first"


def test_a_model_that_is_switched_off_everywhere_is_refused(ada: Person) -> None:
    account("only", disabled_models=["text-to-video/kling-v1-6"])
    assert refusal(ada, OLD_MODEL) == (
        422,
        "invalid_input",
        [("input.model_name", "not_offered")],
    )
    found = ada.api.get("/operations/text-to-video").json()
    assert "kling-v1-6" not in found["input_schema"]["properties"]["model_name"]["enum"]
    assert "kling-v1-6" not in [model["name"] for model in found["models"]]
    assert "kling-v2-6" in [model["name"] for model in found["models"]]
    page = ada.browser.get("/studio/text-to-video/").content.decode()
    assert 'value="kling-v1-6"' not in page


def test_an_operation_that_is_switched_off_everywhere_is_not_offered(ada: Person) -> None:
    account("only", disabled_models=["text-to-audio"])
    assert refusal(ada, SOUND) == (422, "invalid_input", [("operation", "not_offered")])
    listed = [one["name"] for one in ada.api.get("/operations").json()["data"]]
    assert "text-to-video" in listed
    assert "text-to-audio" not in listed
    assert ada.api.get("/operations/text-to-audio").status_code == 404
    assert ada.browser.get("/studio/text-to-audio/").status_code == 404


def test_without_an_account_nobody_is_there_to_ask(ada: Person) -> None:
    assert refusal(ada, SOUND)[:2] == (503, "provider_unavailable")
    account("paused", paused_at=timezone.now())
    assert refusal(ada, SOUND)[:2] == (503, "provider_unavailable")


def test_the_findings_are_those_of_the_preferred_account(ada: Person) -> None:
    account("second", priority=2)
    account("first", dialect="cloudsway", priority=1)
    wrong = {**OLD_MODEL, "input": {**OLD_MODEL["input"], "mode": "pro", "sound": "on"}}
    assert refusal(ada, wrong)[2] == [("input.model_name", "not_offered")]
    ProviderAccount.objects.filter(slug="second").update(priority=0)
    assert refusal(ada, wrong)[2] == [("input.sound", "not_offered")]


def test_a_quote_holds_while_another_account_has_more_room(ada: Person) -> None:
    account("one")
    account("two")
    quote = ada.api.post("/quotes", SOUND).json()
    assert goes_to(ada) == "one"
    assert goes_to(ada, {**SOUND, "quote_id": quote["id"]}) == "two"


def test_the_catalogue_shows_what_the_enabled_accounts_take(ada: Person) -> None:
    account("cloudsway", dialect="cloudsway")
    narrow = ada.api.get("/operations/text-to-video").json()
    account("cometapi")
    wide = ada.api.get("/operations/text-to-video").json()
    assert narrow["providers"] == ["cloudsway"]
    assert sorted(wide["providers"]) == ["cloudsway", "cometapi"]
    assert {m["name"] for m in narrow["models"]} < {m["name"] for m in wide["models"]}
