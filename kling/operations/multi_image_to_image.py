"""Multi-image to image: subjects put into a scene and a style (protocol, section 7.13)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kling.media import IMAGE, MediaText
from kling.operations.base import OFFICIAL, Declared, Facts, Operation, OperationInput
from kling.operations.pictures import HowMany, ModelName, RatioName, Watermark


class Subject(Declared):
    subject_image: Annotated[
        MediaText,
        IMAGE,
        Field(title="Subject", description="One subject, cut out as it should appear."),
    ]


class MultiImageToImageInput(OperationInput):
    model_name: ModelName = None
    prompt: Annotated[
        str | None,
        Field(max_length=2500),
        Facts(title="Prompt", description="What the subjects do in the image.", order=20),
    ] = None
    subject_image_list: Annotated[
        list[Subject],
        Field(min_length=1, max_length=4),
        Facts(
            title="Subjects",
            description="1 to 4 images, each of one subject. Kling does not cut them out.",
            order=30,
        ),
    ]
    scene_image: Annotated[
        MediaText | None,
        IMAGE,
        Facts(title="Scene", description="An image of where it happens.", order=40),
    ] = None
    style_image: Annotated[
        MediaText | None,
        IMAGE,
        Facts(title="Style", description="An image whose style to follow.", order=50),
    ] = None
    n: HowMany = None
    aspect_ratio: Annotated[
        RatioName | None,
        Facts(
            title="Aspect ratio",
            description="Width to height of the image.",
            order=60,
            default="16:9",
        ),
    ] = None
    watermark_info: Watermark = None


class MultiImageToImage(Operation):
    name = "multi-image-to-image"
    title = "Images into one"
    description = "One image made from several: subjects, a scene and a style."
    path = "images/multi-image2image"
    media_kind = "image"
    Input = MultiImageToImageInput
    dialects = (OFFICIAL,)
