from __future__ import annotations

import pytest

from accounts.models import Plan, Workspace


@pytest.fixture
def workspace(db: None) -> Workspace:
    return _workspace("Alice's studio")


@pytest.fixture
def stranger(db: None) -> Workspace:
    return _workspace("Charlie's studio")


def _workspace(name: str) -> Workspace:
    plan, _ = Plan.objects.get_or_create(slug="test", defaults={"name": "Test"})
    return Workspace.objects.create(name=name, plan=plan)
