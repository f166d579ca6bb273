"""Real files to send along, and jobs through the real client."""

from __future__ import annotations

import base64
import io
import struct
import threading
import uuid
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import av
import requests
from av.container import InputContainer
from PIL import Image

from kling import operations
from kling.accounts import Account
from kling.client import KlingClient
from kling.media import spots
from kling.requests import Request, parse
from kling.simulator.media import video
from kling.simulator.media.recipes import Recipe
from kling.simulator.server import RunningSimulator
from kling.tasks import Output, Task
from tests.kling.inputs import FILES, RATES, SMALLEST

from .caller import KEY, until

PACE = 8000  # samples a second
RED, BLUE = (220, 30, 30), (30, 30, 220)
# Small videos to go on from; those that can be extended are of models that only CometAPI has.
SOURCE = {
    "cometapi": {"prompt": "a fox", "model_name": "kling-v1-6", "mode": "std"},
    "official": {"prompt": "a fox", "duration": "3"},
}


def picture(
    width: int = 640, height: int = 480, *, form: str = "PNG", colour: tuple[int, int, int] = RED
) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(stream, form)
    return stream.getvalue()


def clip(
    folder: Path, seconds: float, *, width: int = 1280, height: int = 720, loud: bool = True
) -> bytes:
    """MP4, one frame longer than `seconds`, of a plain picture: those are quickly drawn."""
    path, still = folder / f"{uuid.uuid4().hex}.mp4", folder / "still.png"
    still.write_bytes(picture(width, height))
    recipe = Recipe(
        kind="mp4",
        text="input",
        width=width,
        height=height,
        seconds=seconds,
        sound=loud,
        picture=str(still),
    )
    video.write(recipe, path, stopping=threading.Event())
    return path.read_bytes()


def tune(seconds: float) -> bytes:
    """WAV: one loud low note."""
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(PACE)
        low, high = (struct.pack("<h", level) * (PACE // 200) for level in (-9000, 9000))
        whole = (low + high) * (int(seconds * 100) + 1)
        file.writeframes(whole[: round(seconds * PACE) * 2])
    return stream.getvalue()


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


class Jobs:
    """What the product does: the real client against a simulator, in one dialect."""

    def __init__(self, simulator: RunningSimulator, dialect: str) -> None:
        self.dialect = dialect
        endpoint = {"endpoint_path": "endpoint-7"} if dialect == "cloudsway" else {}
        account = Account(dialect, key=KEY, base_url=simulator.url, **endpoint)
        self.client = KlingClient(account)

    def done(self, operation: str, given: Mapping[str, Any] | None = None) -> Task:
        """The finished task of the smallest input, or of `given`."""
        values = self.filled(operation, SMALLEST[operation] if given is None else given)
        request = parse(
            operation, values, dialect=self.dialect, media=FILES.get(operation), rates=RATES
        )
        return self.finished(request)

    def finished(self, request: Request) -> Task:
        task = self.client.submit(request, external_task_id=uuid.uuid4().hex)
        path, found = request.operation.path, [task]

        def ended() -> bool:
            if not found[-1].is_final:
                found.append(self.client.get(path, task.task_id))
            return found[-1].is_final

        until(ended)
        return found[-1]

    def filled(self, operation: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """`values` with ids that exist at this provider in place of invented ones."""
        wanted = {
            spot.path: spot.source.kind
            for spot in spots(operations.get(operation).Input, values)
            if spot.source and not spot.source.presets and "." not in spot.path
        }
        if not wanted:
            return dict(values)
        made = self.done("text-to-video", SOURCE[self.dialect])
        known = {"video": made_id(made), "task": made.task_id}
        return dict(values) | {path: known[kind] for path, kind in wanted.items()}


def made_id(task: Task) -> str:
    assert task.outputs, task
    assert task.outputs[0].provider_id
    return task.outputs[0].provider_id


def downloaded(url: str) -> bytes:
    answer = requests.get(url, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.content


def opened(content: bytes) -> InputContainer:
    return av.open(io.BytesIO(content))


def probed(output: Output) -> dict[str, float]:
    """Width, height and seconds of the file, decoded to its end."""
    with opened(downloaded(output.url)) as container:
        found = {"seconds": 0.0, "sound": float(bool(container.streams.audio))}
        if container.streams.video:
            frames = list(container.decode(video=0))
            found |= {"width": frames[-1].width, "height": frames[-1].height}
            if frames[-1].time is not None and len(frames) > 1:
                found["seconds"] = float(frames[-1].time)
        else:
            rate = container.streams.audio[0].rate
            samples = sum(int(frame.samples) for frame in container.decode(audio=0))
            found["seconds"] = samples / rate
        return found


def colours(content: bytes, at: float = 0.5) -> tuple[int, int, int]:
    """The colour in the middle of the first frame (of a picture or a clip)."""
    with opened(content) as container:
        frame = next(container.decode(video=0)).to_image()
    red, green, blue = frame.convert("RGB").getpixel((frame.width // 2, int(frame.height * at)))
    return red, green, blue
