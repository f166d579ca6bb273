from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent, Membership, Role, User, Workspace
from tests.accounts.conftest import join
from tests.conftest import Person


def create(person: Person, name: str) -> Any:
    return person.browser.post("/workspaces/new", {"name": name})


def test_it_creates_one_and_works_in_it(ada: Person) -> None:
    response = create(ada, "  Side   project ")
    page = ada.browser.get("/settings/profile").content.decode()

    assert response.url == "/settings/workspace"
    side = Workspace.objects.get(name="Side project")
    assert side.plan.slug == "free"
    assert side.memberships.get().role == Role.OWNER
    assert "Side project" in page


@pytest.mark.parametrize(
    "name", ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "👨\u200d👩\u200d👧 & co"]
)
def test_it_takes_names_that_need_joiners(ada: Person, name: str) -> None:
    assert create(ada, name).url == "/settings/workspace"
    assert Workspace.objects.filter(name=name).exists()


@pytest.mark.parametrize("name", ["Side\nproject", "Side\tproject", "Side\x07", "Side\x85project"])
def test_it_refuses_control_characters_in_a_name(ada: Person, name: str) -> None:
    response = create(ada, name)
    renamed = ada.browser.post("/settings/workspace/name", {"name": name})
    ada.workspace.refresh_from_db()

    assert "one line of text" in response.content.decode()
    assert "one line of text" in renamed.content.decode()
    assert Workspace.objects.count() == 1
    assert ada.workspace.name == "Ada"


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_it_refuses_a_name_that_is_none(ada: Person, name: str) -> None:
    response = create(ada, name)

    assert "field__error" in response.content.decode()
    assert Workspace.objects.count() == 1


def test_it_switches_between_workspaces(ada: Person) -> None:
    create(ada, "Side project")
    response = ada.browser.post("/workspaces/switch", {"workspace": ada.workspace.public_id})

    assert response.url == "/studio/"
    assert ada.browser.get("/settings/workspace").context["workspace"] == ada.workspace


def test_it_does_not_switch_to_a_workspace_of_others(ada: Person, charlie: Person) -> None:
    form = {"workspace": charlie.workspace.public_id}

    assert ada.browser.post("/workspaces/switch", form).status_code == 404
    assert ada.browser.get("/settings/workspace").context["workspace"] == ada.workspace


def test_it_falls_back_when_the_chosen_one_is_taken_away(ada: Person, charlie: Person) -> None:
    Membership.objects.create(workspace=charlie.workspace, user=ada.user, role=Role.MEMBER)
    ada.browser.post("/workspaces/switch", {"workspace": charlie.workspace.public_id})
    charlie.workspace.memberships.filter(user=ada.user).delete()

    assert ada.browser.get("/settings/workspace").context["workspace"] == ada.workspace


def test_it_renames(ada: Person) -> None:
    ada.browser.post("/settings/workspace/name", {"name": "Analytical Pictures"})
    ada.workspace.refresh_from_db()

    assert ada.workspace.name == "Analytical Pictures"
    assert AuditEvent.objects.get(action="workspace.renamed").detail["before"] == "Ada"


def test_it_leads_people_without_a_workspace_to_a_new_one(db: None) -> None:
    browser = Client()
    browser.force_login(User.objects.create_user("lonely@example.com", "a-long-passphrase"))

    assert browser.get("/settings/workspace").url == "/workspaces/new"
    assert browser.get("/settings").url == "/settings/profile"
    assert browser.get("/workspaces/new").status_code == 200


def test_it_shows_members_to_viewers_without_controls(ada: Person) -> None:
    page = join(ada, Role.VIEWER).get("/settings/workspace").content.decode()

    assert "ada@example.com" in page
    assert "Invite somebody" not in page
    assert 'name="role"' not in page
