"""Video extend: 4 to 5 more seconds for a video that Kling has made (protocol, section 7.6).

Kling goes on with the model and the mode of the source, and takes neither as a parameter; the
price depends on both. So ``model_name`` and ``mode`` are fields of ours that say what the source
was made with, and are never sent; where nobody says it, the dearer mode is held. Only models of
the first generation can be extended. Kling has retired them, CometAPI still has them.

CometAPI's page asks for the parent's ``task_id`` besides ``video_id``, and for the account that
made it. Whoever names a result that is held here need not know the task: whoever sends it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from kling.errors import FieldError
from kling.media import IdText, Media, SourceId, is_held
from kling.operations.base import COMETAPI, OFFICIAL, Facts, Limit, Operation, OperationInput
from kling.operations.parameters import Number
from kling.operations.videos import Watermark

STD_SIDE = 720  # pixels; a video whose shorter side has more was made in pro
LONGEST = 180  # seconds of the video with its new part
SHORTEST_PART = 4  # seconds that an extension surely adds


class VideoExtendInput(OperationInput):
    task_id: Annotated[
        IdText | None,
        SourceId("task"),
        Facts(
            title="Task of the video",
            description="Kling's id of the task that made the video. Not needed for a result of "
            "your own workspace.",
            order=70,
            advanced=True,
            absent_on=frozenset({OFFICIAL}),
        ),
    ] = None
    video_id: Annotated[
        IdText,
        SourceId("video", task_field="task_id"),
        Facts(
            title="Video",
            description="A result of text to video, image to video or an extension, made in the "
            "last 30 days, at most 3 minutes long with the new part.",
            order=10,
        ),
    ]
    model_name: Annotated[
        str | None,
        Field(max_length=100),
        Facts(
            title="Model of the video",
            description="What the video was made with; the new part is made with the same.",
            order=50,
        ),
    ] = None
    mode: Annotated[
        Literal["std", "pro"] | None,
        Facts(
            title="Quality of the video",
            description="What the video was made in; the new part is made in the same.",
            order=60,
            default="pro",
            explicit=True,
        ),
    ] = None
    prompt: Annotated[
        str | None,
        Field(max_length=2500),
        Facts(
            title="Prompt",
            description="What happens in the new part.",
            order=20,
            limits={COMETAPI: Limit(max_length=500)},
        ),
    ] = None
    negative_prompt: Annotated[
        str | None,
        Field(max_length=2500),
        Facts(
            title="Leave out",
            description="What the new part should not show.",
            order=30,
            advanced=True,
            feature="negative_prompt",
        ),
    ] = None
    cfg_scale: Annotated[
        Number | None,
        Field(ge=0, le=1),
        Facts(
            title="Closeness to the prompt",
            description="From 0 (free) to 1 (close); left out, 0.5.",
            order=40,
            advanced=True,
            feature="cfg_scale",
        ),
    ] = None
    watermark_info: Watermark = None


class VideoExtend(Operation):
    name = "video-extend"
    title = "Video extension"
    description = "A video that goes on for 4 to 5 seconds more."
    path = "videos/video-extend"
    media_kind = "video"
    Input = VideoExtendInput
    dialects = (COMETAPI, OFFICIAL)
    # CometAPI's page has no external_task_id.
    external_ids_on = frozenset({OFFICIAL})
    external_id_query_on = frozenset({OFFICIAL})

    def check(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Iterator[FieldError]:
        source = media.get("video_id")
        if source is None:
            return
        if source.seconds is not None and source.seconds > LONGEST - SHORTEST_PART:
            message = (
                f"video_id must have at most {LONGEST} seconds with the new part. It has "
                f"{source.seconds.normalize():f} already."
            )
            yield FieldError("video_id", "out_of_range", message)
        if source.width is None or source.height is None:
            return
        if values.get("mode") == "std" and min(source.width, source.height) > STD_SIDE:
            message = f"The video has {source.width} × {source.height}, so its mode is pro."
            yield FieldError("mode", "mismatch", message)

    def check_offer(
        self, values: Mapping[str, Any], dialect: str, lists: Mapping[str, tuple[str, ...]]
    ) -> Iterator[FieldError]:
        is_known_here = "task_id" in values or is_held(values["video_id"])
        if dialect == COMETAPI and not is_known_here:
            message = "task_id is required: CometAPI wants the task of the video as well."
            yield FieldError("task_id", "required", message)

    def price_facts(self, values: Mapping[str, Any]) -> dict[str, str]:
        return {"mode": str(values["mode"])}

    def body(self, values: dict[str, Any], dialect: str) -> dict[str, Any]:
        ours = ("model_name", "mode") if dialect == COMETAPI else ("model_name", "mode", "task_id")
        return {name: value for name, value in values.items() if name not in ours}
