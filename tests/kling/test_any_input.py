"""Input as people really send it, for every operation and every dialect."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from kling import dialects, operations
from kling.errors import FieldError, InvalidInput
from kling.requests import parse
from kling.schema import input_schema
from tests.kling.inputs import (
    DIALECTS,
    SERVED,
    SMALLEST,
    TODAY,
    audio,
    errors_of,
    refusals,
    smallest,
    video,
)


@pytest.mark.parametrize(("operation", "dialect"), SERVED)
def test_it_takes_the_smallest_input(operation: str, dialect: str) -> None:
    request = smallest(operation, dialect)
    assert request.input.keys() >= SMALLEST[operation].keys()
    assert request.units.amount > 0


@pytest.mark.parametrize(("operation", "dialect"), SERVED)
def test_it_parses_its_own_input_to_the_same_request(operation: str, dialect: str) -> None:
    request = smallest(operation, dialect)
    stored = json.loads(json.dumps(request.input))
    assert smallest(operation, dialect, stored) == request


@pytest.mark.parametrize(("operation", "dialect"), SERVED)
def test_it_leaves_what_it_was_given_alone(operation: str, dialect: str) -> None:
    mine = dict(SMALLEST[operation])
    before = json.dumps(mine)
    smallest(operation, dialect, mine)
    assert json.dumps(mine) == before


def test_it_strips_texts() -> None:
    assert video(prompt="  A fox\n", aspect_ratio=" 1:1 ").input["prompt"] == "A fox"


def test_it_counts_characters_after_stripping() -> None:
    assert video("cometapi", prompt=" " * 50 + "x" * 500).input["prompt"] == "x" * 500


@pytest.mark.parametrize("empty", [None, "", "  ", []])
def test_it_takes_empty_for_not_given(empty: object) -> None:
    request = video(prompt="A fox", negative_prompt=empty, mode=empty, multi_prompt=empty)
    assert set(request.input) == {"model_name", "prompt", "mode", "sound", "duration"}


def test_it_takes_the_empty_ids_that_the_pages_show() -> None:
    request = audio(prompt="Waves", duration=3, external_task_id="", callback_url="")
    assert request.input == {"prompt": "Waves", "duration": 3}


@pytest.mark.parametrize("field", ["callback_url", "external_task_id"])
def test_it_says_where_a_callback_belongs(field: str) -> None:
    given = {"prompt": "A fox", field: "https://example.net/hook"}
    (error,) = errors_of("text-to-video", given)
    assert (error.field, error.code) == (field, "reserved_field")
    assert "webhook_url" in error.message


@pytest.mark.parametrize("text", ["A\x00fox", "A \ud800 fox"])
def test_it_refuses_characters_that_nobody_can_store(text: str) -> None:
    assert refusals("text-to-video", {"prompt": text}) == [("prompt", "invalid_characters")]
    assert refusals("text-to-audio", {"prompt": text, "duration": 5}) == [
        ("prompt", "invalid_characters")
    ]


def test_it_finds_such_characters_inside_lists() -> None:
    given = {
        "multi_shot": True,
        "shot_type": "customize",
        "multi_prompt": [{"prompt": "\x00", "duration": 5}],
    }
    assert ("multi_prompt", "invalid_characters") in refusals("text-to-video", given)


def test_it_refuses_endless_nesting() -> None:
    deep: Any = "x"
    for _ in range(500):
        deep = [deep]
    assert ("multi_prompt", "invalid_characters") in refusals(
        "text-to-video", {"prompt": "A fox", "multi_prompt": deep}
    )


def test_it_guesses_what_was_meant() -> None:
    (error,) = errors_of("text-to-video", {"prompt": "A fox", "aspect_ration": "1:1"})
    assert (error.field, error.code) == ("aspect_ration", "unknown_field")
    assert "Did you mean aspect_ratio?" in error.message


def test_it_names_every_wrong_field_at_once() -> None:
    given = {"prompt": 5, "mode": "hd", "duration": "x", "colour": "red"}
    assert sorted(refusals("text-to-video", given)) == [
        ("colour", "unknown_field"),
        ("duration", "wrong_type"),
        ("mode", "not_allowed"),
        ("prompt", "wrong_type"),
    ]


def test_it_does_not_answer_with_a_flood() -> None:
    given = {"x" * 5000 + str(number): number for number in range(500)}
    errors = errors_of("text-to-video", given)
    assert len(errors) == 50
    assert all(len(error.field) <= 80 and len(error.message) < 300 for error in errors)


@pytest.mark.parametrize("given", [None, [], "prompt", 5, [("prompt", "A fox")]])
def test_it_needs_an_object(given: object) -> None:
    (error,) = errors_of("text-to-video", given)
    assert (error.field, error.code) == ("", "wrong_type")


@pytest.mark.parametrize("name", ["text2video", "", None, 5, [], "TEXT-TO-VIDEO"])
def test_it_knows_no_other_operation(name: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(name, {"prompt": "A fox"}, dialect="cometapi")
    assert [(error.field, error.code) for error in caught.value.errors] == [
        ("operation", "unknown_operation")
    ]


@pytest.mark.parametrize("name", ["comet", "", None, 5, []])
def test_it_knows_no_other_provider(name: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse("text-to-video", {"prompt": "A fox"}, dialect=name)
    assert caught.value.errors[0].field == "provider"


@pytest.mark.parametrize(("operation", "dialect"), SERVED)
def test_every_text_ends_where_the_schema_says(operation: str, dialect: str) -> None:
    for name, field in input_schema(operation, dialect, today=TODAY)["properties"].items():
        if "maxLength" in field and name != "model_name" and "x-media" not in field:
            fits = SMALLEST[operation] | {name: "x" * field["maxLength"]}
            codes = {code for _, code in outcome(operation, fits, dialect)}
            assert codes <= {"not_supported", "exclusive"}, (name, codes)
            long = SMALLEST[operation] | {name: "x" * (field["maxLength"] + 1)}
            assert outcome(operation, long, dialect) == [(name, "too_long")]


@pytest.mark.parametrize(("operation", "dialect"), SERVED)
def test_every_choice_of_the_schema_is_somebodys_and_no_other(operation: str, dialect: str) -> None:
    schema = input_schema(operation, dialect, today=TODAY)
    for name, field in schema["properties"].items():
        for choice in field.get("enum", []):
            given = SMALLEST[operation] | {name: choice}
            codes = {code for _, code in outcome(operation, given, dialect)}
            assert codes <= {"not_supported", "exclusive", "required"}, (name, choice, codes)
        if "enum" in field:
            given = SMALLEST[operation] | {name: "99"}
            assert outcome(operation, given, dialect)[0] in (
                (name, "not_allowed"),
                (name, "unknown_model"),
            )


def outcome(operation: str, given: dict[str, Any], dialect: str) -> list[tuple[str, str]]:
    try:
        smallest(operation, dialect, given)
    except InvalidInput as exc:
        return [(error.field, error.code) for error in exc.errors]
    return []


def test_each_dialect_says_what_it_serves_and_takes() -> None:
    for name in DIALECTS:
        dialect = dialects.get(name)
        assert dialect.serves("text-to-video")
        assert dialect.serves(operations.get("text-to-audio"))
        assert dialect.takes_callbacks("text-to-audio")
        assert dialect.takes_callbacks("text-to-video") is (name != "cloudsway")
        assert dialect.finds_by_external_id("text-to-video")
        assert dialect.finds_by_external_id("text-to-audio") is (name != "cometapi")
    assert [dialect.name for dialect in dialects.all_dialects()] == list(DIALECTS)


def inner_names(model: type[BaseModel]) -> set[str]:
    """Names of fields inside fields, at any depth."""
    inside = model.model_json_schema().get("$defs", {}).values()
    return {name for schema in inside for name in schema.get("properties", ())}


INNER = sorted(set().union(*(inner_names(one.Input) for one in operations.all_operations())))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["5", "pro", "on", "series", "auto", "customize", "kling-v1", 5, 0.5])
    | st.sampled_from(["upl_fox", "https://files.example/fox.png", "871100000000000001"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(INNER), inner, max_size=4)
    ),
    max_leaves=10,
)


@st.composite
def asked(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
    """An operation, one who serves it, and a body; half of them have all that is needed."""
    operation, dialect = draw(st.sampled_from(SERVED))
    names = [*operations.get(operation).Input.model_fields, "callback_url"]
    body = st.dictionaries(st.sampled_from(names) | st.text(max_size=8), values, max_size=6)
    needed = SMALLEST[operation] if draw(st.booleans()) else {}
    return operation, dialect, needed | draw(body)


@settings(max_examples=400, deadline=None)
@given(asked())
def test_any_input_is_a_request_or_a_list_of_errors(given: tuple[str, str, dict[str, Any]]) -> None:
    operation, dialect, body = given
    refused: tuple[FieldError, ...] | None = None
    try:
        request = smallest(operation, dialect, body)
    except InvalidInput as exc:
        refused = exc.errors
    if refused is not None:
        assert refused
        assert all(error.code and error.message for error in refused)
        return
    json.dumps(request.wire_body(external_task_id="fox"), allow_nan=False).encode()
    assert smallest(operation, dialect, request.input) == request
