"""Spaces around a value are taken off before anybody asks what the value names."""

from __future__ import annotations

from typing import Any

import pytest

from generations.models import Generation, ProviderAccount
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations import media
from tests.generations.builders import make_storing, output
from tests.generations.inputs.asking import created, encoded, film_of, picture, refusal, upload

pytestmark = pytest.mark.django_db(transaction=True)

# Python takes all of these off a text; two of them are no space in ASCII.
SPACES = [" ", "\t", "\u3000", "\x1c"]
VOICE, FILM = "871100000000000042", "871100000000000043"


@pytest.fixture
def account(simulator: RunningSimulator) -> ProviderAccount:
    return make_account(simulator.url, dialect="official", slug="direct")


def speech(voice: str) -> dict[str, Any]:
    values = {"text": "Hello", "voice_id": voice, "voice_language": "en"}
    return {"operation": "text-to-speech", "input": values}


def theirs(person: Person, account: ProviderAccount, kind: str, provider_id: str) -> None:
    """A result of `person` that the provider knows as `provider_id`."""
    job = make_storing(person.workspace, account, output("", kind=kind), task_id=provider_id)
    job.assets.create(
        workspace=person.workspace, index=0, kind="voice", provider_asset_id=provider_id
    )


@pytest.mark.parametrize("space", SPACES)
def test_a_voice_of_another_workspace_stays_unknown(
    ada: Person, charlie: Person, account: ProviderAccount, space: str
) -> None:
    theirs(ada, account, "voice", VOICE)
    assert refusal(charlie.api, speech(VOICE))[:2] == ("input.voice_id", "not_found")
    assert refusal(charlie.api, speech(f"{space}{VOICE}{space}")) == refusal(
        charlie.api, speech(VOICE)
    )
    assert not Generation.objects.filter(workspace=charlie.workspace).exists()


@pytest.mark.parametrize("space", SPACES)
def test_an_upload_is_judged_all_the_same(
    ada: Person, account: ProviderAccount, space: str
) -> None:
    small = upload(ada.api, media.flat_png(width=100, height=100), "small.png")
    assert refusal(ada.api, film_of(f"{space}{small}")) == refusal(ada.api, film_of(small))


@pytest.mark.parametrize("space", SPACES)
def test_an_upload_of_another_workspace_stays_unknown(
    ada: Person, charlie: Person, account: ProviderAccount, space: str
) -> None:
    found = upload(ada.api, picture(), "a.png")
    assert refusal(charlie.api, film_of(f"{space}{found}"))[1] == "not_found"


@pytest.mark.parametrize("space", SPACES)
def test_base64_is_kept_all_the_same(ada: Person, account: ProviderAccount, space: str) -> None:
    answer = created(ada.api, film_of(f"{space}{encoded(picture())}"))
    assert answer["input"]["image"].startswith("upl_")
