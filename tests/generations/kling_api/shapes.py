"""Compares bodies field by field and type by type with those that Kling prints."""

from __future__ import annotations

from typing import Any

# What only some of Kling's answers have: paid in cash, or with a mark of theirs.
OPTIONAL = {"final_balance_deduction", "watermark_info", "watermark_url", "parent_video"}
# Null in Cloudsway's bodies, beside the two fields that are used.
UNUSED = {"url", "duration"}


def differences(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """What a program written for `theirs` would miss in `ours`."""
    if theirs is None:
        return []
    if type(ours) is not type(theirs):
        return [f"{path}: {type(ours).__name__}, not {type(theirs).__name__}"]
    if isinstance(theirs, list):
        if theirs and not ours:
            return [f"{path}: empty"]
        return differences(ours[0], theirs[0], f"{path}[0]") if theirs else []
    if not isinstance(theirs, dict):
        return []
    found: list[str] = []
    for name, value in theirs.items():
        if name in ours:
            found += differences(ours[name], value, f"{path}.{name}")
        elif name not in OPTIONAL and not (name in UNUSED and value is None):
            found.append(f"{path}.{name}: missing")
    return found
