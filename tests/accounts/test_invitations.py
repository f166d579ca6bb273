from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import invitations
from accounts.access import Actor
from accounts.models import Invitation, Role
from tests.accounts.conftest import join
from tests.conftest import Person


def invite(person: Person, email: str = "charlie@example.com", role: str = "member") -> Any:
    form = {"email": email, "role": role}
    return person.browser.post("/settings/invitations", form, follow=True)


def link() -> str:
    (path,) = re.findall(r"http://testserver(/invitations/\S+)", mail.outbox[-1].body)
    return path


def roles(person: Person) -> dict[str, str]:
    return dict(person.workspace.memberships.values_list("user__email", "role"))


def test_it_sends_a_link_and_lets_the_person_join(ada: Person, charlie: Person) -> None:
    invite(ada, "Charlie@Example.com", "viewer")
    page = charlie.browser.get(link())
    joined = charlie.browser.post(f"{link()}/accept")

    assert mail.outbox[0].to == ["charlie@example.com"]
    assert "Join" in page.content.decode()
    assert joined.url == "/studio/"
    assert roles(ada)["charlie@example.com"] == Role.VIEWER
    assert "Ada" in charlie.browser.get("/settings/workspace").content.decode()


def test_it_leads_new_people_through_the_sign_up(ada: Person, visitor: Client) -> None:
    invite(ada, "grace@example.com")
    page = visitor.get(link()).content.decode()
    form = {"email": "grace@example.com", "password1": "compile-the-ships", "next": link()}
    back = visitor.post("/accounts/signup/", form)
    visitor.post(f"{link()}/accept")

    assert f"/accounts/signup/?next={link()}" in page
    assert back.url == link()
    assert roles(ada)["grace@example.com"] == Role.MEMBER


def test_it_works_once(ada: Person, charlie: Person) -> None:
    invite(ada)
    charlie.browser.post(f"{link()}/accept")
    ada.workspace.memberships.filter(user=charlie.user).delete()
    charlie.browser.post(f"{link()}/accept")

    assert "charlie@example.com" not in roles(ada)
    assert charlie.browser.get(link()).status_code == 404


def test_it_ends_after_a_week(ada: Person, charlie: Person) -> None:
    invite(ada)
    at = Invitation.objects.get().created_at + timedelta(days=7)
    with time_machine.travel(at, tick=False):
        charlie.browser.force_login(charlie.user)
        charlie.browser.post(f"{link()}/accept")

    assert "charlie@example.com" not in roles(ada)


def test_it_is_for_one_address_only(ada: Person, charlie: Person) -> None:
    invite(ada, "grace@example.com")
    page = charlie.browser.get(link())
    charlie.browser.post(f"{link()}/accept")

    assert "You are signed in as charlie@example.com" in page.content.decode()
    assert "charlie@example.com" not in roles(ada)


def test_it_is_gone_when_withdrawn(ada: Person, charlie: Person) -> None:
    invite(ada)
    invitation = Invitation.objects.get()
    ada.browser.post(f"/settings/invitations/{invitation.public_id}/withdraw")
    charlie.browser.post(f"{link()}/accept")

    assert "charlie@example.com" not in roles(ada)


def test_it_replaces_an_older_invitation(ada: Person, charlie: Person) -> None:
    invite(ada, role="viewer")
    old = link()
    invite(ada, role="admin")

    assert charlie.browser.get(old).status_code == 404
    charlie.browser.post(f"{link()}/accept")
    assert roles(ada)["charlie@example.com"] == Role.ADMIN


@pytest.mark.parametrize(
    ("email", "role"),
    [("ADA@example.com", "member"), ("no-address", "member"), ("grace@example.com", "owner")],
)
def test_it_refuses_what_makes_no_sense(ada: Person, email: str, role: str) -> None:
    response = invite(ada, email, role)

    assert response.status_code == 422
    assert "field__error" in response.content.decode()
    assert not mail.outbox
    assert not Invitation.objects.exists()


def test_it_says_so_when_the_mail_server_is_away(ada: Person, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    response = invite(ada)

    assert "Pass the link on yourself" in response.content.decode()
    assert Invitation.objects.count() == 1


def test_it_hides_invitations_of_other_workspaces(ada: Person, charlie: Person) -> None:
    invite(ada, "grace@example.com")
    path = f"/settings/invitations/{Invitation.objects.get().public_id}/withdraw"

    assert charlie.browser.post(path).status_code == 404
    assert Invitation.objects.count() == 1


def test_it_shows_members_no_links(ada: Person) -> None:
    invite(ada, "grace@example.com")
    bob = join(ada, Role.MEMBER)

    assert "grace@example.com" not in bob.get("/settings/workspace").content.decode()


def test_it_has_an_end_to_how_many_are_open(ada: Person) -> None:
    for number in range(50):
        ada.workspace.invitations.create(email=f"{number}@example.com", role=Role.VIEWER)
    response = invite(ada)

    assert "Too many invitations are open" in response.content.decode()
    assert not mail.outbox
    assert ada.workspace.invitations.count() == 50


def test_to_invite_somebody_again_takes_no_further_place(ada: Person) -> None:
    for number in range(50):
        ada.workspace.invitations.create(email=f"{number}@example.com", role=Role.VIEWER)
    invite(ada, "7@example.com", "admin")

    assert ada.workspace.invitations.get(email="7@example.com").role == Role.ADMIN
    assert len(mail.outbox) == 1


def test_invitations_that_are_too_old_take_no_place(ada: Person) -> None:
    for number in range(50):
        ada.workspace.invitations.create(email=f"{number}@example.com", role=Role.VIEWER)
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        ada.browser.force_login(ada.user)
        invite(ada)

    assert [letter.to for letter in mail.outbox] == [["charlie@example.com"]]


def test_it_has_an_end_to_how_many_are_sent_a_day(ada: Person) -> None:
    """Withdrawing makes room for another one, but takes no e-mail back."""
    owner = Actor(workspace=ada.workspace, user=ada.user, role=Role.OWNER)
    for number in range(100):
        sent = invitations.invite(by=owner, email=f"{number}@example.com", role=Role.VIEWER)
        invitations.withdraw(by=owner, public_id=sent.public_id)
    refused = invite(ada)

    assert "Too many invitations today" in refused.content.decode()
    assert not mail.outbox
    ada.browser.post("/workspaces/new", {"name": "Another"})
    assert "Too many invitations today" in invite(ada).content.decode()
    with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1), tick=False):
        ada.browser.force_login(ada.user)
        invite(ada)
    assert len(mail.outbox) == 1
