"""The least input of each operation with real files and real earlier results in it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from generations.models import Asset
from kling import operations
from kling.media import spots
from tests.conftest import Person
from tests.generations import media
from tests.generations.inputs.asking import created, upload
from tests.working import finish


class Files:
    """Files of one workspace, each uploaded once, and results that it made before."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.held: dict[str, str] = {}

    def upload(self, kind: str) -> str:
        makers = {
            "image": lambda: media.flat_png(640, 640),
            "video": lambda: media.mp4(seconds=5, width=1280, height=720, sound=True),
            "audio": lambda: media.mp3(5),
        }
        if kind not in self.held:
            self.held[kind] = upload(self.person.api, makers[kind](), f"file.{kind}")
        return self.held[kind]

    def film(self, model: str) -> str:
        """A video that this workspace has made."""
        if model not in self.held:
            values = {"prompt": "A fox", "model_name": model, "duration": "5"}
            job = created(self.person.api, {"operation": "text-to-video", "input": values})
            finish(job["id"])
            self.held[model] = Asset.objects.get(generation__public_id=job["id"]).public_id
        return self.held[model]

    def filled(self, operation: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """`values` with every file and every id of a video of their own."""
        mine: dict[str, Any] = copy.deepcopy(dict(values))
        if operation == "video-extend":
            mine.pop("task_id", None)
            mine["video_id"] = self.film("kling-v1-6")
        for spot in spots(operations.get(operation).Input, mine):
            if spot.rule is not None:
                _put(mine, spot.path.split("."), self.upload(spot.rule.kind))
        return mine


def _put(holder: Any, path: list[str], value: str) -> None:
    *parents, name = path
    for part in parents:
        holder = holder[int(part)] if isinstance(holder, list) else holder[part]
    holder[int(name) if isinstance(holder, list) else name] = value
