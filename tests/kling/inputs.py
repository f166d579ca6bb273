"""Small inputs that are right, and a short way to the errors of those that are not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from kling import catalogue, operations
from kling.errors import FieldError, InvalidInput
from kling.media import MP3, MP4, Media
from kling.requests import Request, parse

TODAY = date(2026, 11, 1)  # after Kling's retirements of 15 September 2026
DIALECTS = ("cometapi", "cloudsway", "official")
SERVED = [
    (operation.name, dialect)
    for operation in operations.all_operations()
    for dialect in operation.dialects
    if catalogue.default().offers(operation, dialect, TODAY)
]


def clip(seconds: float, *, width: int = 1280, height: int = 720) -> Media:
    return Media("video", MP4, 1000, width, height, Decimal(str(seconds)), Decimal(24))


def speech(seconds: float) -> Media:
    return Media("audio", MP3, 1000, seconds=Decimal(str(seconds)))


# The least that each operation takes, in every dialect that serves it.
SMALLEST: dict[str, dict[str, Any]] = {
    "text-to-video": {"prompt": "A fox"},
    "image-to-video": {"image": "https://files.example/fox.png", "prompt": "The fox runs"},
    "image": {"prompt": "A fox"},
    "text-to-audio": {"prompt": "Waves", "duration": 5},
    "video-to-audio": {"video_url": "https://files.example/fox.mp4"},
    "avatar": {
        "image": "https://files.example/ada.png",
        "sound_file": "https://files.example/hello.mp3",
    },
    "text-to-speech": {"text": "Hello", "voice_id": "oversea_male1"},
    "omni-image": {"prompt": "A fox"},
    "image-expand": {
        "image": "https://files.example/fox.png",
        "up_expansion_ratio": 0,
        "down_expansion_ratio": 0,
        "left_expansion_ratio": 0.5,
        "right_expansion_ratio": 0.5,
    },
    "multi-image-to-image": {
        "subject_image_list": [{"subject_image": "https://files.example/fox.png"}]
    },
    "virtual-try-on": {
        "human_image": "https://files.example/ada.png",
        "cloth_image": "https://files.example/coat.png",
    },
    "custom-voice": {"voice_name": "Fox", "voice_url": "https://files.example/fox.mp3"},
    "custom-element": {
        "element_name": "Fox",
        "element_description": "A red fox",
        "reference_type": "image_refer",
        "element_image_list": {
            "frontal_image": "https://files.example/front.png",
            "refer_images": [{"image_url": "https://files.example/side.png"}],
        },
    },
    "omni-video": {"prompt": "A fox", "aspect_ratio": "16:9"},
    "motion-control": {
        "image_url": "https://files.example/fox.png",
        "video_url": "https://files.example/dance.mp4",
        "character_orientation": "video",
        "mode": "std",
    },
    "video-extend": {"video_id": "871100000000000007", "task_id": "871100000000000006"},
    "identify-face": {"video_url": "https://files.example/ada.mp4"},
    "lip-sync": {
        "video_url": "https://files.example/ada.mp4",
        "face_choose": [{"sound_file": "https://files.example/hello.mp3", "sound_end_time": 3000}],
    },
    "one-step-lip-sync": {
        "input": {
            "mode": "text2video",
            "video_url": "https://files.example/ada.mp4",
            "text": "Hello",
            "voice_id": "oversea_male1",
        }
    },
    "effects": {
        "effect_scene": "pet_lion_pro",
        "input": {"image": "https://files.example/cat.png"},
    },
}
# What is known of the files in it, where the price follows one of them.
FILES: dict[str, dict[str, Media]] = {
    "avatar": {"sound_file": speech(5)},
    "motion-control": {"video_url": clip(5)},
    "lip-sync": {"video_url": clip(5), "face_choose.0.sound_file": speech(5)},
    "one-step-lip-sync": {"input.video_url": clip(5), "input.video_id": clip(5)},
}
# Units for operations whose price the operator sets.
RATES = {operation.name: Decimal("2") for operation in operations.all_operations()}


def smallest(operation: str, dialect: str, given: Mapping[str, Any] | None = None) -> Request:
    """The least request of an operation, or `given` as one of it."""
    return parse(
        operation,
        SMALLEST[operation] if given is None else given,
        dialect=dialect,
        media=FILES.get(operation),
        rates=RATES,
        today=TODAY,
    )


def video(dialect: str = "cloudsway", *, today: date = TODAY, **given: Any) -> Request:
    return parse("text-to-video", given, dialect=dialect, today=today)


def audio(dialect: str = "cloudsway", **given: Any) -> Request:
    return parse("text-to-audio", given, dialect=dialect, today=TODAY)


def refusals(
    operation: str, given: Mapping[str, Any], *, dialect: str = "cloudsway", today: date = TODAY
) -> list[tuple[str, str]]:
    """(field, code) of every error, in order."""
    return [(error.field, error.code) for error in errors_of(operation, given, dialect, today)]


def errors_of(
    operation: str, given: Any, dialect: str = "cloudsway", today: date = TODAY
) -> tuple[FieldError, ...]:
    with pytest.raises(InvalidInput) as caught:
        parse(operation, given, dialect=dialect, today=today)
    return caught.value.errors


def ask(
    operation: str,
    dialect: str = "official",
    *,
    media: Mapping[str, Media] | None = None,
    today: date = TODAY,
    **given: Any,
) -> Request:
    """A request of the least input and what is `given` besides; None takes a field away."""
    values = SMALLEST[operation] | given
    return parse(operation, values, dialect=dialect, media=media, rates=RATES, today=today)


def refused(operation: str, dialect: str = "official", **given: Any) -> list[tuple[str, str]]:
    """(field, code) of every error of such a request; `media` and `today` as with `ask`."""
    with pytest.raises(InvalidInput) as caught:
        ask(operation, dialect, **given)
    return [(error.field, error.code) for error in caught.value.errors]


def shots(*seconds: object) -> list[dict[str, Any]]:
    return [
        {"index": number, "prompt": f"Shot {number}", "duration": length}
        for number, length in enumerate(seconds, 1)
    ]
