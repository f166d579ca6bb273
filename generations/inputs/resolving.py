"""From what people give (an address, Base64, a data: URI, an id of ours) to files that we hold."""

# ruff: noqa: ARG001
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.models import Workspace
from generations.models import Generation
from kling.media import Media


@dataclass(frozen=True)
class Resolved:
    """An input whose files have been looked at.

    `values`: the input with each file replaced by the id under which we hold it. `media` and
    `digests` (SHA-256): what each file is, by the path of its field. `only`: the accounts whose
    ids stand in the input, None where any will do; `prefer`: those that still have a file of the
    input under an id of their own.
    """

    values: Mapping[str, Any]
    media: Mapping[str, Media] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    only: frozenset[int] | None = None
    prefer: frozenset[int] = frozenset()


def resolve(
    operation: str, values: Mapping[str, Any], *, workspace: Workspace, keep: bool
) -> Resolved:
    """Look at every file of an input; `keep` stores those that we do not hold yet.

    Raises InvalidRequest with one error for each file that cannot be had or used.
    """
    return Resolved(values)


def media_of(generation: Generation) -> dict[str, Media]:
    """What is known of the files of a job, by path. Raises CannotBeSent where one is gone."""
    return {}
