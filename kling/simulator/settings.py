"""How one simulator is set up."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .shelf import POLICIES, FetchFiles

LINK_SECONDS: Final = 30 * 60.0
SHORTEST_LINK_SECONDS: Final = 30.0


@dataclass(slots=True, kw_only=True)
class Settings:
    """All times in seconds. Without `key`, any Bearer key that is not empty is let in.

    `slots` is the number of parallel tasks per dialect, model and unit type; None is no limit.
    `unique_external_ids=False` and `lookup_by_external_id=False` play an aggregator that pools
    accounts upstream and so neither enforces nor answers external ids.

    `fetch_files`: which addresses in requests are fetched and judged. By default those on
    loopback; the others are taken for good files of five seconds, so that a demo may name hosts
    that do not exist. "all" fails a task whose file cannot be had, as a real provider does.
    """

    state: Path
    key: str | None = None
    access_key: str | None = None
    secret_key: str | None = None
    time_scale: float = 1.0
    public_url: str | None = None
    slots: int | None = None
    unique_external_ids: bool = True
    lookup_by_external_id: bool = True
    link_seconds: float | None = None
    callback_secret: str | None = None
    control: bool = False
    fetch_files: FetchFiles = "loopback"
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        if self.fetch_files not in POLICIES:
            raise ValueError(f"fetch_files can be {', '.join(POLICIES)}")

    @property
    def link_lifetime(self) -> float:
        """Scaled with the delays, but long enough for a real download over a real socket."""
        if self.link_seconds is not None:
            return self.link_seconds
        return max(SHORTEST_LINK_SECONDS, LINK_SECONDS * self.time_scale)
