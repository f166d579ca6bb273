"""A voice that was deleted here lives on at the provider, and still belongs to somebody."""

from __future__ import annotations

from typing import Any

import pytest

from generations.models import Asset, ProviderAccount, Upload
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations.builders import make_storing, output
from tests.generations.inputs.asking import created, refusal
from tests.working import finish

pytestmark = pytest.mark.django_db(transaction=True)

THEIRS = "871100000000000042"
NOBODYS = "871100000000000043"


@pytest.fixture
def account(simulator: RunningSimulator) -> ProviderAccount:
    return make_account(simulator.url, dialect="official", slug="direct")


def speech(voice: str) -> dict[str, Any]:
    values = {"text": "Hello", "voice_id": voice, "voice_language": "en"}
    return {"operation": "text-to-speech", "input": values}


def deleted_voice(person: Person, account: ProviderAccount) -> Asset:
    sample = output(f"{account.base_url}/media/none.mp3", "voice", provider_id=THEIRS)
    sample["details"] = {"name": "Ada at night"}
    fields = {"operation": "custom-voice", "model": "custom-voice"}
    job = make_storing(person.workspace, account, sample, task_id="1", **fields)
    finish(job.public_id)
    assert person.api.delete(f"/generations/{job.public_id}").status_code == 204
    return Asset.objects.get()


def test_nobody_speaks_with_it(ada: Person, charlie: Person, account: ProviderAccount) -> None:
    deleted_voice(ada, account)
    for person in (charlie, ada):
        assert refusal(person.api, speech(THEIRS))[:2] == ("input.voice_id", "not_found")
    created(charlie.api, speech(NOBODYS))  # may be one that the provider offers to everybody


def test_nothing_is_left_of_it_but_its_id(ada: Person, account: ProviderAccount) -> None:
    left = deleted_voice(ada, account)
    assert (left.key, left.bytes, left.sha256, left.details) == (None, 0, "", {})
    assert ada.api.get(f"/assets/{left.public_id}").status_code == 404
    assert ada.api.get(f"/assets/{left.public_id}/content").status_code == 404
    for page in ("/gallery/", "/studio/text-to-speech"):
        shown = ada.browser.get(page).content.decode()
        assert left.public_id not in shown
    assert not Upload.objects.exists()


def test_a_film_leaves_nothing(ada: Person, account: ProviderAccount) -> None:
    link = output(f"{account.base_url}/media/none.mp4", provider_id=THEIRS)
    job = make_storing(ada.workspace, account, link, task_id="1")
    job.assets.create(
        workspace=ada.workspace,
        index=0,
        kind="video",
        key="k",
        media_type="video/mp4",
        sha256="0",
        provider_asset_id=THEIRS,
    )
    type(job).objects.filter(pk=job.pk).update(
        state="succeeded", due_at=None, finished_at=job.created_at
    )
    assert ada.api.delete(f"/generations/{job.public_id}").status_code == 204
    assert not Asset.objects.exists()
