"""Kling's own voices as data: what voices.toml says, for forms and documents to offer."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("voices.toml")


@dataclass(frozen=True)
class PresetVoice:
    """``languages``: ``zh`` is Chinese, ``en`` is English."""

    id: str
    title: str
    languages: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return {"id": self.id, "title": self.title, "languages": list(self.languages)}


@lru_cache(maxsize=1)
def presets() -> tuple[PresetVoice, ...]:
    """In the order in which to offer them. Any other id is accepted as well."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["voices"]
    return tuple(PresetVoice(row["id"], row["title"], tuple(row["languages"])) for row in rows)
