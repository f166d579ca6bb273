from __future__ import annotations

from pathlib import Path
from types import ModuleType


def last_of(migrations: ModuleType) -> str:
    """The newest of the product's own."""
    return max(path.stem for path in Path(migrations.__path__[0]).glob("0*.py"))
