"""What a journey is: a way through the product on which the process may die anywhere."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, ClassVar

from django.test import Client

from accounts.access import Actor
from accounts.keys import create_key
from accounts.models import Membership, Scope, User, Workspace
from billing import credits, ledger
from billing.amounts import to_text
from tests.conftest import Api, make_person


class Journey(ABC):
    """One customer, who goes it once. Each method is called in a process of its own."""

    kind: ClassVar[str]
    start_credits: ClassVar[str] = "0"

    def __init__(self, number: int) -> None:
        self.name = f"{self.kind}-{number}"
        self.email = f"{self.name}@example.com"

    def prepare(self) -> None:
        """What has happened before. Called in the process that is to die."""
        person = make_person(self.email, credits=self.start_credits)
        self.api, self.browser = person.api, person.browser

    @abstractmethod
    def go(self) -> None:
        """Here the process dies."""

    @abstractmethod
    def recover(self) -> None:
        """What happens after a restart, without knowing where it died."""

    def facts(self) -> dict[str, Any]:
        """What is true in the end: the same wherever it died."""
        balance = credits.balance(self.workspace)
        return {
            "violations": ledger.check().violations,
            "balance": to_text(balance.balance),
            "held": to_text(balance.held),
        }

    def sign_in(self) -> Client:
        """Their browser, after the restart."""
        browser = Client()
        browser.force_login(User.objects.get(email=self.email))
        return browser

    @property
    def workspace(self) -> Workspace:
        return Workspace.objects.get(name=self.name.title())

    @cached_property
    def api(self) -> Api:
        """A program of the customer's, with a new key."""
        owner = Membership.objects.select_related("user").get(workspace=self.workspace)
        by = Actor(workspace=self.workspace, user=owner.user, role=owner.role, membership=owner)
        _, key = create_key(by=by, label="kills", scopes=set(Scope))
        return Api(key)
