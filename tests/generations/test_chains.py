"""A result goes into the next operation: by the provider's own id, or as the file that it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from generations.models import Asset
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations.inputs.asking import created
from tests.generations.whole_inputs import Files
from tests.kling.inputs import SMALLEST
from tests.working import finish

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("reachable")]


@dataclass(frozen=True)
class Chain:
    """`field` of the second takes a result of the first; the provider gets it as `known_as`."""

    first: str
    made_with: dict[str, Any]
    second: str
    field: str
    known_as: str
    path: str


FILM = {"prompt": "A fox", "mode": "std", "duration": "5"}
CHAINS = (
    Chain("text-to-video", FILM, "video-to-audio", "video_url", "video_id", "audio/video-to-audio"),
    Chain("text-to-video", FILM, "lip-sync", "video_url", "video_id", "videos/identify-face"),
    Chain(
        "text-to-video",
        FILM | {"model_name": "kling-v1-6"},
        "video-extend",
        "video_id",
        "video_id",
        "videos/video-extend",
    ),
    Chain(
        "text-to-speech",
        {"text": "Good evening, and welcome to the show.", "voice_id": "oversea_male1"},
        "avatar",
        "sound_file",
        "audio_id",
        "videos/avatar/image2video",
    ),
)


@pytest.mark.parametrize("chain", CHAINS, ids=lambda one: one.second)
def test_a_result_goes_into_the_next_operation_by_the_providers_id(
    ada: Person, simulator: RunningSimulator, chain: Chain
) -> None:
    make_account(simulator.url, dialect="cometapi")
    first = created(ada.api, {"operation": chain.first, "input": chain.made_with})
    assert finish(first["id"]).state == "succeeded"
    result = Asset.objects.get(generation__public_id=first["id"])

    values = Files(ada).filled(chain.second, SMALLEST[chain.second]) | {
        chain.field: result.public_id
    }
    second = created(ada.api, {"operation": chain.second, "input": values})
    assert finish(second["id"]).state == "succeeded"
    sent = next(one["input"] for one in simulator.tasks() if one["path"] == chain.path)
    assert sent[chain.known_as] == result.provider_asset_id


@pytest.mark.parametrize("operation", ["image-to-video", "avatar"])
def test_an_image_goes_into_the_next_operation_as_a_file(
    ada: Person, simulator: RunningSimulator, operation: str
) -> None:
    make_account(simulator.url, dialect="cometapi")
    first = created(ada.api, {"operation": "image", "input": {"prompt": "A fox"}})
    assert finish(first["id"]).state == "succeeded"
    picture = Asset.objects.get(generation__public_id=first["id"])
    values = Files(ada).filled(operation, SMALLEST[operation]) | {"image": picture.public_id}
    second = created(ada.api, {"operation": operation, "input": values})
    assert second["input"]["image"] == picture.public_id
    assert finish(second["id"]).state == "succeeded"
