"""The six operations of the providers' pages with everything that they document, end to end.

What was asked for is what goes over the wire, what comes back has its length and its size, and
costs what was quoted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

import billing.ledger
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations.inputs.asking import created
from tests.generations.playing import assert_it_plays
from tests.generations.whole_inputs import Files
from tests.working import finish

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("reachable")]
PICTURE = "https://files.example/fox.png"
SHOTS = [
    {"index": 1, "prompt": "A fox wakes in snow", "duration": "1"},
    {"index": 2, "prompt": "It runs to the river", "duration": "2"},
]
OWN_SHOTS = {"multi_shot": True, "shot_type": "customize", "multi_prompt": SHOTS}
PLANNED = {"multi_shot": True, "shot_type": "intelligence", "prompt": "A fox wakes and runs"}
MARKED = {"watermark_info": {"enabled": True}}
BRUSH = {
    "static_mask": PICTURE,
    "dynamic_masks": [
        {"mask": PICTURE, "trajectories": [{"x": 279, "y": 219}, {"x": 417, "y": 65}]}
    ],
}


@dataclass(frozen=True)
class Case:
    """`assets`: kinds of the results in order. `size`: pixels of the first of them."""

    operation: str
    dialects: str
    values: dict[str, Any]
    units: str
    assets: str = "video"
    size: tuple[int, int] | None = None
    seconds: float | None = None


CASES = (
    Case(
        "text-to-video",
        "cometapi",
        {
            "model_name": "kling-v3",
            "prompt": "x" * 500,
            "negative_prompt": "y" * 200,
            "mode": "pro",
            "aspect_ratio": "9:16",
            "duration": "5",
        },
        "4",
        size=(1080, 1920),
        seconds=5,
    ),
    Case(
        "text-to-video",
        "cometapi",
        {
            "model_name": "kling-v1",
            "prompt": "A fox",
            "cfg_scale": 0.5,
            "camera_control": {"type": "simple", "config": {"zoom": -10}},
            "aspect_ratio": "3:2",
        },
        "1",
        size=(1080, 720),
    ),
    Case(
        "text-to-video",
        "cloudsway official",
        {**OWN_SHOTS, "sound": "on", "mode": "pro", "duration": "3", **MARKED},
        "3.6",
        "video video",
        size=(1920, 1080),
        seconds=3,
    ),
    Case(
        "text-to-video",
        "cloudsway official",
        {
            **PLANNED,
            "negative_prompt": "rain",
            "sound": "off",
            "mode": "std",
            "aspect_ratio": "1:1",
            "duration": "4",
        },
        "2.4",
        size=(720, 720),
        seconds=4,
    ),
    Case(
        "text-to-video",
        "cloudsway official",
        {"prompt": "A fox", "mode": "4k", "sound": "on", "duration": "3"},
        "9",
        size=(3840, 2160),
    ),
    Case(
        "image-to-video",
        "cometapi",
        {"image": PICTURE, "image_tail": PICTURE, "prompt": "It runs", "negative_prompt": "rain"},
        "3",
    ),
    Case(
        "image-to-video",
        "cometapi",
        {"image": PICTURE, "model_name": "kling-v1", "cfg_scale": 1, **BRUSH},
        "1",
    ),
    Case(
        "image-to-video",
        "cometapi",
        {
            "image": PICTURE,
            "model_name": "kling-v1-5",
            "mode": "pro",
            "camera_control": {"type": "simple", "config": {"pan": 5}},
        },
        "3.5",
    ),
    Case(
        "image-to-video",
        "cloudsway official",
        {
            "image": PICTURE,
            **OWN_SHOTS,
            "element_list": [{"element_id": "160"}, {"element_id": "161"}, {"element_id": "162"}],
            "sound": "on",
            "mode": "std",
            "duration": "3",
            **MARKED,
        },
        "2.7",
        "video video",
        seconds=3,
    ),
    Case(
        "image-to-video",
        "cloudsway official",
        {"image": PICTURE, "image_tail": PICTURE, "prompt": "It runs", "duration": "3"},
        "1.8",
    ),
    Case(
        "image-to-video",
        "cloudsway official",
        {"image_tail": PICTURE, "prompt": "It ends", "duration": "3"},
        "1.8",
    ),
    Case(
        "image-to-video",
        "official",
        {
            "image": PICTURE,
            "model_name": "kling-v2-6",
            "prompt": "The fox <<<voice_1>>> says hello, the hare <<<voice_2>>> answers",
            "sound": "on",
            "voice_list": [{"voice_id": "genshin_vindi2"}, {"voice_id": "oversea_male1"}],
            "mode": "pro",
        },
        "6",
    ),
    Case(
        "image",
        "cometapi official",
        {
            "model_name": "kling-v2-1",
            "prompt": "A fox",
            "image": PICTURE,
            "image_reference": "subject",
            "image_fidelity": 0.7,
            "human_fidelity": 0.45,
            "n": 2,
        },
        "16",
        "image image",
    ),
    Case(
        "image",
        "cloudsway",
        {
            "model_name": "kling-v3",
            "prompt": "A fox",
            "negative_prompt": "rain",
            "resolution": "1k",
            "n": 9,
            "aspect_ratio": "21:9",
        },
        "72",
        " ".join(["image"] * 9),
    ),
    Case(
        "image",
        "cloudsway official",
        {
            "model_name": "kling-v3",
            "prompt": "A fox",
            "image": PICTURE,
            "element_list": [{"element_id": str(160 + number)} for number in range(9)],
            "resolution": "2k",
            "aspect_ratio": "3:4",
            **MARKED,
        },
        "8",
        "image image",
    ),
    Case(
        "text-to-audio",
        "cometapi cloudsway official",
        {"prompt": "x" * 200, "duration": 3.5},
        "0.25",
        "audio audio",
        seconds=3.5,
    ),
    Case(
        "video-to-audio",
        "official",
        {
            "video_url": PICTURE,
            "sound_effect_prompt": "Steps",
            "bgm_prompt": "A piano",
            "asmr_mode": True,
        },
        "0.25",
        "video audio audio",
        seconds=5,
    ),
    Case("video-to-audio", "cometapi", {"video_url": PICTURE}, "0.25", "video audio audio"),
    Case(
        "avatar",
        "cometapi official",
        {"image": PICTURE, "sound_file": PICTURE, "prompt": "Friendly", "mode": "pro"},
        "4",
        seconds=5,
    ),
)
EACH = [
    pytest.param(case, dialect, id=f"{case.operation}-{number}-{dialect}")
    for number, case in enumerate(CASES)
    for dialect in case.dialects.split()
]


@pytest.mark.parametrize(("case", "dialect"), EACH)
def test_what_the_page_documents_is_made_as_asked(
    ada: Person, simulator: RunningSimulator, case: Case, dialect: str
) -> None:
    make_account(simulator.url, dialect=dialect)
    values = Files(ada).filled(case.operation, case.values)
    quote = ada.api.post("/quotes", {"operation": case.operation, "input": values}).json()
    job = created(ada.api, {"operation": case.operation, "input": values})
    finish(job["id"])

    done = ada.api.get(f"/generations/{job['id']}").json()
    assert (done["status"], done["error"]) == ("succeeded", None)
    assert quote["units"] == done["provider"]["final_unit_deduction"] == case.units
    assert done["credits"] == {"quoted": quote["credits"], "held": "0", "charged": quote["credits"]}
    assert case.values.keys() <= simulator.tasks()[0]["input"].keys()
    assert [asset["kind"] for asset in done["assets"]] == case.assets.split()
    first = done["assets"][0]
    if case.size:
        assert (first["width"], first["height"]) == case.size
    if case.seconds:
        assert float(first["duration_seconds"]) == pytest.approx(case.seconds, abs=0.2)
    for asset in done["assets"]:
        assert_it_plays(ada, asset)
    assert not billing.ledger.check().violations
