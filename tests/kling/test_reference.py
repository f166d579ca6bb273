"""docs/operations.md says what the declarations say."""

from __future__ import annotations

from pathlib import Path

import pytest

from kling import operations, reference
from tests.kling.inputs import SERVED

DOCUMENT = Path(__file__).parents[2] / "docs" / "operations.md"


def test_the_tables_in_the_document_are_those_of_the_declarations() -> None:
    written = DOCUMENT.read_text(encoding="utf-8")
    assert written == reference.inserted(written), (
        "Run: python -m kling.reference docs/operations.md"
    )


def test_every_operation_and_model_is_in_the_tables() -> None:
    tables = reference.markdown()
    for operation in operations.all_operations():
        assert f"### {operation.name}\n" in tables
        for name in operation.Input.model_fields:
            assert f"| `{name}`" in tables


@pytest.mark.parametrize(("operation", "dialect"), SERVED)
def test_who_serves_an_operation_is_in_the_tables(operation: str, dialect: str) -> None:
    line = next(
        line for line in reference.markdown().splitlines() if line.startswith(f"| [`{operation}`]")
    )
    place = 3 + ("cometapi", "cloudsway", "official").index(dialect)
    assert line.split(" | ")[place - 1] != reference.NOT_TAKEN


def row(operation: str, start: str) -> list[str]:
    """The cells of a line in the tables of the operation."""
    _, _, section = reference.markdown().partition(f"### {operation}\n")
    lines = section.partition("\n### ")[0].splitlines()
    return next(line for line in lines if line.startswith(f"| `{start}`"))[2:-2].split(" | ")


def test_conditions_of_a_model_are_in_the_tables() -> None:
    video, image = row("image-to-video", "kling-v2-6"), row("image", "kling-v2-new")
    assert "`image_tail` (pro, sound off, with `image`)" in video[3]
    assert image[3] == "`image` (always)"
    assert row("text-to-video", "kling-v2-6")[0].endswith("(MaaS_KeLing_V2.6 at Cloudsway)")


def test_what_stands_inside_a_field_is_told_for_each_provider() -> None:
    comet, cloudsway, official = row("omni-video", "video_list[].video_url")[1:]
    assert ("3–10 s" in comet, "3–10 s" in cloudsway, "3–15 s" in official) == (True,) * 3
    assert row("effects", "input.model_name")[1] == "kling-v1 · kling-v1-5 · kling-v1-6"
    assert row("lip-sync", "face_choose[].face_id")[0] == "`face_choose[].face_id`"
    assert row("text-to-video", "multi_prompt[].prompt")[0] == "`multi_prompt[].prompt` (required)"


def test_a_document_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="has no"):
        reference.inserted("# Operations\n")
