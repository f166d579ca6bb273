"""A person decided in the provider's stead, and then the provider spoke after all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

import billing.credits
from accounts.access import Actor
from accounts.models import Role
from billing import ledger
from billing.models import Entry
from generations import actions, asking, decisions, late, verdicts
from generations.errors import NotFinished
from generations.models import Generation, ProviderAccount, State
from generations.states import Stale
from kling.client import QUERY_TIMEOUTS
from kling.simulator.server import RunningSimulator
from kling.tasks import Task
from tests.conftest import Person
from tests.generations.test_main_job import SOUND, create
from tests.waiting import wait_until
from tests.working import finish, reach, work_until

pytestmark = pytest.mark.django_db(transaction=True)
QUOTE = 250_000


@pytest.fixture(autouse=True)
def _ledger_stays_proven(transactional_db: None) -> Iterator[None]:
    yield
    assert ledger.check().violations == []


@pytest.fixture
def doubted(ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator) -> Generation:
    """A job that the provider has accepted, without our hearing of it."""
    simulator.faults.add(stage="submit", kind="drop", accepted=True, times=1)
    return reach(create(ada.api, SOUND)["id"], State.RECONCILING)


def is_in(generation: Generation, state: State) -> Callable[[], bool]:
    return lambda: Generation.objects.get(pk=generation.pk).state == state


def kinds(generation: Generation) -> list[tuple[str, int]]:
    return list(generation.hold.entries.order_by("seq").values_list("kind", "amount"))


def the_verdict_on(job: Generation) -> Task:
    """What the provider says once it has made up its mind."""
    answers: list[Task] = []

    def is_told() -> bool:
        answer = asking.look(job)
        assert isinstance(answer, Task)
        answers.append(answer)
        return answer.status == "succeed"

    wait_until(is_told, seconds=30)
    return answers[-1]


def test_a_late_success_is_delivered_and_charged_once(ada: Person, doubted: Generation) -> None:
    assert decisions.fail_and_release(doubted, by="op@example.com")
    assert ada.api.credits()["balance"] == "100"
    work_until(is_in(doubted, State.SUCCEEDED))
    doubted.refresh_from_db()
    assert kinds(doubted) == [("adjustment", -QUOTE)]
    assert (doubted.charged, doubted.error_code, doubted.late_look_at) == (QUOTE, "", None)
    assert ada.api.credits() == {"balance": "99.75", "held": "0", "available": "99.75"}
    assert doubted.assets.exists()
    assert not late.due().exists()


def test_what_the_customer_has_no_more_is_the_houses_loss(ada: Person, doubted: Generation) -> None:
    decisions.fail_and_release(doubted, by="op@example.com")
    with transaction.atomic():
        billing.credits.hold(workspace=ada.workspace, amount=99_900_000, key="elsewhere")
    work_until(is_in(doubted, State.SUCCEEDED))
    doubted.refresh_from_db()
    assert kinds(doubted) == [("adjustment", -100_000)]
    assert doubted.charged == 100_000
    assert "0.15 credits of it could not be charged any more" in doubted.attention


def test_a_late_success_that_cannot_be_stored_is_given_back(
    ada: Person, doubted: Generation, simulator: RunningSimulator
) -> None:
    simulator.faults.add(stage="download", kind="status", value=404, times=None)
    decisions.fail_and_release(doubted, by="op@example.com")
    lost = Generation.objects.filter(pk=doubted.pk, error_code="result_lost")
    work_until(lost.exists, seconds=60)
    assert kinds(doubted) == [("adjustment", -QUOTE), ("refund", QUOTE)]
    assert ada.api.credits()["balance"] == "100"


def test_a_job_that_the_customer_deleted_stays_deleted(ada: Person, doubted: Generation) -> None:
    decisions.fail_and_release(doubted, by="op@example.com")
    assert ada.api.delete(f"/generations/{doubted.public_id}").status_code == 204
    Generation.objects.filter(pk=doubted.pk).update(late_look_at=doubted.created_at)
    assert late.run() == 0


def test_a_job_that_is_deleted_while_the_provider_answers_is_not_charged(
    ada: Person, doubted: Generation
) -> None:
    decisions.fail_and_release(doubted, by="op@example.com")
    seen = Generation.objects.select_related("account", "hold").get(pk=doubted.pk)
    answer = the_verdict_on(seen)
    assert ada.api.delete(f"/generations/{doubted.public_id}").status_code == 204
    with pytest.raises(Stale):
        verdicts.succeed(seen, answer)
    assert kinds(doubted) == []
    assert ada.api.credits()["balance"] == "100"


def test_a_job_that_begins_to_deliver_while_it_is_deleted_is_kept(
    ada: Person, doubted: Generation
) -> None:
    decisions.fail_and_release(doubted, by="op@example.com")
    seen = Generation.objects.get(pk=doubted.pk)
    work_until(is_in(doubted, State.SUCCEEDED))
    Generation.objects.filter(pk=doubted.pk).update(
        state=State.STORING, due_at=timezone.now(), finished_at=None
    )
    owner = Actor(workspace=ada.workspace, user=ada.user, role=Role.OWNER)
    with pytest.raises(NotFinished):
        actions.delete(seen, by=owner)
    doubted.refresh_from_db()
    assert (doubted.deleted_at, bool(doubted.outputs)) == (None, True)


def test_a_round_is_over_before_the_queue_ends_it(settings: Any) -> None:
    """Also where each query takes as long as it may, of an account that hangs."""
    longest = QUERY_TIMEOUTS.connect + QUERY_TIMEOUTS.read + QUERY_TIMEOUTS.total
    assert late.BATCH * longest < settings.TASK_TIMEOUT


def test_a_job_that_was_never_sent_is_not_asked_about(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    job = Generation.objects.get(public_id=create(ada.api, SOUND)["id"])
    decisions.fail_and_release(job, by="op@example.com")
    job.refresh_from_db()
    assert job.late_look_at is None


@pytest.mark.parametrize(
    ("by_hand", "after"),
    [(QUOTE, []), (100_000, [("adjustment", -150_000)]), (0, [("adjustment", -QUOTE)])],
)
def test_a_success_after_a_settlement_by_hand_is_adjusted(
    doubted: Generation, by_hand: int, after: list[Any]
) -> None:
    with transaction.atomic():
        billing.credits.settle(hold=doubted.hold, amount=by_hand)
    assert finish(doubted.public_id).state == State.SUCCEEDED
    assert [one for one in kinds(doubted) if one[0] != "capture"] == after
    assert sum(amount for _, amount in kinds(doubted)) == -QUOTE


def test_a_failure_after_a_settlement_by_hand_is_given_back(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    simulator.faults.add(stage="task", kind="fail", times=1)
    simulator.faults.add(stage="submit", kind="drop", accepted=True, times=1)
    job = reach(create(ada.api, SOUND)["id"], State.RECONCILING)
    with transaction.atomic():
        billing.credits.settle(hold=job.hold, amount=QUOTE)
    assert finish(job.public_id).state == State.FAILED
    assert kinds(job) == [("capture", -QUOTE), ("adjustment", QUOTE)]
    assert Entry.objects.latest("pk").note == "provider_failed"
    assert ada.api.credits()["balance"] == "100"
