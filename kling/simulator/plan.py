"""How one task is going to end: decided when it is accepted, kept with it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

LONGEST_SECONDS: Final = 10_000_000.0

# In `deduction`: charge what the units of the request say.
AS_COMPUTED: Final = "computed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Departures from a plain success; the defaults are none.

    `extra_seconds` and `hidden_seconds` are real seconds, already scaled. `deduction` is the text
    sent as `final_unit_deduction`, None to leave the field out.
    """

    failure: str | None = None
    extra_seconds: float = 0.0
    hidden_seconds: float = 0.0
    never_ends: bool = False
    status_word: str | None = None
    without_url: bool = False
    expired_links: bool = False
    deduction: str | None = AS_COMPUTED

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        return cls(**json.loads(text))

    def with_change(self, kind: str, value: str | None, *, time_scale: float) -> Plan:
        """This plan with one more departure. `value` in seconds is scaled like every delay.

        Raises ValueError for an unknown kind and for a number that is none.
        """
        changes = _changes(kind, value, time_scale=time_scale)
        return replace(self, **changes)


KINDS: Final = (
    "fail",
    "slow",
    "never",
    "hidden",
    "status_word",
    "no_url",
    "expired_links",
    "deduction",
)


def _changes(kind: str, value: str | None, *, time_scale: float) -> dict[str, Any]:
    match kind:
        case "fail":
            return {"failure": value or "Failure to pass the risk control system"}
        case "slow":
            return {"extra_seconds": _seconds(value or 60) * time_scale}
        case "never":
            return {"never_ends": True}
        case "hidden":
            return {"hidden_seconds": _seconds(value or 20) * time_scale}
        case "status_word":
            return {"status_word": value or "in_review"}
        case "no_url":
            return {"without_url": True}
        case "expired_links":
            return {"expired_links": True}
        case "deduction":
            return {"deduction": None if value in (None, "none") else value}
    raise ValueError(f"unknown kind of plan: {kind}")


def _seconds(value: str | int) -> float:
    """Raises ValueError. SQLite would store "nan" as NULL, a task without an end."""
    seconds = float(value)
    if not 0 <= seconds <= LONGEST_SECONDS:
        raise ValueError(f"not a number of seconds: {value}")
    return seconds
