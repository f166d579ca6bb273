"""Operations whose create call has the result already: a verdict at once, or nobody's word."""

from __future__ import annotations

import pytest

from accounts.models import Plan
from billing import ledger
from billing.models import Entry
from generations.models import Generation, ProviderAccount, State
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account, make_person
from tests.generations.test_main_job import SOUND, create
from tests.working import call, finish, reach, work_until

pytestmark = pytest.mark.django_db(transaction=True)
SPEECH = {
    "operation": "text-to-speech",
    "input": {"text": "Good evening.", "voice_id": "oversea_male1", "voice_language": "en"},
}


@pytest.fixture
def official(db: None, simulator: RunningSimulator) -> ProviderAccount:
    return make_account(simulator.url, dialect="official")


@pytest.mark.parametrize("dialect", ["cometapi", "official"])
def test_it_is_done_without_a_poll(ada: Person, simulator: RunningSimulator, dialect: str) -> None:
    make_account(simulator.url, dialect=dialect)
    made = create(ada.api, SPEECH)
    assert made["credits"]["held"] == "0.05"
    call("generations.tasks.dispatch")
    job = Generation.objects.get(public_id=made["id"])
    assert (job.state, bool(job.task_id)) == (State.STORING, True)
    states = [step.now for step in job.transitions.all()]
    assert states == ["queued", "submitting", "processing", "storing"]
    finish(made["id"])
    done = ada.api.get(f"/generations/{made['id']}").json()
    assert (done["status"], done["credits"]["charged"]) == ("succeeded", "0.05")
    [asset] = done["assets"]
    assert (asset["kind"], asset["media_type"]) == ("audio", "audio/mpeg")
    assert len(simulator.tasks()) == 1
    assert Entry.objects.get(hold=job.hold).amount == -50_000


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize("kind", ["drop", "http_500", "broken_json"])
def test_an_unclear_answer_waits_for_the_operator(
    ada: Person,
    official: ProviderAccount,
    simulator: RunningSimulator,
    kind: str,
    accepted: bool,
) -> None:
    simulator.faults.add(stage="submit", kind=kind, accepted=accepted)
    job = reach(create(ada.api, SPEECH)["id"], State.RECONCILING)
    assert "Look into its own records" in job.attention
    work_until(lambda: Generation.objects.get(pk=job.pk).checks > 0)
    job.refresh_from_db()
    assert job.state == State.RECONCILING
    assert ada.api.get("/credits").json()["held"] == "0.05"
    assert len(simulator.tasks()) == int(accepted)
    assert len(simulator.submissions()) == 1
    assert ledger.check().violations == []


def test_a_job_that_waits_for_the_operator_is_in_nobodys_way(
    official: ProviderAccount, simulator: RunningSimulator
) -> None:
    Plan.objects.filter(slug="free").update(running_jobs=1)
    ProviderAccount.objects.update(parallel_tasks=1)
    person = make_person("free@example.com", credits="100", plan="free")
    simulator.faults.add(stage="submit", kind="drop", accepted=True, times=1)
    parked = reach(create(person.api, SPEECH)["id"], State.RECONCILING)
    page = person.browser.get(f"/generations/{parked.public_id}").content.decode()
    assert "We look into it by hand" in page
    assert "we keep asking" not in page
    assert finish(create(person.api, SPEECH)["id"]).state == State.SUCCEEDED
    assert person.api.get("/credits").json()["held"] == "0.05"
    parked.refresh_from_db()
    assert parked.state == State.RECONCILING


def test_a_job_that_the_provider_is_asked_about_takes_its_slot(
    official: ProviderAccount, simulator: RunningSimulator
) -> None:
    Plan.objects.filter(slug="free").update(running_jobs=1)
    person = make_person("free@example.com", credits="100", plan="free")
    simulator.faults.add(stage="submit", kind="drop", accepted=True, times=1)
    reach(create(person.api, SOUND)["id"], State.RECONCILING)
    assert person.api.post("/generations", SPEECH).json()["code"] == "quota_exceeded"


@pytest.mark.parametrize(
    ("code", "state"), [(1301, "failed"), (1302, "succeeded"), (5001, "succeeded")]
)
def test_a_clear_answer_is_taken_as_ever(
    ada: Person, official: ProviderAccount, simulator: RunningSimulator, code: int, state: str
) -> None:
    simulator.faults.add(stage="submit", kind="code", value=code)
    job = finish(create(ada.api, SPEECH)["id"])
    assert job.state == state
    assert ada.api.get("/credits").json()["held"] == "0"


@pytest.mark.parametrize("kind", ["fail", "no_url"])
def test_a_verdict_without_a_result_charges_nothing(
    ada: Person, official: ProviderAccount, simulator: RunningSimulator, kind: str
) -> None:
    simulator.faults.add(stage="task", kind=kind)
    job = finish(create(ada.api, SPEECH)["id"])
    assert (job.state, job.charged) == (State.FAILED, 0)
    assert ada.api.credits() == {"balance": "100", "held": "0", "available": "100"}
