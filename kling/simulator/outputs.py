"""Which files a task results in, and the ids that its results go by."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING
from typing import Final

from kling import operations
from kling.errors import InvalidInput
from kling.media import SourceKind

from .materials import ASSUMED_SECONDS, Material
from .media import recipes
from .media.cache import MediaCache
from .media.recipes import Recipe
from .tasks import Task

# Seconds by which a continued video is longer than the one before it.
EXTENDED_BY: Final = 4.5
EXTENSIONS: Final = frozenset({"videos/video-extend"})
TRIAL_SECONDS: Final = 3.0
FACES: Final = 2
PORTRAIT_SIDE: Final = 256
# Characters that a voice speaks in a second, at its usual speed.
SPEECH_PACE: Final = 15.0
LONGEST_SPEECH: Final = 60.0
SERIES_AMOUNT: Final = 4

_STEPS: Final[dict[SourceKind, int]] = {
    "video": 138_424_324,
    "audio": 138_424_325,
    "voice": 138_424_326,
    "element": 138_424_327,
    "session": 138_424_328,
    "task": 0,
}


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files of one task by the list that they appear in.

    `tunes` are pairs of MP3 and WAV, `speech` is one MP3 by itself, `portraits` are small pictures.
    """

    videos: tuple[Recipe, ...] = ()
    images: tuple[Recipe, ...] = ()
    tunes: tuple[tuple[Recipe, Recipe], ...] = ()
    speech: Recipe | None = None
    portraits: tuple[Recipe, ...] = ()
    watermarked: bool = False

    def files(self) -> list[Recipe]:
        pictures = [*self.videos, *self.images]
        if self.watermarked:
            pictures += [recipe.watermarked() for recipe in pictures]
        spoken = [self.speech] if self.speech else []
        return [*pictures, *(one for pair in self.tunes for one in pair), *spoken, *self.portraits]


def of(task: Task) -> Outputs:
    operation = operations.get(task.operation)
    match operation.result_kind or task.media_kind:
        case "element":
            return Outputs(portraits=(recipes.portrait(_first(task, "image"), side=PORTRAIT_SIDE),))
        case "voice":
            return Outputs(speech=recipes.audio(task.fields, kind="mp3", seconds=TRIAL_SECONDS))
        case "faces":
            return Outputs(portraits=_faces(task))
        case "image":
            return Outputs(images=_images(task), watermarked=task.watermarked)
        case "audio" if operation.synchronous:
            speech = recipes.audio(task.fields, kind="mp3", seconds=_spoken_seconds(task))
            return Outputs(speech=speech)
        case "audio":
            return _heard(task)
    return Outputs(videos=(_clip(task),), watermarked=task.watermarked)


def kinds(task: Task) -> tuple[SourceKind, ...]:
    """What other requests may name by an id: the results of a finished task."""
    operation = operations.get(task.operation)
    match operation.result_kind:
        case "element":
            return ("element",)
        case "voice":
            return ("voice",)
        case "faces":
            return ("session",)
    outputs = of(task)
    has_sound = outputs.tunes or outputs.speech
    return ("task", *(("video",) if outputs.videos else ()), *(("audio",) if has_sound else ()))


def id_of(task: Task, kind: SourceKind) -> str:
    return str(int(task.task_id) + _STEPS[kind])


def task_of(identifier: str, kind: SourceKind) -> str | None:
    """The task id that such an id was made from; None for what cannot be one."""
    step = _STEPS.get(kind)
    if step is None or not (identifier.isascii() and identifier.isdigit()):
        return None
    return str(int(identifier) - step)


def ready(task: Task, cache: MediaCache) -> bool:
    """True when every file is on disk; those that are not are begun."""
    if task.waiting:
        return False
    if task.plan.failure is not None:
        return True
    # A list, since all() over a generator would stop at the first file and begin no other.
    states = [cache.ready(recipe) for recipe in of(task).files()]
    return all(states)


def seconds(task: Task) -> float:
    """Length of the video or the sound. One that follows a file is as long as the file itself,
    although whole seconds of it are billed.
    """
    if task.path in EXTENSIONS:
        return source_seconds(task) + EXTENDED_BY
    try:
        asked = operations.get(task.operation).seconds(task.fields, task.media)
    except InvalidInput:  # of a file that nobody looked into
        return float(ASSUMED_SECONDS)
    if asked and str(task.fields.get("duration")) != str(asked):
        lengths = (one.media.seconds for one in task.materials if one.media)
        same = (s for s in lengths if s and s.to_integral_value(rounding=ROUND_CEILING) == asked)
        return float(next(same, asked))
    return float(asked or ASSUMED_SECONDS)


def source_seconds(task: Task) -> float:
    """Length of the video that the task is about."""
    video = _first(task, "video")
    known = video.media.seconds if video and video.media else None
    return float(known or ASSUMED_SECONDS)


def _clip(task: Task) -> Recipe:
    tune = _first(task, "audio") or _kept_sound(task)
    return recipes.video(
        task.fields,
        seconds=seconds(task),
        sound=task.fields.get("sound") == "on",
        picture=_first(task, "video") or _first(task, "image"),
        tune=tune,
    )


def _heard(task: Task) -> Outputs:
    """The sound; with the video that it was made for, where it was made for one."""
    video = _first(task, "video")
    takes_video = any(spot.kind == "video" for spot in task.materials)
    length = seconds(task)
    if takes_video:
        length = source_seconds(task)
    mp3, wav = (recipes.audio(task.fields, kind=k, seconds=length) for k in ("mp3", "wav"))
    if not takes_video:
        return Outputs(tunes=((mp3, wav),))
    clip = recipes.video(task.fields, seconds=length, sound=True, picture=video)
    return Outputs(videos=(clip,), tunes=((mp3, wav),), watermarked=task.watermarked)


def _images(task: Task) -> tuple[Recipe, ...]:
    count = int(task.fields.get("n") or 1)
    if is_series(task):
        amount = str(task.fields.get("series_amount") or SERIES_AMOUNT)
        count = int(amount) if amount.isdigit() else SERIES_AMOUNT
    picture = _first(task, "image")
    return tuple(
        recipes.image(task.fields, variant=number, picture=picture) for number in range(count)
    )


def is_series(task: Task) -> bool:
    return task.fields.get("result_type") == "series"


def _faces(task: Task) -> tuple[Recipe, ...]:
    video = _first(task, "video")
    return tuple(
        recipes.portrait(video, side=PORTRAIT_SIDE, variant=number) for number in range(FACES)
    )


def _spoken_seconds(task: Task) -> float:
    speed = float(task.fields.get("voice_speed") or 1)
    spoken = len(str(task.fields.get("text", ""))) / SPEECH_PACE / speed
    return round(min(max(1.0, spoken), LONGEST_SPEECH), 1)


def _first(task: Task, kind: str) -> Material | None:
    """The first file of that kind, best one that is here."""
    found = [one for one in task.materials if one.kind == kind]
    return next((one for one in found if one.file), found[0] if found else None)


def _kept_sound(task: Task) -> Material | None:
    video = _first(task, "video")
    return video if task.fields.get("keep_original_sound", "yes") == "yes" else None
