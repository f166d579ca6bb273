"""docs/kling-api.md says what is there."""

from __future__ import annotations

import re
from pathlib import Path

from django.test import Client

from generations.kling_api.errors import CODES
from generations.kling_api.reference import inserted, table
from kling import operations

DOCUMENT = Path(__file__).parents[3] / "docs" / "kling-api.md"


def test_its_table_is_made_from_the_declarations() -> None:
    """Otherwise: python -m generations.kling_api.reference docs/kling-api.md."""
    text = DOCUMENT.read_text(encoding="utf-8")

    assert inserted(text) == text
    assert table().count("/kling/v1/") == len(operations.all_operations())


def test_it_lists_every_code() -> None:
    rows = re.findall(r"^\| (\d{3}) \| (\d{4}) \|", DOCUMENT.read_text("utf-8"), re.MULTILINE)

    assert [(int(http), int(code)) for http, code in rows] == [
        (code.http, code.number) for code in CODES.values()
    ]


def test_it_is_no_part_of_the_other_api_s_description(db: None) -> None:
    paths = Client().get("/api/v1/schema").json()["paths"]

    assert paths
    assert not [path for path in paths if path.startswith("/kling")]
