"""Omni image: images from words, images and elements, one by one or as a series.

Protocol, section 7.12; Cloudsway sells it as the product ``kl_o3``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from kling.errors import FieldError
from kling.media import IMAGE, Media, MediaText
from kling.operations.base import CLOUDSWAY, OFFICIAL, Declared, Facts, Operation, OperationInput
from kling.operations.elements import MOST_REFERENCES, Element, with_whole_ids
from kling.operations.parameters import Count
from kling.operations.pictures import ModelName, RatioName, Watermark

AUTO = "auto"
USUAL_SERIES = "4"  # images; what Kling makes when it is not told how many
LONGEST_SERIES = 9  # images; as many as "auto" may turn out to be


def _as_text(value: Any) -> Any:
    return str(value) if type(value) is int else value


SeriesAmount = Annotated[
    Literal["2", "3", "4", "5", "6", "7", "8", "9", "auto"], BeforeValidator(_as_text)
]


class ReferenceImage(Declared):
    image: Annotated[
        MediaText,
        IMAGE,
        Field(title="Image", description="The prompt calls the first one <<<image_1>>>."),
    ]


class OmniImageInput(OperationInput):
    model_name: ModelName = None
    prompt: Annotated[
        str,
        Field(max_length=2500),
        Facts(
            title="Prompt",
            description="What to show or to change. <<<image_1>>> is the first of your images, "
            "<<<element_1>>> the first of your elements.",
            order=20,
        ),
    ]
    image_list: Annotated[
        list[ReferenceImage] | None,
        Field(min_length=1, max_length=MOST_REFERENCES),
        Facts(
            title="Images",
            description="Images to start from. Images and elements may be 10 together.",
            order=30,
        ),
    ] = None
    element_list: Annotated[
        list[Element] | None,
        Field(min_length=1, max_length=MOST_REFERENCES),
        Facts(
            title="Elements",
            description="Characters and things that Kling keeps. Images and elements may be 10 "
            "together.",
            order=90,
            advanced=True,
        ),
    ] = None
    resolution: Annotated[
        Literal["1k", "2k", "4k"] | None,
        Facts(
            title="Resolution",
            description="How large the image is: 1k, 2k or 4k.",
            order=50,
            default="1k",
            explicit=True,
        ),
    ] = None
    result_type: Annotated[
        Literal["single", "series"] | None,
        Facts(
            title="Kind of result",
            description="“single”: images that have nothing to do with each other. “series”: "
            "images that belong together.",
            order=60,
            default="single",
            explicit=True,
        ),
    ] = None
    n: Annotated[
        Count | None,
        Field(ge=1, le=9),
        Facts(
            title="Number of images",
            description="How many single images to make, from 1 to 9. Each is charged.",
            order=70,
            default=1,
        ),
    ] = None
    series_amount: Annotated[
        SeriesAmount | None,
        Facts(
            title="Length of the series",
            description="How many images a series has, from 2 to 9; without it 4. With “auto” "
            "Kling decides: 9 are reserved, and what is made is charged.",
            order=71,
        ),
    ] = None
    aspect_ratio: Annotated[
        Literal[RatioName, "auto"] | None,
        Facts(
            title="Aspect ratio",
            description="Width to height of the image. With “auto” Kling decides.",
            order=40,
            default=AUTO,
        ),
    ] = None
    watermark_info: Watermark = None


class OmniImage(Operation):
    name = "omni-image"
    title = "Omni image"
    description = "An image, or a series of them, made from words, images and elements."
    path = "images/omni-image"
    media_kind = "image"
    Input = OmniImageInput
    dialects = (CLOUDSWAY, OFFICIAL)

    def complete(self, values: dict[str, Any], media: Mapping[str, Media]) -> dict[str, Any]:
        """How many images there will be is said aloud, since each of them is charged."""
        if values.get("result_type") == "series":
            return {"series_amount": USUAL_SERIES, **values}
        return {"n": 1, **values}

    def check(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Iterator[FieldError]:
        if values.get("result_type") == "series":
            if "n" in values:
                message = "n is not used with a series; give series_amount instead."
                yield FieldError("n", "exclusive", message)
        elif "series_amount" in values:
            message = "series_amount is only used with result_type series; give n instead."
            yield FieldError("series_amount", "exclusive", message)
        images, elements = (len(values.get(name, ())) for name in ("image_list", "element_list"))
        if images + elements > MOST_REFERENCES:
            name = "image_list" if images >= elements else "element_list"
            message = (
                f"{name} is too long: there may be {MOST_REFERENCES} images and elements together, "
                f"and there are {images + elements}."
            )
            yield FieldError(name, "too_many_together", message)

    def price_facts(self, values: Mapping[str, Any]) -> dict[str, str]:
        return {"resolution": str(values["resolution"])} if "resolution" in values else {}

    def slots(self, values: Mapping[str, Any]) -> int:
        """A series counts as many as it has images; "auto" as many as it may turn out to have."""
        if values.get("result_type") != "series":
            return int(values.get("n", 1))
        amount = values.get("series_amount", USUAL_SERIES)
        return LONGEST_SERIES if amount == AUTO else int(amount)

    def body(self, values: dict[str, Any], dialect: str) -> dict[str, Any]:
        values = with_whole_ids(values)
        amount = values.get("series_amount", AUTO)
        return values if amount == AUTO else {**values, "series_amount": int(amount)}
