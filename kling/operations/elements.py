"""Elements: characters and things that Kling keeps, used by their id (protocol, section 7.2)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from kling.media import IdText, SourceId
from kling.operations.base import Declared

MOST_REFERENCES = 10  # elements and images together, where a page counts them together


class Element(Declared):
    element_id: Annotated[
        IdText,
        SourceId("element", presets=True),
        Field(title="Element id", description="An element of your own, or one that Kling offers."),
    ]


def with_whole_ids(values: dict[str, Any]) -> dict[str, Any]:
    """``values`` with the ids of elements as the whole numbers that the pages ask for ("long").

    They are text until here: JavaScript cannot hold numbers of that many digits.
    """
    if "element_list" not in values:
        return values
    elements = [{"element_id": _whole(one["element_id"])} for one in values["element_list"]]
    return {**values, "element_list": elements}


def _whole(known_as: str) -> int | str:
    return int(known_as) if known_as.isascii() and known_as.isdigit() else known_as
