"""Jobs above a workspace's threshold: held, not sent, and decided once."""

from __future__ import annotations

import html
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.access import Actor
from accounts.keys import create_key
from accounts.models import AuditEvent, Role, Scope
from billing import ledger
from generations import alarms, providers
from generations.models import ApprovalRequest, Generation, ProviderAccount, State
from kling.simulator.server import RunningSimulator
from tests.accounts.conftest import join
from tests.conftest import Api, Person
from tests.generations.kling_api.conftest import KlingApi
from tests.generations.pages import open_studio
from tests.generations.test_main_job import SOUND, VIDEO, create
from tests.webhooks.receiver import running
from tests.working import call, finish
from webhooks.models import Message

pytestmark = pytest.mark.django_db
APPROVALS = ("generations.tasks.approvals", ())


@pytest.fixture
def program(ada: Person, cloudsway: ProviderAccount) -> Api:
    """A key that may not approve, in a workspace where jobs above one credit need it."""
    assert ada.browser.post("/settings/spending/approval", {"above": "1"}).status_code == 302
    owner = Actor(workspace=ada.workspace, user=ada.user, role=Role.OWNER)
    return Api(create_key(by=owner, label="Render farm", scopes=[Scope.READ, Scope.WRITE])[1])


def ask(program: Api, **changes: Any) -> str:
    made = create(program, VIDEO | changes)
    assert (made["status"], made["approval"]["status"]) == ("queued", "waiting")
    return str(made["id"])


def work() -> None:
    """What the clock would ring now, once."""
    for task, args in alarms.due():
        call(task, args)


def job(public_id: str) -> Generation:
    return Generation.objects.get(public_id=public_id)


def held(person: Person) -> str:
    return str(person.api.get("/credits").json()["held"])


