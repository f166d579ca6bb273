"""Fields that exclude each other, both and neither: each is refused by the name of a field, and
leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from billing.models import Hold
from generations.models import Generation
from kling import operations
from kling.schema import input_schema
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations.builders import set_rates
from tests.generations.kling_api.conftest import KlingApi
from tests.generations.whole_inputs import Files
from tests.kling.inputs import SERVED, SMALLEST, TODAY, shots

pytestmark = pytest.mark.django_db
FILE = "https://files.example/any.file"
VOICES = [{"voice_id": "oversea_male1"}]
ELEMENTS = [{"element_id": "160"}]
SOUND: dict[str, Any] = {"sound_file": FILE, "sound_end_time": 3000}
MASKS = [{"mask": FILE, "trajectories": [{"x": 1, "y": 1}, {"x": 2, "y": 2}]}]
CAMERA = {"type": "simple", "config": {"zoom": 1}}
TWO_MOVES = {"type": "simple", "config": {"zoom": 1, "pan": 1}}
PLANNED: dict[str, Any] = {"multi_shot": True, "shot_type": "intelligence"}
OWN: dict[str, Any] = {"multi_shot": True, "shot_type": "customize", "prompt": None}
BOTH: dict[str, Any] = {"element_list": ELEMENTS, "voice_list": VOICES, "sound": "on"}
FIRST, END = ({"image_url": FILE, "type": kind} for kind in ("first_frame", "end_frame"))
BASE = [{"video_url": FILE, "refer_type": "base"}]

# operation: the change of its least input, and the field that is named. None takes a field away.
WRONG: dict[str, list[tuple[dict[str, Any], str]]] = {
    "text-to-video": [
        ({"prompt": None}, "prompt"),
        ({"shot_type": "customize"}, "shot_type"),
        ({"multi_prompt": shots(5)}, "multi_prompt"),
        ({"multi_shot": True}, "shot_type"),
        (PLANNED | {"prompt": None}, "prompt"),
        (PLANNED | {"multi_prompt": shots(5)}, "multi_prompt"),
        (OWN, "multi_prompt"),
        (OWN | {"prompt": "A fox", "multi_prompt": shots(5)}, "prompt"),
        (OWN | {"multi_prompt": shots(2, 2)}, "multi_prompt"),
        (OWN | {"multi_prompt": shots(6)}, "multi_prompt"),
        (OWN | {"multi_prompt": shots(0, 5)}, "multi_prompt.0.duration"),
        ({"model_name": "kling-v2-6", "voice_list": VOICES, "sound": "off"}, "voice_list"),
        ({"model_name": "kling-v1", "camera_control": {"type": "simple"}}, "camera_control.config"),
        ({"model_name": "kling-v1", "camera_control": TWO_MOVES}, "camera_control.config"),
        (
            {"model_name": "kling-v1", "camera_control": CAMERA | {"type": "down_back"}},
            "camera_control.config",
        ),
    ],
    "image-to-video": [
        ({"image": None}, "image"),
        (PLANNED | {"image_tail": FILE}, "image_tail"),
        (BOTH, "voice_list"),
        ({"model_name": "kling-v1", "image_tail": FILE, "static_mask": FILE}, "static_mask"),
        ({"model_name": "kling-v1", "image_tail": FILE, "dynamic_masks": MASKS}, "dynamic_masks"),
        (
            {
                "model_name": "kling-v1-5",
                "mode": "pro",
                "static_mask": FILE,
                "camera_control": CAMERA,
            },
            "camera_control",
        ),
    ],
    "image": [
        ({"image": FILE, "negative_prompt": "rain"}, "negative_prompt"),
        ({"model_name": "kling-v2-1", "image_reference": "face"}, "image_reference"),
        ({"model_name": "kling-v2-1", "image_fidelity": 0.5}, "image_fidelity"),
        (
            {
                "model_name": "kling-v2-1",
                "image": FILE,
                "image_reference": "face",
                "human_fidelity": 0.5,
            },
            "human_fidelity",
        ),
        ({"image": FILE, "element_list": ELEMENTS * 10}, "element_list"),
    ],
    "text-to-audio": [({"prompt": None}, "prompt"), ({"duration": None}, "duration")],
    "video-to-audio": [({"video_url": None}, "video_url"), ({"video_id": "7"}, "video_id")],
    "avatar": [({"sound_file": None}, "sound_file"), ({"audio_id": "7"}, "audio_id")],
    "omni-video": [
        ({"aspect_ratio": None}, "aspect_ratio"),
        ({"image_list": [FIRST]}, "aspect_ratio"),
        ({"image_list": [END]}, "image_list.0.type"),
        ({"image_list": [FIRST, END, {"image_url": FILE}]}, "image_list.1.type"),
        ({"image_list": [{"image_url": FILE}] * 6, "element_list": ELEMENTS * 2}, "element_list"),
        ({"image_list": [{"image_url": FILE}] * 5, "video_list": BASE}, "image_list"),
        ({"video_list": BASE * 2, "aspect_ratio": None}, "video_list"),
        ({"video_list": BASE, "sound": "on", "aspect_ratio": None}, "video_list"),
    ],
    "motion-control": [
        ({"character_orientation": "image", "element_list": ELEMENTS}, "character_orientation"),
    ],
    "lip-sync": [
        ({"video_url": None}, "video_url"),
        ({"video_id": "7"}, "video_id"),
        ({"session_id": "7"}, "session_id"),
        ({"face_choose": [{"sound_end_time": 3000}]}, "face_choose.0.sound_file"),
        ({"face_choose": [SOUND | {"audio_id": "7"}]}, "face_choose.0.audio_id"),
        ({"face_choose": [SOUND | {"sound_start_time": 1500}]}, "face_choose.0.sound_end_time"),
        ({"face_choose": [SOUND | {"sound_insert_time": 2500}]}, "face_choose.0.sound_insert_time"),
    ],
    "effects": [
        ({"input": {"duration": "5"}}, "input.image"),
        ({"input": {"image": FILE, "images": [FILE, FILE]}}, "input.images"),
        ({"effect_scene": "hug_pro"}, "input.image"),
        ({"input": {"image": FILE, "mode": "pro"}}, "input.mode"),
    ],
    "omni-image": [
        ({"model_name": "kling-v3-omni", "result_type": "series", "n": 2}, "n"),
        ({"series_amount": 2}, "series_amount"),
        ({"image_list": [{"image": FILE}] * 6, "element_list": ELEMENTS * 5}, "image_list"),
    ],
    "image-expand": [({"up_expansion_ratio": 2, "down_expansion_ratio": 2}, "expansion_ratio")],
    "custom-voice": [({"voice_url": None}, "voice_url"), ({"video_id": "7"}, "video_id")],
    "custom-element": [
        ({"element_image_list": None}, "element_image_list"),
        ({"reference_type": "video_refer"}, "element_video_list"),
        (
            {"element_video_list": {"refer_videos": [{"video_url": FILE}]}},
            "element_video_list",
        ),
    ],
}
PAIRS = [pair for pair in SERVED if pair[0] in WRONG]


def is_known(operation: str, dialect: str, change: dict[str, Any]) -> bool:
    """Whether the page has all these fields, and the model: others are refused for that."""
    fields = input_schema(operation, dialect, today=TODAY)["properties"]
    model = change.get("model_name")
    return change.keys() <= fields.keys() and (not model or model in fields["model_name"]["enum"])


def wrong_inputs(
    person: Person, operation: str, dialect: str
) -> Iterator[tuple[dict[str, Any], str]]:
    files = Files(person)
    for change, field in WRONG[operation]:
        if is_known(operation, dialect, change):
            whole = SMALLEST[operation] | change
            given = {name: value for name, value in whole.items() if value is not None}
            yield files.filled(operation, given), field


@pytest.mark.parametrize(("operation", "dialect"), PAIRS)
def test_both_and_neither_are_refused(
    ada: Person, simulator: RunningSimulator, operation: str, dialect: str
) -> None:
    make_account(simulator.url, dialect=dialect)
    set_rates("effects", "custom-element")
    program, slipped = KlingApi(ada.api.key), []
    for values, field in wrong_inputs(ada, operation, dialect):
        answer = ada.api.post("/generations", {"operation": operation, "input": values})
        named = [error["field"] for error in answer.json().get("errors", ())]
        if answer.status_code != 422 or not any(field in name for name in named):
            slipped.append((field, answer.status_code, named))
        answer = program.post(operations.get(operation).path, values)
        body = json.loads(answer.content)
        if (answer.status_code, body["code"]) != (400, 1201) or field not in body["message"]:
            slipped.append((field, answer.status_code, body["message"]))
    assert slipped == []
    assert simulator.submissions() == []
    assert not Generation.objects.exists()
    assert not Hold.objects.exists()


def test_every_operation_with_such_fields_is_tried() -> None:
    """An operation that checks what goes with what has rows here."""
    checked = {
        one.name
        for one in operations.all_operations()
        if one.listed and type(one).check is not operations.Operation.check
    }
    assert checked - {"video-extend"} <= WRONG.keys()


def test_every_row_is_tried_somewhere() -> None:
    for operation, rows in WRONG.items():
        dialects = [dialect for name, dialect in PAIRS if name == operation]
        for change, _ in rows:
            assert any(is_known(operation, dialect, change) for dialect in dialects), change
