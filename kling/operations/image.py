"""Images from words, or from words and an image (Cloudsway page "Image Generation", CometAPI
page "Generate images with Kling"; protocol, section 7.11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from kling.errors import FieldError
from kling.media import IMAGE, Media, MediaText
from kling.operations.base import CLOUDSWAY, OFFICIAL, Facts, Operation, OperationInput
from kling.operations.elements import MOST_REFERENCES, Element, with_whole_ids
from kling.operations.exclusions import check_apart, check_only_with
from kling.operations.parameters import Number
from kling.operations.pictures import HowMany, ModelName, RatioName, Watermark

# Cloudsway's page has no rows for what an image is followed in, and how closely.
NOT_ON_CLOUDSWAY = frozenset({CLOUDSWAY})


class ImageInput(OperationInput):
    model_name: ModelName = None
    prompt: Annotated[
        str,
        Field(max_length=2500),
        Facts(title="Prompt", description="What the images show.", order=20),
    ]
    negative_prompt: Annotated[
        str | None,
        Field(max_length=2500),
        Facts(
            title="Leave out",
            description="What the images should not show. Not together with an image.",
            order=90,
            advanced=True,
        ),
    ] = None
    element_list: Annotated[
        list[Element] | None,
        Field(min_length=1, max_length=MOST_REFERENCES),
        Facts(
            title="Elements",
            description="Characters or things that should appear: with the image, up to 10.",
            order=80,
            advanced=True,
            feature="element_list",
        ),
    ] = None
    image: Annotated[
        MediaText | None,
        IMAGE,
        Facts(
            title="Image",
            description="An image to follow.",
            order=30,
            feature="image",
        ),
    ] = None
    image_reference: Annotated[
        Literal["subject", "face"] | None,
        Facts(
            title="What to follow",
            description="“subject” keeps the character, “face” the looks of a person.",
            order=31,
            advanced=True,
            feature="image_reference",
            absent_on=NOT_ON_CLOUDSWAY,
        ),
    ] = None
    image_fidelity: Annotated[
        Number | None,
        Field(ge=0, le=1),
        Facts(
            title="Closeness to the image",
            description="From 0 (free) to 1 (close); left out, 0.5.",
            order=32,
            advanced=True,
            feature="image_fidelity",
            absent_on=NOT_ON_CLOUDSWAY,
        ),
    ] = None
    human_fidelity: Annotated[
        Number | None,
        Field(ge=0, le=1),
        Facts(
            title="Closeness to the face",
            description="From 0 (free) to 1 (close), with “subject” only; left out, 0.45.",
            order=33,
            advanced=True,
            feature="human_fidelity",
            absent_on=NOT_ON_CLOUDSWAY,
        ),
    ] = None
    resolution: Annotated[
        Literal["1k", "2k"] | None,
        Facts(
            title="Resolution",
            description="1k is standard, 2k is high.",
            order=50,
            default="1k",
            explicit=True,
        ),
    ] = None
    n: HowMany = None
    aspect_ratio: Annotated[
        RatioName | None,
        Facts(
            title="Aspect ratio",
            description="Width to height of the images.",
            order=60,
            default="16:9",
        ),
    ] = None
    watermark_info: Watermark = None


class Image(Operation):
    name = "image"
    title = "Image"
    description = "Images made from a description in words, with an image to follow or without."
    path = "images/generations"
    media_kind = "image"
    Input = ImageInput
    # CometAPI's page does not say that a task can be queried by an id of one's own.
    external_id_query_on = frozenset({CLOUDSWAY, OFFICIAL})
    price_cases: ClassVar = {"image": ("off", "on")}

    def check(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Iterator[FieldError]:
        yield from check_apart(values, ("image",), ("negative_prompt",))
        for name in ("image_reference", "image_fidelity"):
            yield from check_only_with(values, name, "image")
        if "human_fidelity" in values and values.get("image_reference") != "subject":
            message = "human_fidelity is only used with image_reference subject."
            yield FieldError("human_fidelity", "exclusive", message)
        count = len(values.get("element_list", ())) + ("image" in values)
        if count > MOST_REFERENCES:
            message = f"Elements and the image together may be at most {MOST_REFERENCES}."
            yield FieldError("element_list", "too_many", message)

    def price_facts(self, values: Mapping[str, Any]) -> dict[str, str]:
        return {"image": "on" if "image" in values else "off"}

    def body(self, values: dict[str, Any], dialect: str) -> dict[str, Any]:
        return with_whole_ids(values)
