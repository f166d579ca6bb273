from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEvent, Membership, Role
from tests.accounts.conftest import join
from tests.conftest import Person


def membership(person: Person, email: str = "bob@example.com") -> Membership:
    return person.workspace.memberships.get(user__email=email)


def change(person: Person, role: str, email: str = "bob@example.com") -> Any:
    path = f"/settings/members/{membership(person, email).pk}/role"
    return person.browser.post(path, {"role": role}, follow=True)


def test_it_changes_a_role(ada: Person) -> None:
    join(ada, Role.MEMBER)
    response = change(ada, "admin")

    assert "bob@example.com is Admin now" in response.content.decode()
    assert membership(ada).role == Role.ADMIN
    event = AuditEvent.objects.get(action="member.changed")
    assert event.user == ada.user
    assert event.detail == {"member": "bob@example.com", "before": "member", "after": "admin"}


def test_it_refuses_a_role_that_does_not_exist(ada: Person) -> None:
    join(ada, Role.MEMBER)
    change(ada, "emperor")

    assert membership(ada).role == Role.MEMBER


def test_it_keeps_the_last_owner(ada: Person) -> None:
    response = change(ada, "viewer", "ada@example.com")

    assert "A workspace needs an owner" in response.content.decode()
    assert membership(ada, "ada@example.com").role == Role.OWNER


def test_it_lets_an_owner_step_down_beside_another(ada: Person) -> None:
    join(ada, Role.OWNER)
    change(ada, "viewer", "ada@example.com")

    assert membership(ada, "ada@example.com").role == Role.VIEWER


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
def test_it_keeps_roles_from_people_who_do_not_manage(ada: Person, role: Role) -> None:
    bob = join(ada, role)
    own = f"/settings/members/{membership(ada).pk}/role"
    others = f"/settings/members/{membership(ada, 'ada@example.com').pk}/remove"

    assert bob.post(own, {"role": "owner"}).status_code == 403
    assert bob.post(others).status_code == 403
    assert bob.post("/settings/invitations", {"email": "x@example.com"}).status_code == 403
    assert bob.post("/settings/workspace/name", {"name": "Mine"}).status_code == 403
    assert membership(ada).role == role
    assert ada.workspace.memberships.count() == 2


def test_it_lets_an_admin_neither_make_nor_unmake_owners(ada: Person) -> None:
    bob = join(ada, Role.ADMIN)
    own = f"/settings/members/{membership(ada).pk}/role"
    adas = membership(ada, "ada@example.com").pk

    assert bob.post(own, {"role": "owner"}).status_code == 403
    assert bob.post(f"/settings/members/{adas}/role", {"role": "viewer"}).status_code == 403
    assert bob.post(f"/settings/members/{adas}/remove").status_code == 403
    assert membership(ada, "ada@example.com").role == Role.OWNER


def test_it_removes_a_member(ada: Person) -> None:
    bob = join(ada, Role.MEMBER)
    ada.browser.post(f"/settings/members/{membership(ada).pk}/remove")

    assert bob.get("/settings/workspace").url == "/workspaces/new"
    assert AuditEvent.objects.get(action="member.removed").detail == {"member": "bob@example.com"}


def test_it_lets_people_leave(ada: Person) -> None:
    bob = join(ada, Role.VIEWER)
    response = bob.post(f"/settings/members/{membership(ada).pk}/remove", follow=True)

    assert "You have left" in response.content.decode()
    assert ada.workspace.memberships.count() == 1


def test_it_does_not_let_the_last_owner_leave(ada: Person) -> None:
    pk = membership(ada, "ada@example.com").pk
    response = ada.browser.post(f"/settings/members/{pk}/remove", follow=True)

    assert "A workspace needs an owner" in response.content.decode()
    assert ada.workspace.memberships.count() == 1


def test_it_hides_members_of_other_workspaces(ada: Person, charlie: Person) -> None:
    pk = membership(charlie, "charlie@example.com").pk

    assert ada.browser.post(f"/settings/members/{pk}/role", {"role": "viewer"}).status_code == 404
    assert ada.browser.post(f"/settings/members/{pk}/remove").status_code == 404
    assert membership(charlie, "charlie@example.com").role == Role.OWNER
