"""What a finished task results in: files in their order, voices and elements by their ids."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from kling.complaints import Answer
from kling.envelope import parse_task
from kling.tasks import Output
from tests.kling.conftest import payload


def outputs(**result: Any) -> tuple[Output, ...]:
    data = {"task_id": "871100000000000001", "task_status": "succeed", "task_result": result}
    return parse_task(Answer({"code": 0, "message": "SUCCEED", "data": data})).outputs


def picture(number: object, **more: Any) -> dict[str, Any]:
    return {"index": number, "url": f"https://media.example.net/{number}.png", **more}


def test_it_reads_a_voice() -> None:
    task = parse_task(Answer(payload("answers/official_voice_created")))
    assert (task.status, task.unit_deduction) == ("succeed", "0.05")
    assert task.outputs == (
        Output(
            kind="voice",
            url="https://media.example.net/fox-says-hello.mp3",
            provider_id="871100000000000006",
            format="mp3",
            details={"name": "Fox"},
        ),
    )


@pytest.mark.parametrize("trial_url", [None, "", "string", 5])
def test_a_voice_needs_no_sample(trial_url: object) -> None:
    row = {"voice_id": "871100000000000006", "voice_name": "Fox", "trial_url": trial_url}
    (voice,) = outputs(voices=[row])
    assert (voice.url, voice.format, voice.provider_id) == ("", None, "871100000000000006")


def test_it_reads_an_element_by_an_id_that_no_float_could_hold() -> None:
    task = parse_task(Answer(payload("answers/official_element_with_pictures")))
    assert task.outputs == (
        Output(
            kind="element",
            url="https://media.example.net/fox-front.png",
            provider_id="307212335131305171",
            format="png",
            details={"name": "Fox", "description": "A red fox with a white tip to its tail"},
        ),
    )


def test_an_element_needs_no_picture() -> None:
    (element,) = parse_task(Answer(payload("answers/official_element_created"))).outputs
    assert (element.kind, element.provider_id, element.url) == ("element", "170", "")
    assert element.details == {"name": "Fox"}


@pytest.mark.parametrize("known_as", [None, "", 1.5e17, "two words", {}, "x" * 201])
def test_what_has_no_id_is_no_voice_and_no_element(known_as: object) -> None:
    sample = "https://media.example.net/fox.mp3"
    assert outputs(voices=[{"voice_id": known_as, "trial_url": sample}]) == ()
    assert outputs(elements=[{"element_id": known_as, "element_name": "Fox"}]) == ()


def test_a_name_is_one_line_of_text() -> None:
    named = [{"voice_id": "1", "voice_name": "A\nfox\x1b[31m " + "x" * 90_000}]
    (voice,) = outputs(voices=named)
    assert voice.details["name"].startswith("A fox [31m x")
    assert len(voice.details["name"]) < 1000
    (other,) = outputs(elements=[{"element_id": 5, "element_name": ["A", "list"]}])
    assert other.details == {}


def test_a_series_keeps_the_order_of_its_story() -> None:
    found = outputs(
        result_type="series", images=[], series_images=[picture(2), picture(0), picture(1)]
    )
    assert [(one.index, one.url[-5:]) for one in found] == [
        (0, "0.png"),
        (1, "1.png"),
        (2, "2.png"),
    ]


@pytest.mark.parametrize("series", [None, [], "none"])
def test_single_images_have_no_series(series: object) -> None:
    found = outputs(result_type="single", images=[picture(1), picture(0)], series_images=series)
    assert [one.url[-5:] for one in found] == ["0.png", "1.png"]


def test_without_numbers_the_order_is_the_providers() -> None:
    found = outputs(images=[picture("b"), picture("a"), picture(0)])
    assert [one.url[-5:] for one in found] == ["b.png", "a.png", "0.png"]


@pytest.mark.parametrize(
    "name",
    [
        "cloudsway_text_to_audio_succeeded",
        "official_video_to_audio_succeeded",
        "official_image_series",
        "official_voice_created",
        "relay_flat_succeeded",
    ],
)
def test_every_result_has_a_place_of_its_own(name: str) -> None:
    found = parse_task(Answer(payload(f"answers/{name}"))).outputs
    assert [one.index for one in found] == list(range(len(found)))
    assert found


def test_a_result_can_be_stored_as_json() -> None:
    task = parse_task(Answer(payload("answers/official_element_with_pictures")))
    (stored,) = json.loads(json.dumps([asdict(one) for one in task.outputs]))
    assert stored["details"]["name"] == "Fox"
