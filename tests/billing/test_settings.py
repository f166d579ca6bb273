"""Settings about money that must not start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core import checks

from billing import stripe_client
from billing.errors import PaymentUnavailable
from tests.installation import ROOT
from tests.kling_saas.test_processes import free_port


def found() -> list[str]:
    return [str(error.id) for error in checks.run_checks(tags=["security"])]


@pytest.mark.parametrize("key", ["sk_test_x", "sk_live_x", "rk_live_x"])
def test_a_key_without_a_webhook_secret_does_not_start(settings: Any, key: str) -> None:
    settings.STRIPE_SECRET_KEY = key
    settings.STRIPE_WEBHOOK_SECRETS = []
    assert "billing.E001" in found()
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_x"]
    assert "billing.E001" not in found()


@pytest.mark.parametrize(
    "start",
    [
        ["manage.py", "worker"],
        ["manage.py", "serve"],
        ["manage.py", "prepare", "--static-only"],
        ["-m", "gunicorn", "--config", "python:kling_saas.web_server", "kling_saas.wsgi"],
    ],
    ids=["worker", "serve", "prepare", "web"],
)
def test_no_process_starts_with_a_key_and_no_webhook_secret(
    start: list[str], tmp_path: Path
) -> None:
    settings = {
        "ENV_FILE": "",
        "DJANGO_SETTINGS_MODULE": "kling_saas.settings",
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/none.sqlite3",
        "PORT": str(free_port()),
        "WEB_WORKERS": "1",
        "STRIPE_SECRET_KEY": "sk_test_x",
        "STRIPE_WEBHOOK_SECRET": "",
    }
    ended = subprocess.run(  # one that starts after all is ended by the time limit
        [sys.executable, *start],
        env={**os.environ, **settings},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode != 0
    assert "STRIPE_WEBHOOK_SECRET is empty" in ended.stderr


@pytest.mark.parametrize(
    "base",
    [
        "http://127.0.0.1:4242",
        "https://stripe.example.com",
        "https://api.stripe.com.example.com",
        "http://api.stripe.com",
        "https://evilstripe.com",
    ],
)
@pytest.mark.parametrize("key", ["sk_live_x", "rk_live_x"])
def test_a_live_key_goes_to_stripe_only(settings: Any, key: str, base: str) -> None:
    settings.STRIPE_SECRET_KEY = key
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_x"]
    settings.STRIPE_API_BASE = base
    assert "billing.E002" in found()
    with pytest.raises(PaymentUnavailable):
        stripe_client.client()


@pytest.mark.parametrize(
    ("livemode", "key", "starts"),
    [
        (True, "sk_test_x", False),
        (False, "sk_live_x", False),
        (True, "sk_live_x", True),
        (False, "sk_test_x", True),
        (None, "sk_live_x", True),
        (None, "sk_test_x", True),
        (True, "", True),
    ],
)
def test_a_key_of_the_other_mode_does_not_start(
    settings: Any, livemode: bool | None, key: str, starts: bool
) -> None:
    settings.STRIPE_LIVEMODE = livemode
    settings.STRIPE_SECRET_KEY = key
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_x"]
    assert ("billing.E002" in found()) is not starts


def test_a_live_key_may_go_to_stripe(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_live_x"
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_x"]
    settings.STRIPE_API_BASE = ""
    assert not [name for name in found() if name.startswith("billing.")]
    assert stripe_client.client()


def test_a_test_key_may_go_to_a_stand_in(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_x"
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_x"]
    settings.STRIPE_API_BASE = "http://127.0.0.1:4242"
    assert not [name for name in found() if name.startswith("billing.")]


def test_nothing_set_starts(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = ""
    settings.STRIPE_WEBHOOK_SECRETS = []
    assert not [name for name in found() if name.startswith("billing.")]


def test_the_pinned_version_is_the_librarys() -> None:
    import stripe

    assert stripe.api_version == stripe_client.API_VERSION
