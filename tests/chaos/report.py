"""What a run has shown: printed, and kept as JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Report:
    """`violations` by rule. `set_forward`, for each day that was let pass: the jobs by state that
    had not ended by themselves in the time given, whose clocks were moved on while no worker lived.
    """

    seed: int
    database: str
    jobs: int = 0
    seconds: float = 0.0
    ends: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    havoc: dict[str, int] = field(default_factory=dict)
    decided_by_hand: int = 0
    set_forward: list[dict[str, int]] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    callbacks: dict[str, int] = field(default_factory=dict)
    upstream: dict[str, int] = field(default_factory=dict)
    files: int = 0
    bytes: int = 0
    messages: dict[str, int] = field(default_factory=dict)
    violations: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        return not any(self.violations.values())

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")

    def show(self) -> None:
        out = sys.stdout.write
        out(f"seed {self.seed}: {self.jobs} jobs on {self.database} in {self.seconds:.0f} s\n")
        for title in ("ends", "faults", "havoc", "answers", "callbacks", "upstream", "messages"):
            counts = getattr(self, title)
            out(f"{title}, {sum(counts.values())} in all\n")
            for name, count in sorted(counts.items()):
                out(f"  {count:7} {name}\n")
        out(f"{self.files} files of {self.bytes} bytes\n")
        out(f"{self.decided_by_hand} jobs were failed by the operator in the provider's stead\n")
        out(f"clocks set forward: {self.set_forward or 'none'}\n")
        for rule, violations in self.violations.items():
            out(f"{'broken' if violations else 'holds':7} {rule.replace('_', ' ')}\n")
            for violation in violations[:20]:
                out(f"        {violation}\n")