def page(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return " ".join(html.unescape(answer.content.decode()).split())


def test_it_waits_with_its_credits_held(
    ada: Person, program: Api, simulator: RunningSimulator
) -> None:
    public_id = ask(program)
    for _ in range(3):
        work()
    assert held(ada) == "2.7"
    assert job(public_id).state == State.QUEUED
    assert simulator.tasks() == []


def test_small_jobs_and_those_of_approvers_do_not_wait(ada: Person, program: Api) -> None:
    assert create(program, SOUND)["approval"] is None
    assert create(ada.api, VIDEO)["approval"] is None


def test_an_approved_job_goes_its_way(ada: Person, program: Api) -> None:
    public_id = ask(program)
    answer = ada.api.post(f"/generations/{public_id}/approve")
    assert answer.status_code == 200
    shown = answer.json()["approval"]
    assert (shown["status"], shown["reason"]) == ("approved", None)
    assert shown["decided_by"] == f"API key {ada.workspace.api_keys.earliest('pk').prefix}"
    done = finish(public_id)
    assert (done.state, done.charged) == (State.SUCCEEDED, 2_700_000)
    assert [row.reason for row in done.transitions.all()][1] == f"approved by {shown['decided_by']}"
    assert ledger.check().violations == []


def test_a_rejected_job_is_cancelled_with_the_reason(
    ada: Person, program: Api, simulator: RunningSimulator
) -> None:
    with running() as receiver:
        public_id = ask(program, webhook_url=receiver.url)
        body = {"reason": "Too dear\nfor a test"}
        shown = ada.api.post(f"/generations/{public_id}/reject", body).json()
    assert (shown["status"], shown["approval"]["status"]) == ("canceled", "rejected")
    assert shown["approval"]["reason"] == "Too dear for a test"
    assert shown["error"]["code"] == "approval_rejected"
    assert shown["error"]["message"].endswith(": Too dear for a test")
    assert held(ada) == "0"
    assert Message.objects.get().type == "generation.canceled"
    work()
    assert simulator.tasks() == []
    assert ledger.check().violations == []


def test_the_second_answer_changes_nothing(ada: Person, program: Api) -> None:
    public_id = ask(program)
    assert ada.api.post(f"/generations/{public_id}/approve").status_code == 200
    for verb in ("approve", "reject"):
        answer = ada.api.post(f"/generations/{public_id}/{verb}")
        assert (answer.status_code, answer.json()["code"]) == (409, "already_decided")
        assert answer.json()["detail"] == "This job was approved already."
    assert held(ada) == "2.7"
    assert job(public_id).state == State.QUEUED


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_a_withdrawn_job_cannot_be_decided(ada: Person, program: Api, verb: str) -> None:
    public_id = ask(program)
    assert program.post(f"/generations/{public_id}/cancel").status_code == 200
    answer = ada.api.post(f"/generations/{public_id}/{verb}")
    assert answer.json()["detail"] == "This job was cancelled meanwhile."
    assert program.get(f"/generations/{public_id}").json()["approval"]["status"] == "withdrawn"
    assert held(ada) == "0"
    work()
    assert mail.outbox == []
    assert APPROVALS not in alarms.due()


def test_only_those_who_may_approve(ada: Person, program: Api) -> None:
    public_id = ask(program)
    bob = join(ada, Role.MEMBER)
    for verb in ("approve", "reject"):
        refused = program.post(f"/generations/{public_id}/{verb}")
        assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
        assert bob.post(f"/generations/{public_id}/{verb}").status_code == 403
    assert bob.get("/approvals/").status_code == 403
    assert bob.post("/settings/spending/approval", {"above": ""}).status_code == 403
    assert job(public_id).is_waiting_for_approval


def test_a_job_that_needs_none_cannot_be_approved(ada: Person, program: Api) -> None:
    public_id = create(ada.api, VIDEO)["id"]
    answer = ada.api.post(f"/generations/{public_id}/reject")
    assert answer.json()["detail"] == "This job needs no approval."


def test_the_approvers_are_told_once(ada: Person, program: Api) -> None:
    join(ada, Role.ADMIN)
    join(ada, Role.MEMBER, "eve@example.com")
    public_id = ask(program)
    for _ in range(3):
        work()
    assert sorted(to for sent in mail.outbox for to in sent.to) == [
        "ada@example.com",
        "bob@example.com",
    ]
    assert "Approve a job of 2.7 credits in Ada?" in mail.outbox[0].subject
    assert f"/generations/{public_id}" in mail.outbox[0].body
    assert "Render farm" in mail.outbox[0].body
    assert APPROVALS not in alarms.due()


def test_a_worker_that_dies_while_mailing_leaves_it_due(
    ada: Person, program: Api, settings: Any
) -> None:
    ask(program)
    settings.EMAIL_BACKEND = "tests.broken_mail.Dies"
    with pytest.raises(SystemExit):
        work()
    settings.EMAIL_BACKEND = "tests.broken_mail.Refuses"
    ApprovalRequest.objects.update(due_at=timezone.now())
    work()
    assert APPROVALS not in alarms.due()  # not at once again
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    ApprovalRequest.objects.update(due_at=timezone.now())
    work()
    assert [sent.to for sent in mail.outbox] == [["ada@example.com"]]


def test_nobody_s_answer_is_a_no(ada: Person, program: Api) -> None:
    with running() as receiver:
        public_id = ask(program, webhook_url=receiver.url)
    work()
    request = ApprovalRequest.objects.get()
    assert timedelta(days=6) < request.expires_at - timezone.now() <= timedelta(days=7)
    past = timezone.now() - timedelta(seconds=1)
    ApprovalRequest.objects.update(expires_at=past, due_at=past)
    work()
    shown = program.get(f"/generations/{public_id}").json()
    assert (shown["status"], shown["approval"]["status"]) == ("canceled", "expired")
    assert shown["error"]["message"] == "Nobody approved it in time. Nothing was charged."
    assert json.loads(Message.objects.get().body)["data"]["approval"] == shown["approval"]
    assert held(ada) == "0"
    answer = ada.api.post(f"/generations/{public_id}/approve")
    assert answer.json()["detail"] == "This job was given up already."


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_a_member_asks_in_the_studio_and_is_told(ada: Person, program: Api, verb: str) -> None:
    bob = join(ada, Role.MEMBER)
    form = open_studio(bob, "text-to-video")
    priced = bob.post("/studio/text-to-video/price", form.values | {"input.prompt": "Sea"})
    assert "An admin has to approve it before it starts." in priced.content.decode()
    made = form.send(bob, input__prompt="Sea", price="9999999")
    public_id = made["Location"].rpartition("/")[2]
    shown = page(bob, made["Location"])
    assert "Waits for approval" in shown
    assert "Needs approval" in shown
    assert f'action="/generations/{public_id}/approve"' not in shown
    assert "/approvals/" not in shown
    work()
    mail.outbox.clear()
    ada.browser.post(f"/generations/{public_id}/{verb}", {"reason": "Not this week"})
    work()
    work()
    [told] = mail.outbox
    assert told.to == ["bob@example.com"]
    assert "ada@example.com has" in told.body
    assert ("Not this week" in told.body) == (verb == "reject")
    shown = page(bob, made["Location"])
    wanted = {
        "approve": "Approved by ada@example.com",
        "reject": "Not approved by ada@example.com: Not this week",
    }
    assert wanted[verb] in shown


def test_an_admin_sees_a_list_with_a_badge(ada: Person, program: Api) -> None:
    assert "Approvals</span>" not in page(ada.browser, "/gallery/")
    public_id = ask(program)
    shown = page(ada.browser, "/gallery/")
    assert 'class="tally">1<span class="visually-hidden"> waiting</span>' in shown
    shown = page(ada.browser, "/approvals/")
    assert "A lighthouse at dusk" in shown
    assert "Render farm" in shown
    answer = ada.browser.post(f"/generations/{public_id}/approve", {"back": "list"}, follow=True)
    assert answer.redirect_chain == [("/approvals/", 302)]
    assert "Nothing waits for you" in answer.content.decode()
    again = ada.browser.post(f"/generations/{public_id}/approve", {"back": "list"}, follow=True)
    assert "This job was approved already." in again.content.decode()


def test_programs_list_what_waits(ada: Person, program: Api) -> None:
    withdrawn, public_id = ask(program), ask(program)
    program.post(f"/generations/{withdrawn}/cancel")
    create(program, SOUND)
    listed = ada.api.get("/generations", approval="waiting").json()["data"]
    assert [one["id"] for one in listed] == [public_id]
    assert ada.api.get("/generations", approval="maybe").status_code == 422


def test_a_longer_list_asks_no_more(ada: Person, program: Api) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            ada.api.get("/generations")
        return len(queries)

    ask(program)
    asked()  # the first request of a key is noted
    few = asked()
    for _ in range(3):
        ask(program)
    assert asked() == few


def test_a_waiting_request_answers_at_once(program: Api) -> None:
    answer = program.post("/generations", VIDEO, Prefer="wait=30")
    assert answer.json()["approval"]["status"] == "waiting"


def test_kling_programs_see_a_submitted_task(program: Api) -> None:
    kling = KlingApi(program.key)
    made = kling.create("videos/text2video", {"prompt": "Sea", "duration": "5"})
    assert made["task_status"] == "submitted"
    assert made["task_status_msg"] == "The task waits for an approval in its workspace."


def test_the_database_keeps_it_from_being_sent(program: Api) -> None:
    public_id = ask(program)
    with pytest.raises(IntegrityError), transaction.atomic():
        Generation.objects.filter(public_id=public_id).update(state=State.SUBMITTING)


def test_a_mended_account_does_not_wake_it(
    program: Api, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    public_id = ask(program)
    providers.pause(cloudsway, "no more credits")
    providers.resume(cloudsway)
    work()
    assert job(public_id).is_waiting_for_approval
    assert simulator.tasks() == []


def test_an_operator_approves_or_ends_it(ada: Person, program: Api, operator: Client) -> None:
    first, second = ask(program), ask(program)
    for action, public_id in (("approve", first), ("fail_and_release", second)):
        form = {"action": action, "_selected_action": [job(public_id).pk]}
        operator.post("/admin/generations/generation/", form)
    assert job(first).approval == "approved"
    assert (job(second).state, held(ada)) == (State.FAILED, "2.7")


@pytest.mark.parametrize("wrong", ["-1", "NaN", "1e30"])
def test_it_refuses_a_threshold_that_is_no_amount(ada: Person, wrong: str) -> None:
    answer = ada.browser.post("/settings/spending/approval", {"above": wrong})
    assert answer.status_code == 422
    assert 'id="id_above_error"' in answer.content.decode()
    ada.workspace.refresh_from_db()
    assert ada.workspace.approval_above is None


def test_a_change_of_the_threshold_is_noted(ada: Person, program: Api) -> None:
    event = AuditEvent.objects.get(action="approval.changed")
    assert (event.user, event.detail) == (ada.user, {"before": None, "after": 1_000_000})
    ada.browser.post("/settings/spending/approval", {"above": ""})
    assert create(program, VIDEO)["approval"] is None
