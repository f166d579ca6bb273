"""Faults on request: "the next N matching submits do this". Tests fill the script over the
control API or in the process; `KINDS` lists what there is.

| stage | kind | what happens; `value` |
|---|---|---|
| submit, query | `drop` | the connection closes without an answer |
| | `hold` | the connection stays open without an answer, then closes; seconds, 120 |
| | `http_500` | HTTP 500 without a Kling code |
| | `html_502` | HTTP 502 with a page of HTML |
| | `broken_json` | HTTP 200 with JSON that breaks off |
| | `code` | a Kling error, 1101, 1303, 5000…; `http` overrides its HTTP status |
| | `nested_code` | the same inside CometAPI's two wrappings |
| query | `not_found` | 1201, as if the task had never been |
| | `wrapped` | the answer inside the wrapper that CometAPI's older pages show |
| task | as in `plan.KINDS` | `fail`, `slow`, `never`, `hidden`, `status_word`, `no_url`, |
| | | `expired_links`, `deduction` (`value` null leaves it out) |
| download | `status` | that HTTP status instead of the file; 403 |
| | `cut` | half of the file, then the connection closes |
| | `lying_length` | Content-Length is `value` times the truth; 0.5 |
| | `html` | HTTP 200 with a page of HTML |
| | `redirect` | 302; `http://10.0.0.1/internal` |
| | `drip` | that many bytes a second; 1000 |
| | `huge` | that many bytes of zeros; 10 GB |
| | `drop`, `hold` | as above |
| callback | `lost`, `doubled`, `reordered` | of the task's callbacks |
| | `early` | the first one comes before the submit is answered |
| | `late` | the last one comes that many seconds later; 30 |
| | `forged` | one more says `succeed` at once, with a foreign address |

With `accepted` a submit fault strikes after the task was made; without it, before. A `hold` with
`accepted` is thus a time-out of an accepted submit.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from . import plan

_ANSWERS: Final = (
    "drop",
    "hold",
    "http_500",
    "html_502",
    "broken_json",
    "code",
    "nested_code",
)
KINDS: Final[dict[str, tuple[str, ...]]] = {
    "submit": _ANSWERS,
    "query": (*_ANSWERS, "not_found", "wrapped"),
    "task": plan.KINDS,
    "download": (
        "status",
        "cut",
        "lying_length",
        "html",
        "redirect",
        "drip",
        "huge",
        "drop",
        "hold",
    ),
    "callback": ("lost", "doubled", "reordered", "early", "late", "forged"),
}


@dataclass(slots=True, kw_only=True)
class Fault:
    """`times` None is for ever; the first `skip` matches go through unharmed.

    `dialect`, `path` and `text` narrow what matches; `text` is looked for in the prompt, the task
    id, the external id and the name of a file.
    """

    stage: str
    kind: str
    value: str | int | float | None = None
    times: int | None = 1
    skip: int = 0
    accepted: bool = False
    http: int | None = None
    dialect: str | None = None
    path: str | None = None
    text: str | None = None
    fired: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS.get(self.stage, ()):
            known = {stage: list(kinds) for stage, kinds in KINDS.items()}
            raise ValueError(f"no fault {self.kind!r} at stage {self.stage!r}; known: {known}")
        # Now, not when it strikes: there a wrong value would look like one more fault.
        if self.stage == "task":
            plan.Plan().with_change(self.kind, self.text_value, time_scale=1)
        elif self.kind != "redirect":
            self.number(0)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Fault:
        """Raises ValueError for a name that is not a field, or a kind that does not exist."""
        known = {field.name for field in fields(cls)} - {"fired"}
        if unknown := sorted(set(values) - known):
            raise ValueError(f"unknown fields of a fault: {', '.join(unknown)}")
        if missing := sorted({"stage", "kind"} - set(values)):
            raise ValueError(f"a fault needs {', '.join(missing)}")
        return cls(**values)

    @property
    def text_value(self) -> str | None:
        return None if self.value is None else str(self.value)

    def number(self, default: float) -> float:
        return default if self.value is None else float(self.value)

    def matches(self, stage: str, *, dialect: str, path: str, texts: tuple[str, ...]) -> bool:
        return (
            self.stage == stage
            and (self.times is None or self.fired < self.times)
            and self.dialect in (None, dialect)
            and self.path in (None, path)
            and (self.text is None or any(self.text in text for text in texts))
        )


class FaultScript:
    """The faults to come, first match first. Safe for threads."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, stage: str, kind: str, **values: Any) -> Fault:
        """Add one; the returned fault counts in `fired` how often it has struck."""
        return self.append(Fault(stage=stage, kind=kind, **values))

    def append(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def listed(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def take(
        self, stage: str, *, dialect: str = "", path: str = "", texts: tuple[str, ...] = ()
    ) -> Fault | None:
        """The fault that strikes now, counted as having struck."""
        with self._lock:
            for fault in self._faults:
                if not fault.matches(stage, dialect=dialect, path=path, texts=texts):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.fired += 1
                return fault
        return None

    def take_all(
        self, stage: str, *, dialect: str, path: str, texts: tuple[str, ...]
    ) -> list[Fault]:
        """Every matching fault once: what befalls a task adds up."""
        taken = []
        with self._lock:
            for fault in self._faults:
                if not fault.matches(stage, dialect=dialect, path=path, texts=texts):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.fired += 1
                taken.append(fault)
        return taken
