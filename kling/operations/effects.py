"""Effects: a ready-made scene with one person, or with two (protocol, section 7.9).

Scenes come and go with the seasons, so their names stand in the catalogue: those for one
picture, those for two, and the older ones for two which besides take a model and a mode.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from kling.errors import FieldError
from kling.media import IMAGE, Media, MediaText
from kling.operations.base import COMETAPI, OFFICIAL, Declared, Facts, Operation, OperationInput
from kling.operations.exclusions import check_exactly_one
from kling.operations.videos import Watermark

ONE, TWO, TWO_BY_MODEL = "one_person", "two_people", "two_people_by_model"
DURATION = "5"


class EffectInput(Declared):
    model_name: Annotated[
        Literal["kling-v1", "kling-v1-5", "kling-v1-6"] | None,
        Field(title="Model", description="Only for older scenes with two people."),
    ] = None
    mode: Annotated[
        Literal["std", "pro"] | None,
        Field(title="Quality", description="Only for older scenes with two people."),
    ] = None
    image: Annotated[
        MediaText | None,
        IMAGE,
        Field(title="Picture", description="For scenes with one person or one animal."),
    ] = None
    images: Annotated[
        list[MediaText] | None,
        IMAGE,
        Field(
            title="Pictures",
            description="For scenes with two people: the left one first, then the right one.",
            min_length=2,
            max_length=2,
        ),
    ] = None
    duration: Annotated[
        Literal["5", "10"] | None,
        Field(title="Duration", description="Seconds of video; scenes with two people have 5."),
    ] = None


class EffectsInput(OperationInput):
    effect_scene: Annotated[
        str,
        Field(max_length=100),
        Facts(
            title="Scene",
            description="The name of the effect.",
            order=10,
            listed_in=(ONE, TWO, TWO_BY_MODEL),
        ),
    ]
    input: Annotated[
        EffectInput,
        Facts(title="Pictures and length", description="What the scene is made with.", order=20),
    ]
    watermark_info: Watermark = None


class Effects(Operation):
    name = "effects"
    title = "Effects"
    description = "A ready-made scene with the people or the animal of your pictures."
    path = "videos/effects"
    media_kind = "video"
    Input = EffectsInput
    dialects = (COMETAPI, OFFICIAL)
    # CometAPI's page calls external_task_id an id "for your own tracking" and says no more.
    external_id_query_on = frozenset({OFFICIAL})

    def complete(self, values: dict[str, Any], media: Mapping[str, Media]) -> dict[str, Any]:
        """The duration, which Kling wants said, and which the price follows."""
        return {**values, "input": {**values["input"], **_length(values["input"])}}

    def check(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Iterator[FieldError]:
        for error in check_exactly_one(values["input"], "image", "images"):
            yield FieldError(f"input.{error.field}", error.code, error.message)

    def check_offer(
        self, values: Mapping[str, Any], dialect: str, lists: Mapping[str, tuple[str, ...]]
    ) -> Iterator[FieldError]:
        scene, given = values["effect_scene"], values["input"]
        if scene in lists[ONE] and "images" in given:
            yield _apart("images", f"{scene} is a scene for one picture: use image.")
        if scene in (*lists[TWO], *lists[TWO_BY_MODEL]) and "image" in given:
            yield _apart("image", f"{scene} is a scene with two people: use images.")
        if scene in lists[TWO] and given["duration"] != DURATION:
            yield _apart("duration", f"{scene} lasts {DURATION} seconds.")
        if scene not in lists[TWO_BY_MODEL]:
            for name in ("model_name", "mode"):
                if name in given:
                    yield _apart(name, f"{scene} takes no {name}; leave it out.")
        elif dialect == OFFICIAL:
            message = f"Kling has retired {scene} together with its models."
            yield FieldError("effect_scene", "not_supported", message)

    def seconds(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Decimal:
        return Decimal(values["input"]["duration"])


def _length(given: Mapping[str, Any]) -> dict[str, str]:
    return {"duration": str(given.get("duration", DURATION))}


def _apart(name: str, message: str) -> FieldError:
    return FieldError(f"input.{name}", "exclusive", message)
