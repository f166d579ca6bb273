from __future__ import annotations

import pytest
from django.test import Client

from accounts.access import Actor
from accounts.models import Membership, Role, User
from tests.conftest import Person


@pytest.fixture
def owner(ada: Person) -> Actor:
    return Actor(workspace=ada.workspace, user=ada.user, role=Role.OWNER)


@pytest.fixture
def visitor(db: None) -> Client:
    return Client()


def join(person: Person, role: Role, email: str = "bob@example.com") -> Client:
    """Bob, in the person's workspace with that role, and his browser."""
    user = User.objects.create_user(email, "a-long-enough-passphrase")
    Membership.objects.create(workspace=person.workspace, user=user, role=role)
    browser = Client()
    browser.force_login(user)
    return browser
