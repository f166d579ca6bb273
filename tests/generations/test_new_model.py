"""A model that Kling adds tomorrow is a change of the catalogue alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from kling import catalogue
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.working import finish

NEW = """
[[models]]
operation = "text-to-video"
name = "kling-v9"
title = "Kling 9"
dialects = ["official"]
modes = ["pro"]
durations = [7]
rates = [
  { when = { mode = "pro", sound = "off" }, units = "1.5" },
  { when = { mode = "pro", sound = "on" }, units = "2" },
]
[models.features]
sound = {}
"""
INPUT = {"prompt": "A fox", "model_name": "kling-v9", "sound": "on", "duration": "7"}
WANTED = {"operation": "text-to-video", "input": INPUT}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kling(simulator: RunningSimulator, db: None) -> None:
    make_account(simulator.url, dialect="official")


@pytest.fixture
def tomorrow(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "tomorrow.toml"
    file.write_text(catalogue.FILE.read_text() + NEW)
    catalogue.use(file)
    yield file
    catalogue.use(None)


@pytest.mark.usefixtures("tomorrow")
def test_it_is_in_the_api(ada: Person) -> None:
    found = ada.api.get("/operations/text-to-video").json()
    model = next(one for one in found["models"] if one["name"] == "kling-v9")
    assert (model["modes"], model["durations"], model["sound"]) == (["pro"], ["7"], True)
    assert "kling-v9" in found["input_schema"]["properties"]["model_name"]["enum"]


@pytest.mark.usefixtures("tomorrow")
def test_it_is_in_the_description_of_the_api() -> None:
    schemas = Client().get("/api/v1/schema").json()["components"]["schemas"]
    assert "kling-v9" in schemas["TextToVideoInput"]["properties"]["model_name"]["enum"]


@pytest.mark.usefixtures("tomorrow")
def test_it_is_in_the_form(ada: Person) -> None:
    page = ada.browser.get("/studio/text-to-video/").content.decode()
    assert 'value="kling-v9"' in page
    assert "Kling 9" in page


@pytest.mark.usefixtures("tomorrow")
def test_it_is_quoted_sold_and_made(ada: Person) -> None:
    quote = ada.api.post("/quotes", WANTED).json()
    assert (quote["units"], quote["credits"]) == ("14", "14")
    made = ada.api.post("/generations", WANTED)
    assert made.status_code == 202
    finish(made.json()["id"])
    done = ada.api.get(f"/generations/{made.json()['id']}").json()
    assert (done["status"], done["credits"]["charged"]) == ("succeeded", "14")


@pytest.mark.usefixtures("tomorrow")
def test_what_it_cannot_do_is_refused(ada: Person) -> None:
    wrong = {**WANTED, "input": {**INPUT, "mode": "std"}}
    refused = ada.api.post("/generations", wrong)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["input.mode"]


def test_without_the_change_nobody_knows_it(ada: Person) -> None:
    refused = ada.api.post("/quotes", WANTED)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "input.model_name"


@pytest.mark.parametrize("content", ["", "[[models]]", NEW.replace('"pro", sound', '"std", sound')])
def test_a_catalogue_that_contradicts_itself_is_found_at_start(
    tmp_path: Path, settings: Any, content: str
) -> None:
    file = tmp_path / "broken.toml"
    file.write_text(content if not content.strip().startswith("[[") else _appended(content))
    settings.KLING_CATALOGUE = str(file)
    with pytest.raises(ImproperlyConfigured, match="KLING_CATALOGUE"):
        apps.get_app_config("generations").ready()
    assert catalogue.default().model("text-to-video", "kling-v3")


def _appended(content: str) -> str:
    return catalogue.FILE.read_text() + content
