"""What an operation declares, and the words it is declared in.

An operation is one class with one pydantic model of its input. The model's types are the widest
that any provider takes; ``Facts`` on each field say what a provider's own page narrows. From
these declarations come the validation, the JSON Schema, the web form, the wire body, the price
and the simulator's refusals.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from kling.errors import FieldError

COMETAPI = "cometapi"
CLOUDSWAY = "cloudsway"
OFFICIAL = "official"
DIALECTS = (COMETAPI, CLOUDSWAY, OFFICIAL)

MediaKind = Literal["video", "image", "audio"]


@dataclass(frozen=True)
class Limit:
    """What one provider's page says about one field; ``None`` keeps the model's own limit."""

    max_length: int | None = None
    choices: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Facts:
    """What a field is to people and to providers; stands in the field's ``Annotated``.

    ``absent_on``: providers whose page does not document the field, so it is refused there.
    ``feature``: the model must have this feature for the field to be switched on.
    ``default``: what the provider assumes; ``explicit`` sends it even if the user did not, so
    that what was quoted is what was asked for. ``media`` marks a field that takes a file.
    """

    title: str
    description: str
    order: int
    advanced: bool = False
    default: str | int | bool | None = None
    explicit: bool = False
    example: str | int | None = None
    feature: str | None = None
    media: MediaKind | None = None
    limits: Mapping[str, Limit] = field(default_factory=dict)
    absent_on: frozenset[str] = frozenset()

    def limit(self, dialect: str) -> Limit:
        return self.limits.get(dialect, Limit())


class Declared(BaseModel):
    """Base of every declared object: nothing unknown, nothing coerced, nothing changed later."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class OperationInput(Declared):
    """The fields of one operation, in the order in which they go over the wire."""

    @classmethod
    def facts(cls) -> dict[str, Facts]:
        """The declared facts of each field; a field without any is a mistake in the code."""
        return {name: _facts_of(cls, name) for name in cls.model_fields}


def _facts_of(model: type[BaseModel], name: str) -> Facts:
    for item in model.model_fields[name].metadata:
        if isinstance(item, Facts):
            return item
    raise TypeError(f"{model.__name__}.{name} declares no Facts")


class Operation(ABC):
    """One thing that Kling can be asked to do.

    ``path`` is what follows the dialect's prefix. ``callbacks_on``: where the page documents
    ``callback_url`` (elsewhere it is left out of the body). ``external_id_query_on``: where the
    page says that a task can be queried by ``external_task_id``.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    path: ClassVar[str]
    media_kind: ClassVar[MediaKind]
    Input: ClassVar[type[OperationInput]]
    dialects: ClassVar[tuple[str, ...]] = DIALECTS
    callbacks_on: ClassVar[frozenset[str]] = frozenset(DIALECTS)
    external_id_query_on: ClassVar[frozenset[str]] = frozenset(DIALECTS)

    def check(self, values: Mapping[str, Any]) -> Iterator[FieldError]:
        """Rules between fields, over values with the defaults filled in."""
        yield from ()

    def price_facts(self, values: Mapping[str, Any]) -> dict[str, str]:
        """What the unit rate depends on, for example ``{"mode": "pro", "sound": "on"}``."""
        return {}

    def seconds(self, values: Mapping[str, Any]) -> Decimal:
        """Seconds of result asked for; what Kling bills by the second."""
        return Decimal(str(values.get("duration", 0)))

    def slots(self, values: Mapping[str, Any]) -> int:
        """Parallel tasks this takes at the provider: one, or ``n`` for images (section 8.5)."""
        return int(values.get("n", 1))

    @property
    def has_models(self) -> bool:
        return "model_name" in self.Input.model_fields

    def __repr__(self) -> str:
        return f"<Operation {self.name}>"
