"""Which files a task results in, and how the provider lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kling import operations

from .links import Links
from .media import recipes
from .media.cache import MediaCache
from .media.recipes import Recipe
from .tasks import Task

# Seconds of a result whose request names no length (avatar, lip-sync: as long as their input).
USUAL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files of one task by the list that they appear in."""

    videos: tuple[Recipe, ...] = ()
    images: tuple[Recipe, ...] = ()
    audios: tuple[tuple[Recipe, Recipe], ...] = ()
    watermarked: bool = False

    def files(self) -> list[Recipe]:
        pictures = [*self.videos, *self.images]
        if self.watermarked:
            pictures += [recipe.watermarked() for recipe in pictures]
        return pictures + [recipe for pair in self.audios for recipe in pair]


def of(task: Task) -> Outputs:
    seconds = float(operations.get(task.operation).seconds(task.fields, {})) or USUAL_SECONDS
    if task.media_kind == "image":
        count = int(task.fields.get("n") or 1)
        pictures = tuple(recipes.image(task.fields, variant=number) for number in range(count))
        return Outputs(images=pictures, watermarked=task.watermarked)
    if task.media_kind == "audio":
        mp3, wav = (recipes.audio(task.fields, kind=k, seconds=seconds) for k in ("mp3", "wav"))
        return Outputs(audios=((mp3, wav),))
    sound = task.fields.get("sound") == "on"
    clip = recipes.video(task.fields, seconds=seconds, sound=sound)
    return Outputs(videos=(clip,), watermarked=task.watermarked)


def ready(task: Task, cache: MediaCache) -> bool:
    """True when every file is on disk; those that are not are begun."""
    if task.plan.failure is not None:
        return True
    # A list, since all() over a generator would stop at the first file and begin no other.
    states = [cache.ready(recipe) for recipe in of(task).files()]
    return all(states)


@dataclass(frozen=True, slots=True)
class Gallery:
    """Lists a finished task's files with fresh links."""

    cache: MediaCache
    links: Links
    now: float

    def result(self, task: Task) -> dict[str, Any]:
        """`task_result` of a task that succeeded."""
        outputs = of(task)
        lists: dict[str, Any] = {}
        if outputs.videos:
            lists["videos"] = [self._video(task, clip) for clip in outputs.videos]
        if outputs.images:
            lists["images"] = [
                self._image(task, picture, index=index)
                for index, picture in enumerate(outputs.images)
            ]
        if outputs.audios:
            lists["audios"] = [self._audio(task, mp3, wav) for mp3, wav in outputs.audios]
        return lists

    def _video(self, task: Task, clip: Recipe) -> dict[str, Any]:
        item = {
            "id": _output_id(task, 0),
            "url": self._link(task, clip),
            "duration": self.cache.duration(clip),
        }
        return item | self._watermark(task, clip)

    def _image(self, task: Task, picture: Recipe, *, index: int) -> dict[str, Any]:
        item = {"index": index, "url": self._link(task, picture)}
        return item | self._watermark(task, picture)

    def _audio(self, task: Task, mp3: Recipe, wav: Recipe) -> dict[str, Any]:
        item: dict[str, Any] = {"id": _output_id(task, 0)}
        if task.dialect == "cloudsway":
            item |= {"url": None, "duration": None}
        return item | {
            "url_mp3": self._link(task, mp3),
            "url_wav": self._link(task, wav),
            "duration_mp3": self.cache.duration(mp3),
            "duration_wav": self.cache.duration(wav),
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


def _output_id(task: Task, index: int) -> str:
    """Near the task's own id, as the real ones are."""
    return str(int(task.task_id) + 138_424_324 + index)
