"""Virtual try-on: a person in other clothes (protocol, section 7.13)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kling.media import IMAGE, MediaText
from kling.operations.base import COMETAPI, OFFICIAL, Facts, Operation, OperationInput

# Of all image fields, these two have no rule on the shape (protocol, section 3.4).
ANY_SHAPE = IMAGE.but(min_ratio=None, max_ratio=None)


class VirtualTryOnInput(OperationInput):
    model_name: Annotated[
        str | None,
        Field(max_length=100),
        Facts(
            title="Model",
            description="The model that dresses. v1-5 also takes an upper and a lower garment, "
            "side by side in one image.",
            order=10,
        ),
    ] = None
    human_image: Annotated[
        MediaText,
        ANY_SHAPE,
        Facts(title="Person", description="An image of the person to dress.", order=20),
    ]
    cloth_image: Annotated[
        MediaText,
        ANY_SHAPE,
        Facts(
            title="Clothes",
            description="An image of the garment by itself, best on a white background.",
            order=30,
        ),
    ]


class VirtualTryOn(Operation):
    name = "virtual-try-on"
    title = "Virtual try-on"
    description = "A person dressed in the clothes of another image."
    path = "images/kolors-virtual-try-on"
    media_kind = "image"
    Input = VirtualTryOnInput
    dialects = (COMETAPI, OFFICIAL)
    # CometAPI's text on single queries names task ids only.
    external_id_query_on = frozenset({OFFICIAL})
