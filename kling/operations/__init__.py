"""The registry. A new operation is one new file here and one line in ``_OPERATIONS``."""

from __future__ import annotations

from kling.errors import FieldError, InvalidInput
from kling.operations.avatar import Avatar
from kling.operations.base import Operation
from kling.operations.custom_element import CustomElement
from kling.operations.custom_voice import CustomVoice
from kling.operations.effects import Effects
from kling.operations.identify_face import IdentifyFace
from kling.operations.image import Image
from kling.operations.image_expand import ImageExpand
from kling.operations.image_to_video import ImageToVideo
from kling.operations.lip_sync import LipSync
from kling.operations.motion_control import MotionControl
from kling.operations.multi_image_to_image import MultiImageToImage
from kling.operations.omni_image import OmniImage
from kling.operations.omni_video import OmniVideo
from kling.operations.one_step_lip_sync import OneStepLipSync
from kling.operations.text_to_audio import TextToAudio
from kling.operations.text_to_speech import TextToSpeech
from kling.operations.text_to_video import TextToVideo
from kling.operations.video_extend import VideoExtend
from kling.operations.video_to_audio import VideoToAudio
from kling.operations.virtual_try_on import VirtualTryOn

__all__ = ["Operation", "all_operations", "get"]

_OPERATIONS: tuple[Operation, ...] = (
    TextToVideo(),
    ImageToVideo(),
    OmniVideo(),
    MotionControl(),
    VideoExtend(),
    LipSync(),
    IdentifyFace(),
    OneStepLipSync(),
    Effects(),
    Image(),
    TextToAudio(),
    VideoToAudio(),
    Avatar(),
    TextToSpeech(),
    OmniImage(),
    ImageExpand(),
    MultiImageToImage(),
    VirtualTryOn(),
    CustomVoice(),
    CustomElement(),
)
_BY_NAME = {operation.name: operation for operation in _OPERATIONS}


def all_operations() -> tuple[Operation, ...]:
    return _OPERATIONS


def get(name: object) -> Operation:
    """The operation of that name. Raises InvalidInput on the field ``operation``."""
    operation = _BY_NAME.get(name) if isinstance(name, str) else None
    if operation is None:
        message = f"There is no such operation. Known ones: {', '.join(_BY_NAME)}."
        raise InvalidInput([FieldError("operation", "unknown_operation", message)])
    return operation
