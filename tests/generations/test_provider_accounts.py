"""A credential in the environment becomes an account, and the job goes there as its page says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from generations.models import ProviderAccount
from generations.providers import callback_url, client_for, sync_from_environment
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations.test_main_job import create
from tests.working import finish

pytestmark = pytest.mark.django_db
PAYLOADS = Path(__file__).parent.parent / "payloads" / "requests"


@pytest.fixture
def environment(settings: Any, simulator: RunningSimulator) -> dict[str, dict[str, str]]:
    empty = {"key": "", "access_key": "", "secret_key": "", "endpoint_path": ""}
    settings.SIMULATOR_URL = ""
    settings.PROVIDER_CREDENTIALS = {
        dialect: {**empty, "base_url": simulator.url}
        for dialect in ("cometapi", "cloudsway", "official")
    }
    return settings.PROVIDER_CREDENTIALS


def wire(simulator: RunningSimulator) -> tuple[str, dict[str, Any]]:
    [sent] = simulator.submissions()
    return sent["path"], json.loads(sent["body"])


def test_it_sends_cloudsways_own_example(
    ada: Person, environment: dict[str, dict[str, str]], simulator: RunningSimulator
) -> None:
    environment["cloudsway"] |= {"key": "ak-1", "endpoint_path": "abc123"}
    call_command("sync_provider_accounts")
    example = json.loads((PAYLOADS / "cloudsway_text_to_video.json").read_text())
    job = create(ada.api, {"operation": "text-to-video", "input": example})
    generation = finish(job["id"])
    _, body = wire(simulator)
    assert body == {**example, "external_task_id": generation.external_task_id}
    assert generation.account.dialect == "cloudsway"


def test_it_sends_cometapis_own_example(
    ada: Person, environment: dict[str, dict[str, str]], simulator: RunningSimulator, settings: Any
) -> None:
    environment["cometapi"] |= {"key": "sk-comet"}
    settings.SITE_URL = "https://studio.example.com"
    call_command("sync_provider_accounts")
    example = json.loads((PAYLOADS / "cometapi_text_to_audio.json").read_text())
    generation = finish(create(ada.api, {"operation": "text-to-audio", "input": example})["id"])
    _, body = wire(simulator)
    assert body == {
        **example,
        "external_task_id": generation.external_task_id,
        "callback_url": f"https://studio.example.com/hooks/kling/{generation.callback_token}",
    }


def test_it_starts_the_simulator_account_only_without_a_credential(
    environment: dict[str, dict[str, str]], settings: Any
) -> None:
    settings.SIMULATOR_URL = "http://127.0.0.1:9"
    [account] = sync_from_environment()
    assert (account.slug, account.simulated) == ("simulator", True)

    environment["cometapi"] |= {"key": "sk-comet"}
    [account] = sync_from_environment()
    assert (account.slug, account.simulated) == ("cometapi", False)
    assert not ProviderAccount.objects.get(slug="simulator").enabled


def test_it_keeps_the_secret_encrypted(environment: dict[str, dict[str, str]]) -> None:
    environment["cometapi"] |= {"key": "sk-very-secret"}
    [account] = sync_from_environment()
    assert "very-secret" not in account.secret


def test_it_takes_up_a_new_key_and_resumes(environment: dict[str, dict[str, str]]) -> None:
    environment["cometapi"] |= {"key": "old"}
    [account] = sync_from_environment()
    ProviderAccount.objects.update(paused_at=account.created_at, paused_reason="1002")
    sync_from_environment()
    account.refresh_from_db()
    assert account.paused_at is not None
    environment["cometapi"] |= {"key": "new"}
    sync_from_environment()
    account.refresh_from_db()
    assert (account.paused_at, account.paused_reason) == (None, "")


def test_it_leaves_an_account_off_that_the_operator_switched_off(
    environment: dict[str, dict[str, str]],
) -> None:
    environment["cometapi"] |= {"key": "sk-comet"}
    sync_from_environment()
    ProviderAccount.objects.update(enabled=False)
    sync_from_environment()
    assert not ProviderAccount.objects.get().enabled


def test_it_switches_an_account_on_whose_credential_is_back(
    environment: dict[str, dict[str, str]],
) -> None:
    environment["cometapi"] |= {"key": "sk-comet"}
    sync_from_environment()
    environment["cometapi"] |= {"key": ""}
    sync_from_environment()
    assert not ProviderAccount.objects.get().enabled
    environment["cometapi"] |= {"key": "sk-comet"}
    sync_from_environment()
    assert ProviderAccount.objects.get().enabled


def test_it_stands_beside_an_account_of_the_same_name(
    environment: dict[str, dict[str, str]],
) -> None:
    by_hand = make_account("http://127.0.0.1:9", dialect="cometapi")
    environment["cometapi"] |= {"key": "sk-comet"}
    for _ in range(2):
        [account] = sync_from_environment()
        assert (account.slug, by_hand.slug) == ("cometapi-2", "cometapi")
    assert ProviderAccount.objects.count() == 2


def test_it_seals_anew_what_a_changed_secret_key_made_unreadable(
    environment: dict[str, dict[str, str]], settings: Any
) -> None:
    environment["cometapi"] |= {"key": "sk-comet"}
    sync_from_environment()
    settings.SECRET_KEY = "another-" * 8
    [account] = sync_from_environment()
    assert client_for(account).account.key == "sk-comet"


def test_it_names_what_cloudsway_lacks(environment: dict[str, dict[str, str]]) -> None:
    environment["cloudsway"] |= {"key": "ak-1"}
    with pytest.raises(CommandError, match="CLOUDSWAY_ENDPOINT_PATH"):
        call_command("sync_provider_accounts")
    assert not ProviderAccount.objects.exists()


@pytest.mark.parametrize("given", ["access_key", "secret_key"])
def test_it_names_the_half_of_a_key_pair_that_is_missing(
    environment: dict[str, dict[str, str]], given: str
) -> None:
    environment["official"] |= {given: "abc"}
    with pytest.raises(CommandError, match="KLING_ACCESS_KEY and KLING_SECRET_KEY"):
        call_command("sync_provider_accounts")
    assert not ProviderAccount.objects.exists()
    environment["official"] |= {"access_key": "abc", "secret_key": "def"}
    [account] = sync_from_environment()
    assert client_for(account).account.access_key == "abc"


@pytest.mark.parametrize(
    ("site", "base", "sent"),
    [
        ("http://127.0.0.1:8000", "https://api.cometapi.com", False),
        ("http://127.0.0.1:8000", "http://127.0.0.1:9", True),
        ("https://studio.example.com", "https://api.cometapi.com", True),
    ],
)
def test_it_names_a_callback_only_where_it_can_arrive(
    settings: Any, site: str, base: str, sent: bool
) -> None:
    settings.SITE_URL = site
    account = ProviderAccount(dialect="cometapi", base_url=base)
    assert (callback_url(account, "token") is not None) is sent
