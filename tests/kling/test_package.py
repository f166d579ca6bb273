"""The package itself: what it exports, and what it leans on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import kling

ROOT = Path(kling.__file__).parent


def test_everything_exported_is_there_and_sorted() -> None:
    assert all(hasattr(kling, name) for name in kling.__all__)
    assert list(kling.__all__) == sorted(kling.__all__, key=lambda name: (name.islower(), name))


def test_it_is_typed() -> None:
    assert (ROOT / "py.typed").exists()


def test_it_loads_without_a_web_framework() -> None:
    script = "import sys, kling; print([name for name in sys.modules if 'django' in name])"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
