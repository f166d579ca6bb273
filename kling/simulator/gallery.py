"""Lists what a finished task made, as the provider's pages do, with fresh links."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kling import operations

from . import outputs
from .links import Links
from .media.cache import MediaCache
from .media.recipes import Recipe
from .store import Store
from .tasks import Task


@dataclass(frozen=True, slots=True)
class Gallery:
    """`look` has the files of a task looked into that nobody is looking into yet."""

    cache: MediaCache
    links: Links
    store: Store
    look: Callable[[Task], None]
    now: float

    def ready(self, task: Task) -> bool:
        if task.waiting:
            self.look(task)
        return outputs.ready(task, self.cache)

    def result(self, task: Task) -> dict[str, Any]:
        """`task_result` of a task that succeeded."""
        match operations.get(task.operation).result_kind:
            case "voice":
                return {"voices": [self._voice(task)]}
            case "element":
                return {"elements": [self._element(task)]}
        made = outputs.of(task)
        lists: dict[str, Any] = {}
        if made.videos:
            lists["videos"] = [self._video(task, clip) for clip in made.videos]
        if made.images:
            lists |= self._images(task, made.images)
        if made.tunes:
            lists["audios"] = [self._tune(task, mp3, wav) for mp3, wav in made.tunes]
        if made.speech:
            lists["audios"] = [self._speech(task, made.speech)]
        return lists

    def session(self, task: Task) -> dict[str, Any]:
        """`data` of identify-face (protocol, section 7.7). Times in milliseconds."""
        faces = [
            {
                "face_id": str(number),
                "face_image": self._link(task, face),
                "start_time": 0,
                "end_time": round(outputs.source_seconds(task) * 1000),
            }
            for number, face in enumerate(outputs.of(task).portraits)
        ]
        data: dict[str, Any] = {"session_id": outputs.id_of(task, "session")}
        if task.deduction is not None:
            data["final_unit_deduction"] = task.deduction
        return data | {"face_data": faces}

    def parent_video(self, task: Task) -> dict[str, Any] | None:
        """The video that the task went on from: `id`, `url`, `duration`."""
        for material in task.materials:
            if material.kind == "video":
                url = material.address
                parent = self.store.get(material.parent) if material.parent else None
                if parent is not None and (clips := outputs.of(parent).videos):
                    url = self._link(parent, clips[0])
                seconds = material.media.seconds if material.media else None
                length = "" if seconds is None else f"{seconds.normalize():f}"
                return {"id": material.provider_id, "url": url, "duration": length}
        return None

    def _video(self, task: Task, clip: Recipe) -> dict[str, Any]:
        item = {
            "id": outputs.id_of(task, "video"),
            "url": self._link(task, clip),
            "duration": self.cache.duration(clip),
        }
        return item | self._watermark(task, clip)

    def _images(self, task: Task, pictures: tuple[Recipe, ...]) -> dict[str, Any]:
        items = [
            {"index": index, "url": self._link(task, picture)} | self._watermark(task, picture)
            for index, picture in enumerate(pictures)
        ]
        if outputs.is_series(task):
            return {"result_type": "series", "images": [], "series_images": items}
        if "result_type" in task.fields:
            return {"result_type": "single", "images": items, "series_images": []}
        return {"images": items}

    def _tune(self, task: Task, mp3: Recipe, wav: Recipe) -> dict[str, Any]:
        item: dict[str, Any] = {"id": outputs.id_of(task, "audio")}
        if task.dialect == "cloudsway":
            item |= {"url": None, "duration": None}
        return item | {
            "url_mp3": self._link(task, mp3),
            "url_wav": self._link(task, wav),
            "duration_mp3": self.cache.duration(mp3),
            "duration_wav": self.cache.duration(wav),
        }

    def _speech(self, task: Task, mp3: Recipe) -> dict[str, Any]:
        return {
            "id": outputs.id_of(task, "audio"),
            "url": self._link(task, mp3),
            "duration": self.cache.duration(mp3),
        }

    def _voice(self, task: Task) -> dict[str, Any]:
        trial = outputs.of(task).speech
        return {
            "voice_id": outputs.id_of(task, "voice"),
            "voice_name": task.fields.get("voice_name", ""),
            "trial_url": self._link(task, trial) if trial else "",
            "owned_by": "simulator",
        }

    def _element(self, task: Task) -> dict[str, Any]:
        """`element_id` is a number on the wire, of more digits than JavaScript keeps."""
        named = ("element_name", "element_description", "reference_type")
        (portrait,) = outputs.of(task).portraits
        return {
            "element_id": int(outputs.id_of(task, "element")),
            **{name: task.fields.get(name, "") for name in named},
            "element_image_list": {"frontal_image": self._link(task, portrait)},
            "element_video_list": {},
            "tag_list": task.fields.get("tag_list", []),
            "owned_by": "simulator",
            "status": "succeed",
        }

    def _watermark(self, task: Task, recipe: Recipe) -> dict[str, Any]:
        """Cloudsway says null where no watermark was asked for; the others leave it out."""
        if task.watermarked:
            return {"watermark_url": self._link(task, recipe.watermarked())}
        return {"watermark_url": None} if task.dialect == "cloudsway" else {}

    def _link(self, task: Task, recipe: Recipe) -> str:
        if task.plan.without_url:
            return ""
        return self.links.make(
            token=recipe.key,
            name=f"{task.task_id}.{recipe.kind}",
            now=self.now,
            expired=task.plan.expired_links,
        )
