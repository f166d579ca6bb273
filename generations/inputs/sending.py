"""From files that we hold to what the provider gets: a signed link, Base64, or its own id."""

# ruff: noqa: ARG001
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from generations.models import Generation
from kling.requests import Request


class CannotBeSent(Exception):
    """A file of the job is gone, or this provider has no way to get it. For the customer's eyes."""


@dataclass(frozen=True)
class Sent:
    """By the path of a field: the address or Base64 to send, and the provider's own ids."""

    files: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)


def sent(generation: Generation, request: Request) -> Sent:
    """What stands in for the files of the job. Raises CannotBeSent."""
    return Sent()
