"""Kling's capability map, written down once more: model × mode × duration × feature.

The catalogue is not asked: this is what its rows have to say. A condition names the modes and the
seconds in which a model can do something, and "silent" where it cannot be done with sound.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from kling.errors import InvalidInput
from tests.kling.inputs import FILES, ask

BEFORE_RETIREMENT = date(2026, 9, 14)
EVERYWHERE = ""
FOX = "https://files.example/fox.png"
MODES = (None, "std", "pro", "4k")
SECONDS = ("2", "3", "4", "5", "9", "10", "11", "15", "16")

ASKED_FOR: dict[str, dict[str, Any]] = {
    "nothing": {},
    "sound": {"sound": "on"},
    "multi_shot": {"multi_shot": True, "shot_type": "intelligence"},
    "voice_list": {"voice_list": [{"voice_id": "v1"}], "sound": "on"},
    "cfg_scale": {"cfg_scale": 0.5},
    "first and last": {"image_tail": FOX},
    "first and last, with sound": {"image_tail": FOX, "sound": "on"},
    "last": {"image_tail": FOX, "image": None},
    "element_list": {"element_list": [{"element_id": "160"}]},
    "motion brush": {"static_mask": FOX},
    "camera": {"camera_control": {"type": "simple", "config": {"zoom": 1}}},
}


@dataclass(frozen=True)
class Row:
    """`can`: what the model can do, and where: modes and seconds, as "pro 5"."""

    modes: str
    seconds: str
    can: dict[str, str] = field(default_factory=dict)

    def takes(self, mode: str | None, seconds: str, feature: str) -> bool:
        has_mode = mode is None or mode in self.modes.split()
        if not has_mode or seconds not in self.seconds.split():
            return False
        if feature == "nothing":
            return True
        if feature not in self.can:
            return False
        where = self.can[feature].split()
        used = mode or next(iter(self.modes.split()), "")  # std, or the only one that there is
        modes = [word for word in where if not word.isdigit()]
        lengths = [word for word in where if word.isdigit()]
        return (not modes or used in modes) and (not lengths or seconds in lengths)


FROM_3_TO_15 = " ".join(map(str, range(3, 16)))
SHORT = "5 10"
FRAMES = {"first and last": "pro"}
BOTH_OR_LAST = {"first and last": "pro", "last": "pro"}
TEXT = {
    "kling-v3": Row("std pro 4k", FROM_3_TO_15, {"sound": EVERYWHERE, "multi_shot": EVERYWHERE}),
    "kling-v2-6": Row("pro", SHORT, {"sound": "pro", "voice_list": "pro"}),
    "kling-v2-5-turbo": Row("std pro", SHORT),
    "kling-v2-1-master": Row("", SHORT),
    "kling-v2-master": Row("", SHORT),
    "kling-v1-6": Row("std pro", SHORT, {"cfg_scale": EVERYWHERE}),
    "kling-v1": Row("std pro", SHORT, {"cfg_scale": EVERYWHERE, "camera": "std 5"}),
}
IMAGE = {
    "kling-v3": Row(
        "std pro 4k",
        FROM_3_TO_15,
        dict.fromkeys(("sound", "multi_shot", "element_list", "first and last", "last"), EVERYWHERE)
        | {"first and last, with sound": EVERYWHERE},
    ),
    # std is in the map, but Kling refused it. The last frame only without sound.
    "kling-v2-6": Row("pro", SHORT, {"sound": "pro", "voice_list": "pro", **FRAMES}),
    "kling-v2-5-turbo": Row("std pro", SHORT, FRAMES),
    "kling-v2-1-master": Row("", SHORT),
    "kling-v2-1": Row("std pro", SHORT, FRAMES),
    "kling-v2-master": Row("", SHORT),
    "kling-v1-6": Row("std pro", SHORT, {"cfg_scale": EVERYWHERE, **BOTH_OR_LAST}),
    "kling-v1-5": Row(
        "std pro",
        SHORT,
        {"cfg_scale": EVERYWHERE, **BOTH_OR_LAST, "motion brush": "pro 5", "camera": "pro 5"},
    ),
    "kling-v1": Row(
        "std pro",
        SHORT,
        {"cfg_scale": EVERYWHERE, "first and last": "5", "motion brush": "5"},
    ),
}
ROWS = [
    pytest.param(operation, model, row, id=f"{operation}-{model}")
    for operation, rows in (("text-to-video", TEXT), ("image-to-video", IMAGE))
    for model, row in rows.items()
]


def is_taken(operation: str, **given: Any) -> bool:
    try:
        ask(operation, "official", media=FILES.get(operation), today=BEFORE_RETIREMENT, **given)
    except InvalidInput:
        return False
    return True


@pytest.mark.parametrize(("operation", "model", "row"), ROWS)
def test_it_takes_what_the_map_has_and_nothing_else(operation: str, model: str, row: Row) -> None:
    wrong = []
    for mode, seconds, feature in itertools.product(MODES, SECONDS, ASKED_FOR):
        given = {"model_name": model, "duration": seconds, **ASKED_FOR[feature]}
        given |= {"mode": mode} if mode else {}
        if is_taken(operation, **given) is not row.takes(mode, seconds, feature):
            wrong.append((mode, seconds, feature))
    assert wrong == []


@pytest.mark.parametrize(
    ("model", "modes", "seconds", "extra"),
    [
        ("kling-v3-omni", "std pro 4k", FROM_3_TO_15, "sound multi_shot"),
        # With only a text it makes 5 or 10 seconds.
        ("kling-video-o1", "std pro", SHORT, ""),
    ],
)
def test_omni_video_takes_what_the_map_has(
    model: str, modes: str, seconds: str, extra: str
) -> None:
    row = Row(modes, seconds, dict.fromkeys(extra.split(), EVERYWHERE))
    wrong = []
    for mode, length, feature in itertools.product(
        MODES, SECONDS, ("nothing", "sound", "multi_shot")
    ):
        given = {"model_name": model, "duration": length, **ASKED_FOR[feature]}
        given |= {"mode": mode} if mode else {}
        if is_taken("omni-video", **given) is not row.takes(mode, length, feature):
            wrong.append((mode, length, feature))
    assert wrong == []


@pytest.mark.parametrize("model", ["kling-v3", "kling-v2-6"])
def test_motion_control_has_no_4k(model: str) -> None:
    taken = [mode for mode in MODES[1:] if is_taken("motion-control", model_name=model, mode=mode)]
    assert taken == ["std", "pro"]
