"""Whatever stands in an input, looking for its files ends well or with errors on its fields."""

from __future__ import annotations

from typing import Any

import pytest

from generations import inputs
from generations.errors import InvalidRequest
from kling import operations
from tests.conftest import Person

pytestmark = pytest.mark.django_db

ODD: list[Any] = [
    None,
    True,
    0,
    -1.5,
    "",
    "x",
    "\x00",
    "upl_",
    "data:",
    "data:;base64,",
    "https://[",
    "https://example.com/\ud800",
    "https://example.com/\x00",
    "A" * 20 + "\ud800",
    "=" * 20,
    "é" * 20,
    "gen_x",
    [],
    [[]],
    [None, 3, "upl_x"],
    {},
    {"0": "upl_x"},
]


def wrapped(value: Any) -> list[Any]:
    return [value, [value], {"image": value}, [{"image": value, "image_url": [value]}], [[value]]]


@pytest.mark.parametrize("operation", operations.all_operations(), ids=lambda one: one.name)
def test_it_survives_any_shape(ada: Person, operation: Any) -> None:
    """In all fields at once: each is looked at, whatever was found in the others."""
    for shape in (shape for value in ODD for shape in wrapped(value)):
        values = dict.fromkeys(operation.Input.model_fields, shape)
        try:
            with inputs.resolve(
                operation.name, values, workspace=ada.workspace, keep=False
            ) as given:
                assert given.values == values
        except InvalidRequest as exc:
            names = {error.field.split(".")[1] for error in exc.errors}
            assert names <= values.keys()
