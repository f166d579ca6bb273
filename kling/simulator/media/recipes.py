"""What a file is made from. Two requests with the same recipe share one file on disk."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from kling.simulator.materials import Material

Kind = Literal["mp4", "png", "mp3", "wav"]

CONTENT_TYPES: Final[dict[str, str]] = {
    "mp4": "video/mp4",
    "png": "image/png",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
}

# Part of every key: raise it when drawing changes, or old files would be served as new ones.
DRAWING: Final = 2

SHORT_SIDE: Final[dict[str, int]] = {"std": 720, "pro": 1080, "4k": 2160}
IMAGE_SIDE: Final[dict[str, int]] = {"1k": 1024, "2k": 2048, "4k": 4096}

# Fields with words for a person, which may also be words of the simulator (`words`).
TEXTS: Final = (
    "prompt",
    "text",
    "sound_effect_prompt",
    "bgm_prompt",
    "voice_name",
    "element_name",
    "element_description",
)

FPS: Final = 24
# 361 frames of 2160p cost 8 s of CPU, half of them 4 s; nobody looks at a stand-in that closely.
LONG_4K_FPS: Final = 12
LONG_4K_SECONDS: Final = 8
# Seconds from which → frames a second, and the short side from there on: results that are as long
# as their input may have minutes.
LONG: Final = ((90, 6), (30, 12))
LONG_SIDE: Final = 720
LARGEST_SIDE: Final = 1080


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides the bytes of a file. `seconds` is the asked length, 0 for stills.

    `picture` and `tune` are files that the result is made from, by their names on the shelf or in
    the cache: the picture or video to show, and the file whose sound to play.
    """

    kind: Kind
    text: str
    width: int = 0
    height: int = 0
    seconds: float = 0.0
    sound: bool = False
    watermark: bool = False
    variant: int = 0
    picture: str = ""
    tune: str = ""

    @property
    def key(self) -> str:
        """File name without ending; the same recipe always gives the same one."""
        body = json.dumps([DRAWING, asdict(self)], sort_keys=True)
        return hashlib.sha256(body.encode()).hexdigest()[:40]

    @property
    def filename(self) -> str:
        return f"{self.key}.{self.kind}"

    @property
    def fps(self) -> int:
        is_long_4k = min(self.width, self.height) >= 2160 and self.seconds > LONG_4K_SECONDS
        slow = next((fps for seconds, fps in LONG if self.seconds > seconds), FPS)
        return min(slow, LONG_4K_FPS) if is_long_4k else slow

    @property
    def frames(self) -> int:
        """One frame more than asked, as Kling does: 5 s become 121 frames, "5.041"."""
        return round(self.seconds * self.fps) + 1

    def random(self) -> random.Random:
        """Colours, movement and chords of the prompt; the same for the same words."""
        seed = hashlib.sha256(f"{self.text}/{self.variant}".encode()).digest()
        return random.Random(seed)  # noqa: S311 - decoration, not a secret

    def watermarked(self) -> Recipe:
        return replace(self, watermark=True)


def video(
    fields: dict[str, Any],
    *,
    seconds: float,
    sound: bool,
    picture: Material | None = None,
    tune: Material | None = None,
) -> Recipe:
    """A clip for the request's `mode` and `aspect_ratio`; what it leaves open, `picture` decides.

    Without either it is std and 16:9.
    """
    shown = picture.media if picture else None
    width, height = (shown.width, shown.height) if shown else (None, None)
    short = SHORT_SIDE["std"]
    if fields.get("mode") in SHORT_SIDE:
        short = SHORT_SIDE[fields["mode"]]
    elif width and height:
        short = min(width, height, LARGEST_SIDE) // 2 * 2
    if seconds > LONG[-1][0]:
        short = min(short, LONG_SIDE)
    ratio = _ratio(fields.get("aspect_ratio"), otherwise=(width or 16, height or 9))
    width, height = _fit(ratio, short=short)
    return Recipe(
        kind="mp4",
        text=words(fields),
        width=width,
        height=height,
        seconds=seconds,
        sound=sound,
        picture=picture.file if picture else "",
        tune=tune.file if tune else "",
    )


def image(fields: dict[str, Any], *, variant: int, picture: Material | None = None) -> Recipe:
    """A picture of about side² pixels, as the real sizes are: 1k 16:9 is 1360 × 768."""
    side = IMAGE_SIDE.get(str(fields.get("resolution") or "1k"), 1024)
    across, down = _ratio(fields.get("aspect_ratio"))
    factor = (across / down) ** 0.5
    width, height = (max(16, int(side * f) // 16 * 16) for f in (factor, 1 / factor))
    return Recipe(
        kind="png",
        text=words(fields),
        width=width,
        height=height,
        variant=variant,
        picture=picture.file if picture else "",
    )


def portrait(picture: Material | None, *, side: int, variant: int = 0) -> Recipe:
    """A small square picture of what a video shows."""
    file = picture.file if picture else ""
    return Recipe(kind="png", text="", width=side, height=side, variant=variant, picture=file)


def audio(fields: dict[str, Any], *, kind: Kind, seconds: float) -> Recipe:
    return Recipe(kind=kind, text=words(fields), seconds=seconds)


def words(fields: dict[str, Any]) -> str:
    """The text that a request is about, wherever its operation has one."""
    inner = fields.get("input")  # where some endpoints have all of it
    fields = {**fields, **inner} if isinstance(inner, dict) else fields
    shots = fields.get("multi_prompt") or []
    texts = [shot.get("prompt") for shot in shots if isinstance(shot, dict)]
    texts = [fields.get(name) for name in TEXTS] + texts
    return " / ".join(text for text in texts if isinstance(text, str) and text)


def _ratio(value: object, *, otherwise: tuple[int, int] = (16, 9)) -> tuple[int, int]:
    across, _, down = str(value or "").partition(":")
    if across.isdigit() and down.isdigit() and int(across) and int(down):
        return int(across), int(down)
    return otherwise


def _fit(ratio: tuple[int, int], *, short: int) -> tuple[int, int]:
    """Even numbers only: yuv420p halves both sides."""
    across, down = ratio
    long = round(short * max(ratio) / min(ratio) / 2) * 2
    return (long, short) if across >= down else (short, long)
