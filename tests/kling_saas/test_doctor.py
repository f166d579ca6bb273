from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from generations.models import ProviderAccount
from tests.conftest import make_account
from worker.models import Heartbeat


@pytest.fixture
def account(db: None) -> ProviderAccount:
    return make_account("http://127.0.0.1:9")


@pytest.fixture
def healthy(account: ProviderAccount, settings: Any) -> None:
    """An installation of production that lacks nothing but what the one test takes away."""
    ProviderAccount.objects.update(simulated=True)
    Heartbeat.objects.create(
        worker_id="w", host="h", started_at=timezone.now(), beat_at=timezone.now()
    )
    settings.SECRET_KEY = "k" * 60
    settings.SECRET_KEY_FALLBACKS = [settings.DEVELOPMENT_SECRET_KEY]
    settings.STRIPE_SECRET_KEY = "sk_test_123"
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_abc"]
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"  # nobody is asked
    settings.PAYMENT_SANDBOX = False


def examine() -> tuple[bool, str]:
    """Whether it found the installation in order, and what it said."""
    output = StringIO()
    code: Any = 0
    try:
        call_command("doctor", stdout=output)
    except SystemExit as exc:
        code = exc.code
    return {0: True, 1: False}[code], output.getvalue()


def test_it_finds_nothing_wrong(healthy: None) -> None:
    in_order, said = examine()
    assert in_order, said
    assert "0 wrong" in said


def test_it_takes_no_provider_account_for_wrong(healthy: None) -> None:
    ProviderAccount.objects.all().delete()
    in_order, said = examine()
    assert not in_order
    assert "no provider account" in said


def test_it_finds_that_every_account_is_paused(healthy: None) -> None:
    ProviderAccount.objects.update(paused_at=timezone.now(), paused_reason="Balance used up")
    in_order, said = examine()
    assert not in_order
    assert "every provider account is paused" in said


def test_it_finds_secrets_that_were_sealed_with_another_key(healthy: None, settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = []
    in_order, said = examine()
    assert not in_order
    assert "SECRET_KEY was changed" in said
    assert "test-key" not in said


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"STRIPE_WEBHOOK_SECRETS": []}, "STRIPE_WEBHOOK_SECRET is empty"),
        ({"STRIPE_WEBHOOK_SECRETS": ["whsec_a", "oops"]}, "does not begin with whsec_"),
        ({"STRIPE_SECRET_KEY": "pk_test_1"}, "no secret key of Stripe"),
        (
            {"STRIPE_SECRET_KEY": "sk_live_1", "STRIPE_API_BASE": "http://127.0.0.1:9"},
            "must not be sent to an address that is not Stripe's",
        ),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is shorter"),
    ],
)
def test_it_names_the_key_that_is_wrong(
    healthy: None, settings: Any, changed: dict[str, Any], reason: str
) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)
    in_order, said = examine()
    assert not in_order
    assert reason in said


def test_it_warns_when_a_real_provider_cannot_call_back(healthy: None, settings: Any) -> None:
    ProviderAccount.objects.update(simulated=False)
    settings.SITE_URL = "http://127.0.0.1:8000"
    in_order, said = examine()
    assert in_order
    assert "providers cannot call back" in said
    settings.SITE_URL = "https://studio.example"
    assert "providers call back to https://studio.example" in examine()[1]


def test_it_warns_when_no_worker_runs(healthy: None) -> None:
    Heartbeat.objects.all().delete()
    in_order, said = examine()
    assert in_order
    assert "no worker is running" in said


def test_it_finds_a_storage_that_takes_nothing(healthy: None, settings: Any, tmp_path: Any) -> None:
    blocked = tmp_path / "no-folder"
    blocked.touch()
    backend = "django.core.files.storage.FileSystemStorage"
    storage = {"BACKEND": backend, "OPTIONS": {"location": str(blocked)}}
    settings.STORAGES = {**settings.STORAGES, "default": storage}
    in_order, said = examine()
    assert not in_order
    assert "the storage cannot be written and read" in said


def test_it_says_that_a_wall_needs_postgresql(healthy: None, settings: Any) -> None:
    settings.DATABASE_TENANT_ROLE = "somebody"
    in_order, said = examine()

    assert not in_order
    assert "DATABASE_TENANT_ROLE needs PostgreSQL" in said or "there is no database role" in said
