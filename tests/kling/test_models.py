"""Which model can do what, through whom, and until when (Kling's capability map)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kling import catalogue
from kling.requests import parse
from tests.kling.inputs import DIALECTS, TODAY, errors_of, refusals, video

OPERATION = "text-to-video"
RETIREMENT = date(2026, 9, 15)

# model: (modes, durations, features), as the capability map has them for text to video
MAP: dict[str, tuple[str, list[int], str]] = {
    "kling-v3": ("std pro 4k", list(range(3, 16)), "sound multi_shot"),
    "kling-v2-6": ("pro", [5, 10], "sound"),
    "kling-v2-5-turbo": ("std pro", [5, 10], ""),
    "kling-v2-1-master": ("", [5, 10], ""),
    "kling-v2-master": ("", [5, 10], ""),
    "kling-v1-6": ("std pro", [5, 10], "cfg_scale"),
    "kling-v1": ("std pro", [5, 10], "cfg_scale"),
}
SERVED = {
    "cometapi": set(MAP),
    "cloudsway": {"kling-v3", "kling-v2-6", "kling-v2-5-turbo", "kling-v2-1-master"},
    "official": {"kling-v3", "kling-v2-6", "kling-v2-5-turbo"},
}
RETIRED = {"kling-v2-1-master", "kling-v2-master", "kling-v1-6", "kling-v1"}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("model", MAP)
def test_it_offers_a_model_where_it_is_served(dialect: str, model: str) -> None:
    given = {"model_name": model, "prompt": "A fox"}
    if model in SERVED[dialect]:
        assert video(dialect, **given).model == model
    else:
        code = "retired_model" if dialect == "official" else "not_offered"
        assert refusals(OPERATION, given, dialect=dialect) == [("model_name", code)]


@pytest.mark.parametrize("model", sorted(RETIRED))
def test_it_retires_a_model_on_its_day_and_only_at_kling(model: str) -> None:
    given: dict[str, Any] = {"model_name": model, "prompt": "A fox"}
    day_before = date(2026, 9, 14)
    assert video("official", today=day_before, **given).model == model
    (error,) = errors_of(OPERATION, given, "official", RETIREMENT)
    assert (error.field, error.code) == ("model_name", "retired_model")
    assert "kling-v3" in error.message
    assert video("cometapi", today=RETIREMENT, **given).model == model


def test_it_offers_no_model_before_its_first_day() -> None:
    given = {"model_name": "kling-v3", "prompt": "A fox"}
    early = date(2026, 2, 24)
    assert refusals(OPERATION, given, today=early) == [("model_name", "not_offered")]
    assert video(today=date(2026, 2, 25), **given).model == "kling-v3"


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "name", ["kling-v3-0", "kling-v2.6", "kling-v2-5", "maas_keling_3.0_video", "KLING-V3", "x"]
)
def test_it_knows_no_other_name(dialect: str, name: str) -> None:
    (error,) = errors_of(OPERATION, {"model_name": name, "prompt": "A fox"}, dialect)
    assert (error.field, error.code) == ("model_name", "unknown_model")
    assert "kling-v3" in error.message


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("MaaS_KeLing_V2.1_master", "kling-v2-1-master"),
        ("MaaS_KeLing_V2.5_turbo", "kling-v2-5-turbo"),
        ("MaaS_KeLing_V2.6", "kling-v2-6"),
        ("MaaS_KeLing_3.0_video", "kling-v3"),
    ],
)
def test_it_knows_the_names_that_cloudsways_page_lists(name: str, model: str) -> None:
    given = {"model_name": name, "prompt": "A fox"}
    request = video("cloudsway", **given)
    assert request.model == request.input["model_name"] == model
    for dialect in ("cometapi", "official"):
        assert refusals(OPERATION, given, dialect=dialect) == [("model_name", "unknown_model")]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_default_is_a_live_model(dialect: str) -> None:
    request = video(dialect, prompt="A fox")
    assert request.model == request.input["model_name"] == "kling-v3"


@pytest.mark.parametrize("model", MAP)
@pytest.mark.parametrize("mode", ["std", "pro", "4k"])
def test_it_takes_the_models_modes(model: str, mode: str) -> None:
    modes = MAP[model][0].split()
    dialect, today = ("official", date(2026, 9, 14))
    given: dict[str, Any] = {"model_name": model, "prompt": "A fox", "mode": mode}
    if mode in modes:
        assert video(dialect, today=today, **given).input["mode"] == mode
    else:
        expected = [("mode", "not_supported")]
        assert refusals(OPERATION, given, dialect=dialect, today=today) == expected


@pytest.mark.parametrize("model", MAP)
def test_it_takes_the_models_durations(model: str) -> None:
    today = date(2026, 9, 14)
    for seconds in range(3, 16):
        given: dict[str, Any] = {"model_name": model, "prompt": "A fox", "duration": seconds}
        if seconds in MAP[model][1]:
            request = video("official", today=today, **given)
            assert request.input["duration"] == str(seconds)
        else:
            expected = [("duration", "not_supported")]
            assert refusals(OPERATION, given, dialect="official", today=today) == expected


@pytest.mark.parametrize("model", MAP)
@pytest.mark.parametrize(
    ("feature", "given"),
    [
        ("sound", {"sound": "on"}),
        ("multi_shot", {"multi_shot": True, "shot_type": "intelligence"}),
        ("cfg_scale", {"cfg_scale": 0.5}),
    ],
)
def test_it_takes_the_models_features(model: str, feature: str, given: dict[str, Any]) -> None:
    asked: dict[str, Any] = {"model_name": model, "prompt": "A fox", **given}
    today = date(2026, 9, 14)
    if feature in MAP[model][2].split():
        assert video("official", today=today, **asked).input[feature] == given[feature]
    else:
        (error,) = errors_of(OPERATION, asked, "official", today)
        assert (error.field, error.code) == (feature, "not_supported")
        assert model in error.message


@pytest.mark.parametrize("given", [{"sound": "off"}, {"multi_shot": False}])
def test_a_feature_that_is_off_needs_no_model_that_has_it(given: dict[str, Any]) -> None:
    assert video(model_name="kling-v2-5-turbo", prompt="A fox", **given).model


def test_a_mode_that_is_left_out_is_one_that_the_model_has() -> None:
    assert video(model_name="kling-v2-6", prompt="A fox").input["mode"] == "pro"
    assert "mode" not in video(model_name="kling-v2-1-master", prompt="A fox").input


def test_cometapis_page_narrows_a_model() -> None:
    for given in ({"mode": "4k"}, {"duration": "15"}):
        (field,) = given
        asked = {"model_name": "kling-v3", "prompt": "A fox"} | given
        assert refusals(OPERATION, asked, dialect="cometapi") == [(field, "not_allowed")]


NEW_MODEL = """
[[models]]
operation = "text-to-video"
name = "kling-v9"
title = "Kling 9"
dialects = ["cloudsway"]
modes = ["pro"]
durations = [4, 8]
expected_seconds = 20
rates = [{ units = "2.5" }]
"""


def test_a_new_model_is_a_few_lines_of_data(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.toml"
    file.write_text(catalogue.FILE.read_text(encoding="utf-8") + NEW_MODEL, encoding="utf-8")
    models = catalogue.load(file)
    given = {"model_name": "kling-v9", "prompt": "A fox", "duration": 8}
    request = parse(OPERATION, given, dialect="cloudsway", models=models, today=TODAY)
    assert (request.model, request.units.amount, request.expected_seconds) == ("kling-v9", 20, 20)
    assert request.input["mode"] == "pro"
