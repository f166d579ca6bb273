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


def test_a_document_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="has no"):
        reference.inserted("# Operations\n")
