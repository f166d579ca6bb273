"""Results that are more than one kind of file, or no file at all."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from generations.models import Asset, ProviderAccount
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations.builders import make_storing, output
from tests.generations.test_main_job import create
from tests.working import finish

pytestmark = pytest.mark.django_db(transaction=True)
VIDEO: dict[str, Any] = {
    "operation": "text-to-video",
    "input": {"prompt": "A drum", "duration": "5"},
}


@pytest.fixture
def official(db: None, simulator: RunningSimulator) -> ProviderAccount:
    return make_account(simulator.url, dialect="official")


@pytest.mark.parametrize("dialect", ["cometapi", "official"])
def test_a_dubbed_video_brings_its_sound(
    ada: Person, simulator: RunningSimulator, dialect: str
) -> None:
    make_account(simulator.url, dialect=dialect)
    [clip] = finish(create(ada.api, VIDEO)["id"]).assets.all()
    order = {"operation": "video-to-audio", "input": {"video_id": clip.public_id}}
    made = create(ada.api, order)
    finish(made["id"])
    done = ada.api.get(f"/generations/{made['id']}").json()
    assert [asset["media_type"] for asset in done["assets"]] == [
        "video/mp4",
        "audio/mpeg",
        "audio/wav",
    ]
    assert done["credits"]["charged"] == "0.25"
    contents = [ada.api.get(f"/assets/{asset['id']}/content") for asset in done["assets"]]
    assert {answer.status_code for answer in contents} == {200}


def voice(url: str) -> dict[str, Any]:
    return output(url, "voice", provider_id="voice-7", details={"name": "Ada at night"})


def stored(person: Person, account: ProviderAccount, *outputs: dict[str, Any]) -> Any:
    job = make_storing(
        person.workspace, account, *outputs, task_id="1", operation="custom-voice", model="x"
    )
    finish(job.public_id)
    return person.api.get(f"/generations/{job.public_id}").json()


def test_a_voice_without_a_sample_is_a_result(ada: Person, official: ProviderAccount) -> None:
    done = stored(ada, official, voice(""))
    assert done["status"] == "succeeded"
    [asset] = done["assets"]
    assert (asset["kind"], asset["details"]) == ("voice", {"name": "Ada at night"})
    facts = ("media_type", "bytes", "sha256", "url", "poster_url", "duration_seconds")
    assert [asset[name] for name in facts] == [None] * len(facts)
    assert ada.api.get(f"/assets/{asset['id']}").json() == asset
    assert ada.api.get(f"/assets/{asset['id']}/content").status_code == 404
    assert Asset.objects.get().provider_asset_id == "voice-7"
    assert ada.browser.get(f"/generations/{done['id']}").status_code == 200
    assert ada.browser.get("/gallery/").status_code == 200


def test_a_sample_that_cannot_be_had_loses_no_voice(ada: Person, official: ProviderAccount) -> None:
    done = stored(ada, official, voice(f"{official.base_url}/media/none.mp3"))
    assert done["status"] == "succeeded"
    assert [asset["url"] for asset in done["assets"]] == [None]


def test_a_voice_comes_with_a_sample(ada: Person, official: ProviderAccount) -> None:
    spoken = {**VIDEO["input"], "model_name": "kling-v2-6", "mode": "pro", "sound": "on"}
    [clip] = finish(create(ada.api, {**VIDEO, "input": spoken})["id"]).assets.all()
    given = {"voice_name": "Ada", "video_id": clip.public_id}
    made = create(ada.api, {"operation": "custom-voice", "input": given})
    finish(made["id"])
    done = ada.api.get(f"/generations/{made['id']}").json()
    assert (done["status"], done["error"]) == ("succeeded", None)
    [asset] = done["assets"]
    assert (asset["kind"], asset["media_type"]) == ("voice", "audio/mpeg")
    assert asset["details"]
    assert ada.api.get(f"/assets/{asset['id']}/content").status_code == 200


@pytest.mark.parametrize("kind", ["video", "image", "audio"])
def test_no_other_result_is_without_its_file(
    ada: Person, official: ProviderAccount, kind: str
) -> None:
    job = make_storing(ada.workspace, official, task_id="1")
    with pytest.raises(IntegrityError), transaction.atomic():
        Asset.objects.create(workspace=ada.workspace, generation=job, index=0, kind=kind)
    assert not Asset.objects.exists()
