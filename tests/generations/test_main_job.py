"""One job from `POST /api/v1/generations` to stored bytes, against the simulator over HTTP."""

from __future__ import annotations

import hashlib
import io

import av
import pytest

from billing.models import Entry
from generations.models import ProviderAccount
from kling.simulator.server import RunningSimulator
from tests.conftest import Api, Person, make_account
from tests.working import finish

SOUND = {"operation": "text-to-audio", "input": {"prompt": "Waves on a beach", "duration": 3}}
VIDEO = {
    "operation": "text-to-video",
    "input": {"prompt": "A lighthouse at dusk", "mode": "std", "duration": "3", "sound": "on"},
}

pytestmark = pytest.mark.django_db


def create(api: Api, body: dict[str, object]) -> dict[str, object]:
    response = api.post("/generations", body)
    assert response.status_code == 202, response.content
    return response.json()


def test_it_makes_a_playable_video(ada: Person, cloudsway: ProviderAccount) -> None:
    created = create(ada.api, VIDEO)
    assert created["status"] == "queued"
    assert created["credits"] == {"quoted": "2.7", "held": "2.7", "charged": "0"}

    finish(created["id"])

    done = ada.api.get(f"/generations/{created['id']}").json()
    assert (done["status"], done["error"]) == ("succeeded", None)
    assert done["credits"] == {"quoted": "2.7", "held": "0", "charged": "2.7"}
    assert done["provider"]["final_unit_deduction"] == "2.7"
    [asset] = done["assets"]
    assert (asset["kind"], asset["media_type"]) == ("video", "video/mp4")
    content = b"".join(ada.api.get(f"/assets/{asset['id']}/content").streaming_content)
    assert len(content) == asset["bytes"]
    assert hashlib.sha256(content).hexdigest() == asset["sha256"]
    with av.open(io.BytesIO(content)) as media:
        picture = media.streams.video[0]
        assert (picture.width, picture.height) == (asset["width"], asset["height"])
        assert media.streams.audio
        assert abs(media.duration / 1_000_000 - 3) < 0.2


def test_it_makes_sound_as_mp3_and_wav(ada: Person, cloudsway: ProviderAccount) -> None:
    created = create(ada.api, SOUND)
    finish(created["id"])
    done = ada.api.get(f"/generations/{created['id']}").json()
    assert [asset["media_type"] for asset in done["assets"]] == ["audio/mpeg", "audio/wav"]
    assert done["credits"]["charged"] == "0.25"


@pytest.mark.parametrize("dialect", ["cometapi", "cloudsway", "official"])
def test_it_speaks_each_dialect(ada: Person, simulator: RunningSimulator, dialect: str) -> None:
    make_account(simulator.url, dialect=dialect)
    created = create(ada.api, SOUND)
    finish(created["id"])
    done = ada.api.get(f"/generations/{created['id']}").json()
    assert (done["status"], done["provider"]["dialect"]) == ("succeeded", dialect)
    assert len(simulator.tasks()) == 1


def test_it_keeps_the_books(ada: Person, cloudsway: ProviderAccount) -> None:
    job = create(ada.api, SOUND)
    held = {"balance": "100", "held": "0.25", "available": "99.75"}
    assert ada.api.credits() == held
    generation = finish(job["id"])
    assert Entry.objects.get(hold=generation.hold).amount == -250_000
    charged = {"balance": "99.75", "held": "0", "available": "99.75"}
    assert ada.api.credits() == charged


def test_it_leaves_a_history(ada: Person, cloudsway: ProviderAccount) -> None:
    generation = finish(create(ada.api, SOUND)["id"])
    states = [step.now for step in generation.transitions.all()]
    assert states == ["queued", "submitting", "processing", "storing", "succeeded"]


def test_it_charges_nothing_for_a_failure(ada: Person, cloudsway: ProviderAccount) -> None:
    created = create(ada.api, {**SOUND, "input": {"prompt": "[fail] thunder", "duration": 3}})
    finish(created["id"])
    done = ada.api.get(f"/generations/{created['id']}").json()
    assert done["status"] == "failed"
    assert done["error"]["code"] == "provider_failed"
    assert done["credits"] == {"quoted": "0.25", "held": "0", "charged": "0"}
    assert ada.api.credits() == {
        "balance": "100",
        "held": "0",
        "available": "100",
    }


def test_it_charges_what_the_provider_deducted(ada: Person, cloudsway: ProviderAccount) -> None:
    created = create(ada.api, {**SOUND, "input": {"prompt": "[deduct:0.1] rain", "duration": 3}})
    finish(created["id"])
    done = ada.api.get(f"/generations/{created['id']}").json()
    assert done["credits"]["charged"] == "0.1"


def test_it_never_charges_more_than_the_quote(ada: Person, cloudsway: ProviderAccount) -> None:
    created = create(ada.api, {**SOUND, "input": {"prompt": "[deduct:9] rain", "duration": 3}})
    generation = finish(created["id"])
    assert generation.charged == generation.quoted
    assert "deducted 9 units" in generation.attention
