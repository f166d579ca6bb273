"""An account whose provider reports arrears: nothing more is sent, nothing is lost, one mail."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from billing import ledger
from generations import alarms, providers
from generations.models import Generation, Notice, ProviderAccount, State
from generations.views.board import board
from kling.packs import are_used_up
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations.test_main_job import SOUND, create
from tests.installation import ROOT
from tests.working import call, finish, work_until

pytestmark = pytest.mark.django_db(transaction=True)
TROUBLE = [
    {"kind": "code", "value": 1101},
    {"kind": "code", "value": 1102},
    {"kind": "code", "value": 1103},
    {"kind": "code", "value": 1002, "http": 401},
]
TRY = ("generations.tasks.try_accounts", ())


@pytest.fixture
def official(db: None, simulator: RunningSimulator) -> ProviderAccount:
    return make_account(simulator.url, slug="kling", dialect="official")


def refuse(simulator: RunningSimulator, times: int | None = 1, **fault: Any) -> None:
    simulator.faults.add(stage="submit", times=times, **(fault or TROUBLE[1]))


def send() -> None:
    Generation.objects.filter(state=State.QUEUED).update(due_at=timezone.now())
    call("generations.tasks.dispatch")


def tell_operators() -> list[str]:
    call("generations.tasks.tell_operators")
    return [sent.subject for sent in mail.outbox]


def is_paused(account: ProviderAccount) -> bool:
    return ProviderAccount.objects.filter(pk=account.pk, paused_at__isnull=False).exists()


@pytest.mark.parametrize("fault", TROUBLE, ids=lambda fault: str(fault["value"]))
def test_nothing_more_is_sent_and_nothing_is_lost(
    ada: Person,
    cloudsway: ProviderAccount,
    simulator: RunningSimulator,
    settings: Any,
    fault: dict[str, Any],
) -> None:
    settings.OPERATOR_EMAILS = ["op@example.com"]
    refuse(simulator, None, **fault)
    jobs = [str(create(ada.api, SOUND)["id"]) for _ in range(20)]
    for _ in range(3):
        send()
    # Those that were under way together with the first refusal, and none after it.
    assert Generation.objects.filter(attempts__gt=1).count() == 0
    assert Generation.objects.filter(attempts=1).count() <= 16
    assert Generation.objects.filter(state=State.QUEUED).count() == 20
    assert ada.api.get("/credits").json()["held"] == "5"
    for _ in range(2):
        assert tell_operators() == ["cloudsway takes no more jobs"]
    assert mail.outbox[0].to == ["op@example.com"]
    assert str(fault["value"]) in mail.outbox[0].body
    assert f"/admin/generations/provideraccount/{cloudsway.pk}/change/" in mail.outbox[0].body
    simulator.faults.clear()
    providers.resume(cloudsway)
    for public_id in jobs[:2]:
        assert finish(public_id).state == State.SUCCEEDED
    work_until(lambda: not Generation.objects.exclude(state=State.SUCCEEDED).exists(), seconds=60)
    assert len(simulator.tasks()) == 20
    assert ledger.check().violations == []


def test_it_closes_by_itself_when_the_provider_is_well(
    ada: Person, official: ProviderAccount, simulator: RunningSimulator
) -> None:
    refuse(simulator)
    public_id = str(create(ada.api, SOUND)["id"])
    send()
    assert is_paused(official)
    assert TRY not in alarms.due()
    ProviderAccount.objects.update(try_at=timezone.now())
    assert TRY in alarms.due()
    call(*TRY)
    assert not is_paused(official)
    assert finish(public_id).state == State.SUCCEEDED
    official.refresh_from_db()
    assert (official.trouble_since, official.tries) == (None, 0)


def test_it_is_tried_ever_more_rarely_and_told_of_once(
    ada: Person, official: ProviderAccount, simulator: RunningSimulator, settings: Any
) -> None:
    settings.TIMER_SCALE = 1
    refuse(simulator, None)
    create(ada.api, SOUND)
    waits = []
    for _ in range(3):
        send()
        official.refresh_from_db()
        assert official.try_at is not None
        waits.append(round((official.try_at - timezone.now()) / timedelta(minutes=5)))
        ProviderAccount.objects.update(try_at=timezone.now())
        call(*TRY)
        assert not is_paused(official)
    assert waits == [1, 2, 4]
    assert Notice.objects.count() == 1
    providers.resume(official)
    send()
    assert Notice.objects.count() == 2  # the operator had mended it, and it is new


def test_it_stays_open_while_the_provider_does_not_answer(
    ada: Person, official: ProviderAccount, simulator: RunningSimulator
) -> None:
    refuse(simulator)
    create(ada.api, SOUND)
    send()
    ProviderAccount.objects.update(try_at=timezone.now(), base_url="http://127.0.0.1:9")
    call(*TRY)
    assert is_paused(official)
    official.refresh_from_db()
    assert official.tries == 1
    assert official.try_at is not None
    assert official.try_at > timezone.now()


def test_one_that_cannot_be_asked_waits_for_the_operator(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    refuse(simulator)
    create(ada.api, SOUND)
    send()
    cloudsway.refresh_from_db()
    assert is_paused(cloudsway)
    assert cloudsway.try_at is None


def test_pages_say_that_jobs_wait(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    refuse(simulator)
    public_id = create(ada.api, SOUND)["id"]
    send()
    page = ada.browser.get(f"/generations/{public_id}").content.decode()
    assert "Generation is paused" in page
    assert "goes on by itself" in page
    assert "Paused" in ada.browser.get("/gallery/").content.decode()
    [ticket] = re.findall('data-ticket="([^"]+)"', page)
    assert ada.browser.get("/live", {"job": ticket}).json()["changed"] == []
    providers.resume(cloudsway)
    board.forget()  # as after a second
    assert ada.browser.get("/live", {"job": ticket}).json()["changed"] == [0]


@pytest.mark.parametrize(
    ("packs", "expected"),
    [
        ([], False),
        ([{"status": "online", "remaining_quantity": 0.5}], False),
        ([{"status": "online", "remaining_quantity": 0.0}], True),
        ([{"status": "runOut", "remaining_quantity": 7}, {"status": "expired"}], True),
        ([{"status": "online", "remaining_quantity": "much"}], False),
    ],
)
def test_it_knows_used_up_packs(packs: list[dict[str, Any]], expected: bool) -> None:
    assert are_used_up({"resource_pack_subscribe_infos": packs}) is expected


@pytest.mark.parametrize("name", ["official_costs", "official_costs_without_packs"])
def test_real_answers_are_no_reason_to_stay_open(name: str) -> None:
    answer = json.loads((ROOT / "tests/payloads/answers" / f"{name}.json").read_text())
    assert not are_used_up(answer["data"])
