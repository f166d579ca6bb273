"""A provider's task, whichever dialect reported it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

Status = Literal["submitted", "processing", "succeed", "failed", "unknown"]
Kind = Literal["video", "image", "audio", "voice", "element"]
FailureKind = Literal["content_policy", "bad_media", "fetch_failure", "other"]

MAX_DEDUCTION = Decimal(100_000)  # units; the dearest single task known costs under 200
_PLAIN_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)


@dataclass(frozen=True)
class Output:
    """One file of a result, or a voice or element that Kling keeps under ``provider_id``.

    A voice has a sample at ``url`` and an element its picture, or neither has any: then it is
    empty. ``duration`` is Kling's text in seconds, for example ``"5.041"``; ``index`` the place in
    the result; ``details`` what else is told, such as the name of a voice.
    """

    kind: Kind
    url: str
    provider_id: str | None = None
    duration: str | None = None
    format: str | None = None
    watermark_url: str | None = None
    index: int = 0
    details: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Task:
    """``unit_deduction`` is the provider's text as it came; ``deduction`` reads it.

    ``message`` is the reason of a failure, empty otherwise. An ``unknown`` status means a word
    that this package does not know (``raw_status``): keep polling. Times are epoch milliseconds.
    """

    task_id: str
    status: Status
    raw_status: str = ""
    message: str = ""
    external_task_id: str | None = None
    outputs: tuple[Output, ...] = ()
    unit_deduction: str | None = None
    request_id: str | None = None
    created_at: int | None = None
    updated_at: int | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_final(self) -> bool:
        return self.status in ("succeed", "failed")


def deduction(task: Task) -> Decimal | None:
    """Units that the provider took for the task, or None if it said nothing usable.

    The text comes from outside and moves money: signs, exponents, NaN and amounts beyond
    MAX_DEDUCTION are not believed.
    """
    text = (task.unit_deduction or "").strip()
    if not _PLAIN_DECIMAL.fullmatch(text):
        return None
    amount = Decimal(text)
    return amount if amount <= MAX_DEDUCTION else None


# Substrings of Kling's failure texts (protocol, section 8.2), the most telling first.
_FAILURES: tuple[tuple[str, FailureKind], ...] = (
    ("risk control", "content_policy"),
    ("moderation", "content_policy"),
    ("sensitive", "content_policy"),
    ("policy", "content_policy"),
    ("get the contents of the file", "fetch_failure"),
    ("format is invalid", "bad_media"),
    ("pixel is invalid", "bad_media"),
    ("duration is invalid", "bad_media"),
    ("frame rate is invalid", "bad_media"),
    ("file size is invalid", "bad_media"),
    ("resolution", "bad_media"),
    ("aspect ratio", "bad_media"),
)


def failure_kind(task: Task) -> FailureKind:
    """Why a task failed, as far as its text tells."""
    text = task.message.lower()
    for words, kind in _FAILURES:
        if words in text:
            return kind
    return "other"
