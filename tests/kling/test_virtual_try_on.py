"""Virtual try-on: gone at Kling itself since September 2026, still there through CometAPI."""

from __future__ import annotations

from datetime import date

import pytest

from kling import catalogue, dialects, operations
from kling.errors import InvalidInput
from kling.media import Media, MediaKind
from kling.schema import input_schema
from tests.kling.inputs import TODAY, ask, refused

OPERATION = "virtual-try-on"
BEFORE_RETIREMENT = date(2026, 9, 14)
RETIREMENT = date(2026, 9, 15)
MODELS = ["kolors-virtual-try-on-v1", "kolors-virtual-try-on-v1-5"]


@pytest.mark.parametrize("model", [None, *MODELS])
def test_it_is_one_unit_of_its_own_pack(model: str | None) -> None:
    request = ask(OPERATION, "cometapi", model_name=model)
    assert request.model == (model or MODELS[0])
    assert (str(request.units.amount), request.units.unit_type, request.slots) == ("1", "try-on", 1)


@pytest.mark.parametrize("model", [None, *MODELS])
def test_kling_itself_has_retired_it(model: str | None) -> None:
    assert ask(OPERATION, model_name=model, today=BEFORE_RETIREMENT).units.amount == 1
    for today in (RETIREMENT, TODAY):
        found = refused(OPERATION, model_name=model, today=today)
        assert found == [("operation", "retired_operation")]


def test_it_says_so_in_plain_words() -> None:
    with pytest.raises(InvalidInput) as caught:
        ask(OPERATION)
    (error,) = caught.value.errors
    assert error.message == "virtual-try-on has been retired by Kling."


def test_it_is_offered_where_a_model_is_left() -> None:
    models, operation = catalogue.default(), operations.get(OPERATION)
    offered = [
        (dialect.name, models.offers(operation, dialect.name, today))
        for dialect in dialects.all_dialects()
        for today in (BEFORE_RETIREMENT, TODAY)
    ]
    assert offered == [
        ("cometapi", True),
        ("cometapi", True),
        ("cloudsway", False),
        ("cloudsway", False),
        ("official", True),
        ("official", False),
    ]


def test_its_schema_goes_on_without_the_one_that_has_ended() -> None:
    both = input_schema(OPERATION, today=TODAY)
    assert sorted(both["properties"]["model_name"]["enum"]) == MODELS
    assert both["properties"]["model_name"]["default"] == MODELS[0]
    assert [model["dialects"] for model in both["x-models"]] == [["cometapi"], ["cometapi"]]


@pytest.mark.parametrize("field", ["human_image", "cloth_image"])
def test_it_needs_both_images(field: str) -> None:
    assert refused(OPERATION, "cometapi", **{field: None}) == [(field, "required")]


def picture(width: int, height: int, *, megabytes: float = 1, kind: MediaKind = "image") -> Media:
    return Media(kind, "image/png", int(megabytes * 1024 * 1024), width=width, height=height)


@pytest.mark.parametrize("size", [(300, 3000), (3000, 300), (300, 300)])
def test_the_images_may_have_any_shape(size: tuple[int, int]) -> None:
    media = {"human_image": picture(*size, megabytes=10), "cloth_image": picture(*size)}
    assert ask(OPERATION, "cometapi", media=media).units.amount == 1


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (picture(299, 3000), "too_small"),
        (picture(500, 500, megabytes=10.1), "too_large"),
    ],
)
def test_the_images_are_neither_small_nor_heavy(found: Media, code: str) -> None:
    assert refused(OPERATION, "cometapi", media={"cloth_image": found}) == [("cloth_image", code)]


def test_it_has_no_watermark() -> None:
    found = refused(OPERATION, "cometapi", watermark_info={"enabled": True})
    assert found == [("watermark_info", "unknown_field")]


def test_it_sends_what_the_page_documents() -> None:
    body = ask(OPERATION, "cometapi").wire_body(
        external_task_id="fox-1", callback_url="https://studio.example.net/hook"
    )
    assert body == {
        "model_name": "kolors-virtual-try-on-v1",
        "human_image": "https://files.example/ada.png",
        "cloth_image": "https://files.example/coat.png",
        "external_task_id": "fox-1",
        "callback_url": "https://studio.example.net/hook",
    }
