from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for

import pytest
from django.db import connection, connections, transaction

from accounts.access import Actor
from accounts.models import Membership, Role
from accounts.workspaces import LastOwner, change_role
from tests.accounts.conftest import join
from tests.conftest import Person, make_person

WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def step_down(actor: Actor, member: int) -> Membership:
    try:
        return change_role(by=actor, member=member, role=Role.VIEWER)
    finally:
        connections.close_all()


def wait_until_blocked(other: Future[Membership]) -> None:
    """Until the other connection waits for a lock, or is done because nothing stopped it."""
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone()[0] or other.done():
                return
        wait_for([other], timeout=0.05)


@pytest.fixture
def owners(transactional_db: None) -> tuple[Person, dict[str, int]]:
    ada = make_person("ada@example.com", credits="0")
    join(ada, Role.OWNER)
    return ada, dict(ada.workspace.memberships.values_list("user__email", "pk"))


@pytest.mark.race
def test_it_keeps_an_owner_when_two_step_down_at_once(
    owners: tuple[Person, dict[str, int]],
) -> None:
    ada, members = owners
    adas = Actor(workspace=ada.workspace, user=ada.user, role=Role.OWNER)
    bob = Membership.objects.get(pk=members["bob@example.com"]).user
    bobs = Actor(workspace=ada.workspace, user=bob, role=Role.OWNER)

    with ThreadPoolExecutor(max_workers=1) as pool:
        with transaction.atomic():
            change_role(by=adas, member=members["ada@example.com"], role=Role.VIEWER)
            other = pool.submit(step_down, bobs, members["bob@example.com"])
            wait_until_blocked(other)
        with pytest.raises(LastOwner):
            other.result(timeout=20)

    assert ada.workspace.memberships.get(role=Role.OWNER).user == bob


@pytest.mark.race
def test_it_would_lose_both_without_the_lock(owners: tuple[Person, dict[str, int]]) -> None:
    """The control: the same two steps in the same order, but nobody locks the workspace."""
    ada, _ = owners

    def step_down_unlocked(email: str) -> None:
        with transaction.atomic():
            mine = ada.workspace.memberships.get(user__email=email)
            others = ada.workspace.memberships.filter(role=Role.OWNER).exclude(pk=mine.pk)
            if others.exists():
                Membership.objects.filter(pk=mine.pk).update(role=Role.VIEWER)
        if email == "bob@example.com":
            connections.close_all()

    with ThreadPoolExecutor(max_workers=1) as pool, transaction.atomic():
        step_down_unlocked("ada@example.com")
        pool.submit(step_down_unlocked, "bob@example.com").result(timeout=20)

    assert not ada.workspace.memberships.filter(role=Role.OWNER).exists()
