from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    FINE = "ok"
    WARNING = "warning"  # works, but not as well as it could
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    level: Level
    text: str


Findings = Iterator[Finding]


def fine(text: str) -> Finding:
    return Finding(Level.FINE, text)


def warning(text: str) -> Finding:
    return Finding(Level.WARNING, text)


def wrong(text: str) -> Finding:
    return Finding(Level.WRONG, text)
