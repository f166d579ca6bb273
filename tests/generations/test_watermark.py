"""A copy with Kling's watermark, where somebody asks for one."""

from __future__ import annotations

from typing import Any

import pytest

from generations.models import ProviderAccount
from kling.simulator.server import RunningSimulator
from tests.conftest import Person
from tests.generations.inputs.asking import created
from tests.generations.kling_api.conftest import KlingApi
from tests.working import finish

pytestmark = pytest.mark.django_db
MARKED = {"watermark_info": {"enabled": True}}


def made(person: Person, operation: str, **given: Any) -> dict[str, Any]:
    values = {"prompt": "A fox in snow", **given}
    job = created(person.api, {"operation": operation, "input": values})
    finish(job["id"])
    answer: dict[str, Any] = person.api.get(f"/generations/{job['id']}").json()
    assert answer["status"] == "succeeded"
    return answer


def test_the_copy_is_kept_beside_the_film(ada: Person, cloudsway: ProviderAccount) -> None:
    clean, marked = made(ada, "text-to-video", duration="3", **MARKED)["assets"]
    assert clean["sha256"] != marked["sha256"]
    assert (clean["details"], marked["details"]) == ({}, {"watermark_of": 0})


def test_each_of_several_images_has_its_copy(ada: Person, cloudsway: ProviderAccount) -> None:
    assets = made(ada, "image", n=2, **MARKED)["assets"]
    assert [one["details"] for one in assets] == [{}, {}, {"watermark_of": 0}, {"watermark_of": 1}]


def test_without_asking_there_is_none(ada: Person, cloudsway: ProviderAccount) -> None:
    assert len(made(ada, "text-to-video", duration="3")["assets"]) == 1


def test_a_copy_that_cannot_be_had_loses_nothing_else(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    simulator.faults.add("download", "status", skip=1, times=None)
    answer = made(ada, "text-to-video", duration="3", **MARKED)
    assert [one["details"] for one in answer["assets"]] == [{}]
    assert answer["credits"]["charged"] == answer["credits"]["quoted"]


def test_the_page_plays_the_film_and_offers_both(ada: Person, cloudsway: ProviderAccount) -> None:
    film = made(ada, "text-to-video", duration="3", **MARKED)
    page = ada.browser.get(f"/generations/{film['id']}").content.decode()
    assert page.count("<video") == 1
    assert "MP4 with watermark" in page


def test_the_compatible_api_names_it_as_kling_does(ada: Person, cloudsway: ProviderAccount) -> None:
    film = made(ada, "text-to-video", duration="3", **MARKED)
    images = made(ada, "image", n=2, **MARKED)
    program = KlingApi(ada.api.key)
    [video] = program.task("videos/text2video", film["id"])["task_result"]["videos"]
    assert video["watermark_url"] not in ("", video["url"])
    rows = program.task("images/generations", images["id"])["task_result"]["images"]
    assert [row["index"] for row in rows] == [0, 1]
    assert len({row["watermark_url"] for row in rows}) == 2
