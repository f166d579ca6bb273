"""A wrong catalogue is found when it is loaded, not when a customer asks for the model."""

from __future__ import annotations

from pathlib import Path

import pytest

from kling import catalogue
from kling.catalogue import CatalogueError

TEXT = catalogue.FILE.read_text(encoding="utf-8")


def load(tmp_path: Path, text: str) -> catalogue.Catalogue:
    file = tmp_path / "catalogue.toml"
    file.write_text(text, encoding="utf-8")
    return catalogue.load(file)


def test_the_shipped_catalogue_loads() -> None:
    assert {model.name for model in catalogue.default().models} >= {"kling-v3", "kling-v2-6"}


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('units = "0.6"', "units = 0.6", "written as text"),
        ('units = "0.6"', 'units = "free"', "decimal number"),
        ('units = "0.6"', 'units = "-1"', "greater than 0"),
        ('units = "0.6"', 'units = "NaN"', "finite"),
        ('name = "kling-v2-6"', 'name = "kling-v3"', "there twice"),
        ('name = "kling-v3"', 'name = "kling-v4"', "no live default model"),
        ('modes = ["pro"]\ndurations', 'modes = ["pro", "8k"]\ndurations', "'std', 'pro' or '4k'"),
        (
            'modes = ["pro"]\ndurations',
            'modes = ["std", "pro"]\ndurations',
            "no rate for {'sound': 'off', 'mode': 'std'}",
        ),
        ("durations = [3, 4, 5", "durations = [4, 3, 5", "not in order"),
        ("multi_shot = {}", "telepathy = {}", "no field needs the feature telepathy"),
        (
            'camera_control = { modes = ["std"], durations = [5] }',
            'camera_control = { modes = ["4k"], durations = [5] }',
            "in a mode that the model has not",
        ),
        (
            'camera_control = { modes = ["std"], durations = [5] }',
            'camera_control = { modes = ["std"], durations = [7] }',
            "at a duration that the model has not",
        ),
        ('dialects = ["cometapi", "official"]', 'dialects = ["comet"]', "no dialect comet"),
        (
            'dialects = ["cometapi", "official"]\nretired_at = { official',
            'dialects = ["cometapi"]\nretired_at = { official',
            "retired where it never was",
        ),
        ('needs = ["image"]', 'needs = ["picture"]', "image_tail needs the unknown field picture"),
        ("also_named = { cloudsway", "also_named = { mars", "no dialect mars"),
        ("image = { required = true }", "image = {}", "no rate for {'image': 'off'}"),
        (
            'when = { mode = "pro" }, units = "0.8"',
            'when = { mode = "4k" }, units = "0.8"',
            "avatar: no rate for {'mode': 'pro'}",
        ),
        ("live_from = 2026-02-25", 'live_from = "soon"', "live_from"),
        ('title = "Kling 3.0"', 'titel = "Kling 3.0"', "titel"),
        ('operation = "text-to-video"', 'operation = "text-to-smell"', "text-to-smell"),
        ("[operations.text-to-audio]", "[operations.text-to-smell]", "only one of"),
        ('rates = [{ units = "0.25" }]', "rates = []", "text-to-audio: no rate"),
        (
            '{ when = { mode = "4k" }',
            '{ when = { mode = "pro", sound = "on" }',
            "two rates for the same case",
        ),
        ('unit_type = "video"', 'unit_type = "gold"', "unit_type"),
        ('official = "kling-v3" }', 'official = "kling-v1" }', "no live default model on official"),
        ('official = "kling-v3" }', 'official = "kling-v3", mars = "x" }', "unknown dialect"),
        # Where all models are retired, the default is one of those; elsewhere it is a live one.
        (
            'official = "kolors-virtual-try-on-v1" }',
            'official = "kling-v3" }',
            "virtual-try-on: no live default model on official",
        ),
        (
            '{ cometapi = "kolors-virtual-try-on-v1", ',
            "{ ",
            "virtual-try-on: no live default model on cometapi",
        ),
        ("multi_shot = {}", "multi_shot = {}\n[models.choices]\ncolour = ['red']", "unknown field"),
        ("[operations", "[operations[", "catalogue.toml"),
    ],
)
def test_it_names_what_is_wrong(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in TEXT
    with pytest.raises(CatalogueError) as caught:
        load(tmp_path, TEXT.replace(old, new, 1))
    assert problem in str(caught.value)


def test_it_refuses_bytes_that_are_no_text(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(CatalogueError):
        catalogue.load(file)
