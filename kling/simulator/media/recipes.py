"""What a file is made from. Two requests with the same recipe share one file on disk."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

Kind = Literal["mp4", "png", "mp3", "wav"]

CONTENT_TYPES: Final[dict[str, str]] = {
    "mp4": "video/mp4",
    "png": "image/png",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
}

# Part of every key: raise it when drawing changes, or old files would be served as new ones.
DRAWING: Final = 1

SHORT_SIDE: Final[dict[str, int]] = {"std": 720, "pro": 1080, "4k": 2160}
IMAGE_SIDE: Final[dict[str, int]] = {"1k": 1024, "2k": 2048, "4k": 4096}

FPS: Final = 24
# 361 frames of 2160p cost 8 s of CPU, half of them 4 s; nobody looks at a stand-in that closely.
LONG_4K_FPS: Final = 12
LONG_4K_SECONDS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides the bytes of a file. `seconds` is the asked length, 0 for stills."""

    kind: Kind
    text: str
    width: int = 0
    height: int = 0
    seconds: float = 0.0
    sound: bool = False
    watermark: bool = False
    variant: int = 0

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
        return LONG_4K_FPS if is_long_4k else FPS

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


def video(fields: dict[str, Any], *, seconds: float, sound: bool) -> Recipe:
    """A clip for the request's `mode` and `aspect_ratio` (defaults std, 16:9)."""
    short = SHORT_SIDE.get(str(fields.get("mode") or "std"), 720)
    width, height = _fit(_ratio(fields.get("aspect_ratio")), short=short)
    return Recipe(
        kind="mp4", text=words(fields), width=width, height=height, seconds=seconds, sound=sound
    )


def image(fields: dict[str, Any], *, variant: int) -> Recipe:
    """A picture of about side² pixels, as the real sizes are: 1k 16:9 is 1360 × 768."""
    side = IMAGE_SIDE.get(str(fields.get("resolution") or "1k"), 1024)
    across, down = _ratio(fields.get("aspect_ratio"))
    factor = (across / down) ** 0.5
    width, height = (max(16, int(side * f) // 16 * 16) for f in (factor, 1 / factor))
    return Recipe(kind="png", text=words(fields), width=width, height=height, variant=variant)


def audio(fields: dict[str, Any], *, kind: Kind, seconds: float) -> Recipe:
    return Recipe(kind=kind, text=words(fields), seconds=seconds)


def words(fields: dict[str, Any]) -> str:
    """The text that a request is about; shots count when there is no prompt of its own."""
    shots = fields.get("multi_prompt") or []
    prompts = [shot.get("prompt") for shot in shots if isinstance(shot, dict)]
    return str(fields.get("prompt") or fields.get("text") or " / ".join(filter(None, prompts)))


def _ratio(value: object) -> tuple[int, int]:
    across, _, down = str(value or "16:9").partition(":")
    if across.isdigit() and down.isdigit() and int(across) and int(down):
        return int(across), int(down)
    return 16, 9


def _fit(ratio: tuple[int, int], *, short: int) -> tuple[int, int]:
    """Even numbers only: yuv420p halves both sides."""
    across, down = ratio
    long = round(short * max(ratio) / min(ratio) / 2) * 2
    return (long, short) if across >= down else (short, long)
