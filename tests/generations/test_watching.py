"""What an open page asks every few seconds, for all of its jobs at once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.signing import TimestampSigner
from django.test import Client
from django.utils import timezone

from generations.models import Generation, ProviderAccount, State
from generations.views import watching
from generations.views.board import board
from tests.conftest import Person
from tests.generations.test_main_job import SOUND, create
from tests.working import finish

pytestmark = pytest.mark.django_db


def tickets(person: Person, path: str) -> list[str]:
    return re.findall('data-ticket="([^"]+)"', person.browser.get(path).content.decode())


def ask(*given: str) -> Any:
    """Without a cookie: the tickets have to be enough."""
    return Client().get("/live", {"job": given})


def a_second_later() -> None:
    board.forget()


def fail(job: str, **facts: Any) -> None:
    end = {"state": State.FAILED, "due_at": None, "finished_at": timezone.now()}
    Generation.objects.filter(public_id=job).update(**end, **facts)


@pytest.fixture
def jobs(ada: Person, cloudsway: ProviderAccount) -> list[str]:
    """Newest first, as the gallery shows them."""
    return [str(create(ada.api, SOUND)["id"]) for _ in range(3)][::-1]


def test_it_says_nothing_while_nothing_has_changed(ada: Person, jobs: list[str]) -> None:
    answer = ask(*tickets(ada, "/gallery/"))
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["Cache-Control"] == "no-store"


def test_one_question_names_what_has_changed(ada: Person, jobs: list[str]) -> None:
    given = tickets(ada, "/gallery/")
    assert len(given) == 3
    fail(jobs[1])
    a_second_later()
    assert ask(*given).json() == {"changed": [1], "lines": {}}


def test_it_costs_one_query_a_second_for_all_pages(
    ada: Person, jobs: list[str], django_assert_num_queries: Any
) -> None:
    given = tickets(ada, "/gallery/")
    with django_assert_num_queries(1):
        for _ in range(5):
            ask(*given)


def test_a_place_in_line_costs_no_more_for_many_pages(
    ada: Person, jobs: list[str], django_assert_num_queries: Any
) -> None:
    given = [ticket for job in jobs for ticket in tickets(ada, f"/generations/{job}")]
    with django_assert_num_queries(6):  # of the jobs one, and five of their line
        for _ in range(3):
            news = ask(*(10 * given)).json()
    assert len(news["lines"]) == 30


def test_a_job_that_is_new_to_it_is_looked_up_at_once(ada: Person, jobs: list[str]) -> None:
    ask(*tickets(ada, "/gallery/"))
    new = str(create(ada.api, SOUND)["id"])
    [ticket] = tickets(ada, f"/generations/{new}")
    assert ask(ticket).json()["changed"] == []


def test_a_job_that_waits_for_a_person_or_a_provider_has_changed(
    ada: Person, jobs: list[str], cloudsway: ProviderAccount
) -> None:
    given = tickets(ada, "/gallery/")
    ProviderAccount.objects.update(paused_at=timezone.now())
    a_second_later()
    assert ask(*given).json()["changed"] == [0, 1, 2]


def test_a_deleted_job_has_changed(ada: Person, jobs: list[str]) -> None:
    given = tickets(ada, "/gallery/")
    fail(jobs[0], deleted_at=timezone.now())
    a_second_later()
    assert ask(*given).json()["changed"] == [0]


def test_it_tells_nothing_of_a_job_to_a_forged_ticket(ada: Person, jobs: list[str]) -> None:
    [ticket] = tickets(ada, f"/generations/{jobs[0]}")
    facts, _, signature = ticket.rpartition(":")
    other = Generation.objects.get(public_id=jobs[1]).pk
    workspace, _, rest = facts.split(".", 2)
    for forged in (
        f"{workspace}.{other}.{rest}:{signature}",
        TimestampSigner(salt="another purpose").sign(facts),
        *("", "nonsense", "1.2:3", "\x00"),
    ):
        assert ask(forged).json() == {"changed": [0], "lines": {}}


@pytest.mark.parametrize("facts", ["1.2.3", "a.2.queued.1", "1.b.queued.1", "1.2.queued.1.5"])
def test_a_ticket_of_another_version_is_exchanged(ada: Person, jobs: list[str], facts: str) -> None:
    [ticket] = tickets(ada, f"/generations/{jobs[0]}")
    other = TimestampSigner(salt="generations.live").sign(facts)
    assert ask(other, ticket).json()["changed"] == [0]


def test_a_ticket_is_good_for_a_day(ada: Person, jobs: list[str]) -> None:
    given = tickets(ada, "/gallery/")
    now = timezone.now()
    with time_machine.travel(now + timedelta(hours=23)):
        assert ask(*given).status_code == 204
    with time_machine.travel(now + timedelta(hours=25)):
        assert ask(*given).json()["changed"] == [0, 1, 2]
        assert ask(*tickets(ada, "/gallery/")).status_code == 204


def test_too_many_tickets_are_exchanged_in_turn(ada: Person, jobs: list[str]) -> None:
    pages = [tickets(ada, f"/generations/{jobs[0]}")[0] for _ in range(watching.MOST)]
    [one_more] = tickets(ada, f"/generations/{jobs[1]}")
    news = ask(*pages, one_more).json()
    assert news["changed"] == [watching.MOST]
    assert len(news["lines"]) == watching.MOST


def test_as_many_as_it_takes_fit_into_a_request() -> None:
    job = Generation(pk=10**10, workspace_id=10**9, state=State.RECONCILING)
    job.account = ProviderAccount()
    query = urlencode([("job", watching.ticket(job, with_line=True))] * watching.MOST)
    assert len(f"GET /live?{query} HTTP/1.1\r\n") < 4094  # gunicorn's own limit


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_it_only_answers_to_get(jobs: list[str], method: str) -> None:
    answer = getattr(Client(), method)("/live")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert Client().head("/live").status_code == 204


def test_a_ticket_is_of_one_workspace(ada: Person, charlie: Person, jobs: list[str]) -> None:
    [ticket] = tickets(ada, f"/generations/{jobs[0]}")
    Generation.objects.filter(public_id=jobs[0]).update(workspace=charlie.workspace)
    a_second_later()
    assert ask(ticket).json() == {"changed": [0], "lines": {}}


def test_a_page_without_jobs_that_run_gets_no_tickets(ada: Person, jobs: list[str]) -> None:
    finish(jobs[0])  # and with it all that wait
    assert tickets(ada, "/gallery/") == []
    assert ask().status_code == 204
