"""Multi-image to image: 1 to 4 subjects, a scene, a style."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.kling.inputs import ask, refused

OPERATION = "multi-image-to-image"
FOX = "https://files.example/fox.png"
BEFORE_RETIREMENT = date(2026, 9, 14)


def subjects(count: int) -> list[dict[str, str]]:
    return [{"subject_image": FOX} for _ in range(count)]


@pytest.mark.parametrize("count", [1, 4])
def test_it_takes_one_to_four_subjects(count: int) -> None:
    request = ask(OPERATION, subject_image_list=subjects(count))
    assert (request.model, str(request.units.amount)) == ("kling-v2-1", "16")


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"subject_image_list": subjects(5)}, ("subject_image_list", "too_many")),
        ({"subject_image_list": []}, ("subject_image_list", "required")),
        ({"subject_image_list": FOX}, ("subject_image_list", "wrong_type")),
        (
            {"subject_image_list": [{"image": FOX}]},
            ("subject_image_list.0.subject_image", "required"),
        ),
        (
            {"subject_image_list": [{"subject_image": "a fox"}]},
            ("subject_image_list.0.subject_image", "not_allowed"),
        ),
        ({"scene_image": "ftp://files.example/x.png"}, ("scene_image", "not_allowed")),
        ({"prompt": "x" * 2501}, ("prompt", "too_long")),
        ({"aspect_ratio": "auto"}, ("aspect_ratio", "not_allowed")),
        ({"n": 10}, ("n", "out_of_range")),
        ({"model_name": "kling-v3"}, ("model_name", "unknown_model")),
        ({"model_name": "kling-v2"}, ("model_name", "retired_model")),
    ],
)
def test_it_refuses_what_does_not_go(given: dict[str, Any], found: tuple[str, str]) -> None:
    assert found in refused(OPERATION, **given)


def test_the_older_model_was_there_until_september_2026() -> None:
    request = ask(OPERATION, model_name="kling-v2", n=2, today=BEFORE_RETIREMENT)
    assert (request.model, str(request.units.amount), request.slots) == ("kling-v2", "32", 2)


def test_it_sends_what_the_page_documents() -> None:
    request = ask(
        OPERATION,
        prompt="The fox sleeps",
        scene_image="ast_forest",
        style_image="data:image/png;base64,aGVsbG8gZm94IGhlbGxvIQ==",
        aspect_ratio="21:9",
    )
    body = request.wire_body(
        external_task_id="fox-1", files={"scene_image": "https://studio.example.net/files/2"}
    )
    assert body == {
        "model_name": "kling-v2-1",
        "prompt": "The fox sleeps",
        "subject_image_list": [{"subject_image": FOX}],
        "scene_image": "https://studio.example.net/files/2",
        # Kling takes Base64 only without what makes a data: URI of it.
        "style_image": "aGVsbG8gZm94IGhlbGxvIQ==",
        "n": 1,
        "aspect_ratio": "21:9",
        "external_task_id": "fox-1",
    }
