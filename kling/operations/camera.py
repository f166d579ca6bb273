"""Camera movement of the oldest models: a preset, or exactly one movement of one's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from kling.errors import FieldError
from kling.operations.base import CLOUDSWAY, Declared, Facts
from kling.operations.parameters import Number

CAMERA = Facts(
    title="Camera",
    description="How the camera moves. Left out, Kling decides.",
    order=120,
    advanced=True,
    feature="camera_control",
    absent_on=frozenset({CLOUDSWAY}),
)

CameraMove = Annotated[Number, Field(ge=-10, le=10)]


class CameraConfig(Declared):
    horizontal: CameraMove = 0
    vertical: CameraMove = 0
    pan: CameraMove = 0
    tilt: CameraMove = 0
    roll: CameraMove = 0
    zoom: CameraMove = 0


class CameraControl(Declared):
    type: Annotated[
        Literal["simple", "down_back", "forward_up", "right_turn_forward", "left_turn_forward"],
        Field(title="Movement", description="“simple” takes one movement of your own."),
    ]
    config: Annotated[
        CameraConfig | None,
        Field(
            title="Your movement",
            description="For “simple” only: exactly one value other than 0, from -10 to 10.",
        ),
    ] = None


class OwnCameraControl(Declared):
    """The one type that there is where a video starts from a picture."""

    type: Annotated[
        Literal["simple"],
        # pydantic writes a single value as "const"; forms look for "enum".
        Field(
            title="Movement",
            description="Always “simple”.",
            json_schema_extra={"enum": ["simple"]},
        ),
    ]
    config: Annotated[
        CameraConfig,
        Field(title="Your movement", description="Exactly one value other than 0, from -10 to 10."),
    ]


def check_camera(values: Mapping[str, Any]) -> Iterator[FieldError]:
    camera = values.get("camera_control")
    if camera is None:
        return
    config = camera.get("config")
    if camera["type"] != "simple":
        if config is not None:
            message = f"config is only used with the type simple, not with {camera['type']}."
            yield FieldError("camera_control.config", "exclusive", message)
    elif config is None:
        message = "config is required with the type simple."
        yield FieldError("camera_control.config", "required", message)
    elif sum(1 for value in config.values() if value != 0) != 1:
        message = "Exactly one value of config must be other than 0."
        yield FieldError("camera_control.config", "mismatch", message)
