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
from decimal import ROUND_CEILING, Decimal
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from kling.errors import FieldError, InvalidInput
from kling.media import Media, MediaKind
from kling.tasks import Task

COMETAPI = "cometapi"
CLOUDSWAY = "cloudsway"
OFFICIAL = "official"
DIALECTS = (COMETAPI, CLOUDSWAY, OFFICIAL)

ResultKind = Literal["video", "image", "audio", "voice", "element", "faces"]


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
    that what was quoted is what was asked for. A field that takes a file or the id of an earlier
    result has a ``MediaRule`` or a ``SourceId`` beside its Facts (kling/media). ``listed_in``:
    its values change with the seasons, so they stand in these lists of the catalogue.
    """

    title: str
    description: str
    order: int
    advanced: bool = False
    default: str | int | bool | None = None
    explicit: bool = False
    example: str | int | None = None
    feature: str | None = None
    limits: Mapping[str, Limit] = field(default_factory=dict)
    absent_on: frozenset[str] = frozenset()
    listed_in: tuple[str, ...] = ()

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


@dataclass(frozen=True)
class Step:
    """A call that has to come first: the name of a synchronous operation, and its input."""

    operation: str
    input: dict[str, Any]


class Operation(ABC):
    """One thing that Kling can be asked to do.

    ``path`` is what follows the dialect's prefix. ``callbacks_on``: where the page documents
    ``callback_url`` (elsewhere it is left out of the body). ``external_ids_on``: where it
    documents ``external_task_id``. ``external_id_query_on``: where the page says that a task can
    be queried by it. Of these three only what stands in ``dialects`` counts. ``synchronous``: the
    answer to the create call has the result already. ``listed``: whether it is sold under its
    name everywhere; what is not is asked for by its path. ``is_step``: it is a step of another.

    Methods that take ``media`` get what is known of the files of the input, by dotted path; a
    price that needs one which is missing raises InvalidInput on its field (``seconds_of``).
    """

    name: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    path: ClassVar[str]
    media_kind: ClassVar[MediaKind]
    result_kind: ClassVar[ResultKind | None] = None  # where it is not a file of media_kind
    Input: ClassVar[type[OperationInput]]
    dialects: ClassVar[tuple[str, ...]] = DIALECTS
    callbacks_on: ClassVar[frozenset[str]] = frozenset(DIALECTS)
    external_ids_on: ClassVar[frozenset[str]] = frozenset(DIALECTS)
    external_id_query_on: ClassVar[frozenset[str]] = frozenset(DIALECTS)
    synchronous: ClassVar[bool] = False
    listed: ClassVar[bool] = True
    is_step: ClassVar[bool] = False
    # Facts that a rate may depend on besides the mode, with their values: every combination that
    # a model can do must have a rate. A value other than the first needs the feature of that name.
    price_cases: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def complete(self, values: dict[str, Any], media: Mapping[str, Media]) -> dict[str, Any]:
        """``values`` and what follows from other fields or from the files: a changed copy.

        It comes before the checks, so it meets values that do not go together.
        """
        return values

    def check(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Iterator[FieldError]:
        """Rules between fields, over values with the defaults filled in."""
        yield from ()

    def check_offer(
        self, values: Mapping[str, Any], dialect: str, lists: Mapping[str, tuple[str, ...]]
    ) -> Iterator[FieldError]:
        """Rules between fields that only one provider has, or that follow the catalogue's lists."""
        yield from ()

    def step(self, values: Mapping[str, Any]) -> Step | None:
        """What has to be asked before the create call; ``None`` where nothing has to be."""
        return None

    def after_step(self, body: dict[str, Any], found: Task) -> dict[str, Any]:
        """The create body with what the step has found. Raises ProviderRejected: it will not do."""
        return body

    def price_facts(self, values: Mapping[str, Any]) -> dict[str, str]:
        """What the unit rate depends on, for example ``{"mode": "pro", "sound": "on"}``."""
        return {}

    def seconds(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Decimal:
        """Seconds that Kling bills: of the result asked for, or of the file that it follows."""
        return Decimal(str(values.get("duration", 0)))

    def slots(self, values: Mapping[str, Any]) -> int:
        """Parallel tasks this takes at the provider: one, or ``n`` for images (section 8.5)."""
        return int(values.get("n", 1))

    def body(self, values: dict[str, Any], dialect: str) -> dict[str, Any]:
        """``values`` as this dialect spells them; a copy that may be changed."""
        return values

    @property
    def has_models(self) -> bool:
        return "model_name" in self.Input.model_fields

    def __repr__(self) -> str:
        return f"<Operation {self.name}>"


def seconds_of(media: Mapping[str, Media], *paths: str) -> Decimal:
    """Whole seconds of the first of these files that is there, rounded up.

    Kling's rounding of what follows a file is not documented (protocol, section 15): the hold
    covers the most, and the deduction settles it. Raises InvalidInput where none has a length.
    """
    for path in paths:
        found = media.get(path)
        if found is not None and found.seconds is not None:
            return max(Decimal(1), found.seconds.to_integral_value(rounding=ROUND_CEILING))
    message = f"The price depends on the length of {paths[0]}, which is not known."
    raise InvalidInput([FieldError(paths[0], "unknown_length", message)])
