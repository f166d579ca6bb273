"""Effects: scenes by name, for one picture or for two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kling import catalogue
from kling.errors import InvalidInput, NotPriced
from kling.requests import parse
from kling.schema import input_schema
from tests.kling.conftest import payload
from tests.kling.inputs import RATES, TODAY, ask, errors_of, refused

OPERATION = "effects"
ONE = {"image": "https://files.example/cat.png"}
TWO = {"images": ["https://files.example/ada.png", "https://files.example/charlie.png"]}


def test_it_sends_the_pages_own_example() -> None:
    page = payload("requests/cometapi_effects")
    body = ask(OPERATION, "cometapi", **page).wire_body(external_task_id="fox-1")
    assert body == page | {"external_task_id": "fox-1"}


@pytest.mark.parametrize("dialect", ["cometapi", "official"])
def test_it_says_the_length_that_it_is_charged_for(dialect: str) -> None:
    assert ask(OPERATION, dialect).input["input"] == {**ONE, "duration": "5"}


@pytest.mark.parametrize(("seconds", "units"), [("5", "2"), ("10", "4")])
def test_the_operator_says_what_each_five_seconds_cost(seconds: str, units: str) -> None:
    request = ask(OPERATION, input={**ONE, "duration": seconds})
    assert str(request.units.amount) == units


def test_without_the_operators_price_it_is_not_for_sale() -> None:
    given: dict[str, Any] = {"effect_scene": "pet_lion_pro", "input": ONE}
    with pytest.raises(NotPriced, match="Effects"):
        parse(OPERATION, given, dialect="official", today=TODAY)


@pytest.mark.parametrize(
    ("scene", "given", "errors"),
    [
        ("hug_pro", TWO, []),
        ("hug_pro", ONE, [("input.image", "exclusive")]),
        ("hug_pro", {**TWO, "duration": "10"}, [("input.duration", "exclusive")]),
        ("hug_pro", {**TWO, "mode": "std"}, [("input.mode", "exclusive")]),
        ("pet_lion_pro", TWO, [("input.images", "exclusive")]),
        ("pet_lion_pro", {**ONE, "model_name": "kling-v1"}, [("input.model_name", "exclusive")]),
        ("hug", {**TWO, "mode": "pro", "duration": "10"}, []),
        ("hug", ONE, [("input.image", "exclusive")]),
        ("pet_lion_pro", {}, [("input.image", "required")]),
        ("pet_lion_pro", ONE | TWO, [("input.images", "exclusive")]),
        ("hug_pro", {"images": TWO["images"][:1]}, [("input.images", "too_few")]),
        ("hug_pro", {"images": TWO["images"] * 2}, [("input.images", "too_many")]),
        ("pet_lion_pro", {**ONE, "duration": "7"}, [("input.duration", "not_allowed")]),
        ("hug", {**TWO, "model_name": "kling-v3"}, [("input.model_name", "not_allowed")]),
    ],
)
def test_a_scene_has_its_pictures(
    scene: str, given: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    asked: dict[str, Any] = {"effect_scene": scene, "input": given}
    if errors:
        assert refused(OPERATION, "cometapi", **asked) == errors
    else:
        assert ask(OPERATION, "cometapi", **asked).input["effect_scene"] == scene


def test_kling_has_retired_the_scenes_of_old_models() -> None:
    assert refused(OPERATION, effect_scene="hug", input=TWO) == [("effect_scene", "not_supported")]


@pytest.mark.parametrize(
    ("scene", "hint"), [("pet_lyon_pro", "Did you mean pet_lion_pro"), ("qqqqqqqq", "known here.")]
)
def test_it_guesses_which_scene_was_meant(scene: str, hint: str) -> None:
    (error,) = errors_of(OPERATION, {"effect_scene": scene, "input": ONE}, "official")
    assert (error.field, error.code) == ("effect_scene", "not_allowed")
    assert hint in error.message


def test_the_form_gets_every_scene() -> None:
    scenes = input_schema(OPERATION, "official", today=TODAY)["properties"]["effect_scene"]["enum"]
    assert {"pet_lion_pro", "hug_pro", "hug"} <= set(scenes)
    assert len(scenes) == len(set(scenes)) > 190


def test_an_operator_adds_a_scene(tmp_path: Path) -> None:
    text = catalogue.FILE.read_text(encoding="utf-8")
    file = tmp_path / "catalogue.toml"
    file.write_text(text.replace("two_people = [", 'two_people = ["waltz_2027", ', 1))
    models = catalogue.load(file)
    given: dict[str, Any] = {"effect_scene": "waltz_2027", "input": TWO}
    request = parse(OPERATION, given, dialect="official", models=models, rates=RATES, today=TODAY)
    assert request.input["effect_scene"] == "waltz_2027"
    with pytest.raises(InvalidInput):
        parse(OPERATION, given, dialect="official", rates=RATES, today=TODAY)


def test_a_catalogue_without_the_lists_is_refused(tmp_path: Path) -> None:
    text = catalogue.FILE.read_text(encoding="utf-8")
    file = tmp_path / "catalogue.toml"
    file.write_text(text.replace("two_people = [", "three_people = [", 1))
    with pytest.raises(catalogue.CatalogueError, match="the list three_people is in only one"):
        catalogue.load(file)


@pytest.mark.parametrize("dialect", ["cloudsway"])
def test_cloudsway_has_none(dialect: str) -> None:
    assert refused(OPERATION, dialect) == [("operation", "not_offered")]
