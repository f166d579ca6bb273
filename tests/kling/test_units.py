"""What a request costs in Kling's own units, before it is sent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.kling.inputs import DIALECTS, audio, video

BEFORE_RETIREMENT = date(2026, 9, 14)


@pytest.mark.parametrize(
    ("model", "mode", "sound", "seconds", "units"),
    [
        ("kling-v3", "std", "off", 5, "3"),
        ("kling-v3", "std", "off", 3, "1.8"),
        ("kling-v3", "std", "on", 5, "4.5"),
        ("kling-v3", "pro", "off", 5, "4"),
        ("kling-v3", "pro", "off", 10, "8"),
        ("kling-v3", "pro", "on", 5, "6"),  # as Cloudsway's page was charged
        ("kling-v3", "pro", "on", 10, "12"),
        ("kling-v3", "4k", "off", 15, "45"),
        ("kling-v3", "4k", "on", 15, "45"),
        ("kling-v2-6", "pro", "off", 5, "2.5"),
        ("kling-v2-6", "pro", "on", 10, "10"),
        ("kling-v2-5-turbo", "std", None, 5, "1.5"),
        ("kling-v2-5-turbo", "pro", None, 10, "5"),
        ("kling-v2-1-master", None, None, 10, "20"),
        ("kling-v2-master", None, None, 5, "10"),
        ("kling-v1-6", "std", None, 5, "2"),
        ("kling-v1-6", "pro", None, 10, "7"),
        ("kling-v1", "std", None, 10, "2"),
        ("kling-v1", "pro", None, 5, "3.5"),
    ],
)
def test_it_counts_the_units_of_a_video(
    model: str, mode: str | None, sound: str | None, seconds: int, units: str
) -> None:
    given: dict[str, Any] = {"model_name": model, "prompt": "A fox", "duration": seconds}
    given |= {"mode": mode, "sound": sound}
    request = video("official", today=BEFORE_RETIREMENT, **given)
    assert str(request.units.amount) == units
    assert request.units.unit_type == "video"


@pytest.mark.parametrize(
    ("prompt", "units"), [("The fox <<<voice_1>>> says hello", "6"), ("The fox says hello", "5")]
)
def test_a_voice_costs_only_where_the_prompt_uses_it(prompt: str, units: str) -> None:
    request = video(
        "official",
        model_name="kling-v2-6",
        prompt=prompt,
        sound="on",
        voice_list=[{"voice_id": "v1"}],
    )
    assert str(request.units.amount) == units


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("seconds", [3, 5.5, 10])
def test_a_sound_effect_costs_the_same_at_any_length(dialect: str, seconds: float) -> None:
    units = audio(dialect, prompt="Waves", duration=seconds).units
    assert (units.amount, units.unit_type) == (Decimal("0.25"), "video")


def test_it_explains_the_units_in_words() -> None:
    units = video(prompt="A fox", mode="pro", sound="on").units
    assert [(line.label, str(line.amount)) for line in units.breakdown] == [
        ("Kling 3.0, pro, with sound: 5 seconds at 1.2 each", "6")
    ]
    assert [line.label for line in audio(prompt="Waves", duration=5).units.breakdown] == [
        "Text to audio"
    ]


@pytest.mark.parametrize("mode", ["std", "pro", "4k"])
@pytest.mark.parametrize("sound", ["on", "off"])
@pytest.mark.parametrize("seconds", range(3, 16))
def test_the_lines_add_up(mode: str, sound: str, seconds: int) -> None:
    units = video(prompt="A fox", mode=mode, sound=sound, duration=seconds).units
    assert sum(line.amount for line in units.breakdown) == units.amount
    assert units.amount > 0
    assert "E" not in str(units.amount)
