"""Files that a request brings along: where they stand in an input, and what providers take.

A field that takes a file has a ``MediaRule`` in its ``Annotated``; one that takes the id of an
earlier result has a ``SourceId``. Both may stand anywhere in an input, also inside lists. What a
file really is, the caller finds out and hands over as ``Media``, by the dotted path of the field
(``image_list.0.image_url``): this package opens no file and fetches none.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError

MediaKind = Literal["video", "image", "audio"]
SourceKind = Literal["video", "audio", "voice", "element", "session", "face", "task"]

MEGABYTE = 1024 * 1024
JPEG, PNG = "image/jpeg", "image/png"
MP4, MOV = "video/mp4", "video/quicktime"
MP3, WAV, M4A, AAC = "audio/mpeg", "audio/wav", "audio/mp4", "audio/aac"
NAMES = {
    JPEG: "JPEG",
    PNG: "PNG",
    MP4: "MP4",
    MOV: "MOV",
    MP3: "MP3",
    WAV: "WAV",
    M4A: "M4A",
    AAC: "AAC",
}
MAX_URL = 2048  # characters
MAX_TEXT = 28 * MEGABYTE  # characters of one file in Base64: 20 MB, more than any page allows

_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_DATA = re.compile(
    r"data:[\w.+-]{1,99}/[\w.+-]{1,99}(;[\w=.+-]{1,99}){0,9};base64,", re.IGNORECASE | re.ASCII
)
_HELD = re.compile(r"(upl|ast)_[A-Za-z0-9]{1,60}", re.ASCII)
# Possessive (}+): of a text that ends in a wrong sign, 28 million others would be tried again.
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{16,}+={0,2}\s*+", re.ASCII)


@dataclass(frozen=True)
class Face:
    """A face in a video under the provider's id, and when it is seen, in milliseconds."""

    face_id: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Media:
    """What was found in a file. ``seconds`` is its length; ``None`` is what nobody looked for."""

    kind: MediaKind
    media_type: str
    bytes: int
    width: int | None = None
    height: int | None = None
    seconds: Decimal | None = None
    frames_per_second: Decimal | None = None
    faces: tuple[Face, ...] | None = None


@dataclass(frozen=True)
class MediaRule:
    """What a page says about a file. Sides in pixels, ratios as width to height.

    ``inline``: whether the field takes raw Base64 besides an address. ``id_field``: the field
    beside it that takes the provider's own id of the same thing. ``through``: where the page of
    one provider takes less.
    """

    kind: MediaKind
    media_types: tuple[str, ...]
    max_bytes: int
    inline: bool = True
    min_side: int | None = None
    max_side: int | None = None
    min_ratio: Decimal | None = None
    max_ratio: Decimal | None = None
    min_seconds: Decimal | None = None
    max_seconds: Decimal | None = None
    min_frames_per_second: Decimal | None = None
    max_frames_per_second: Decimal | None = None
    id_field: str = ""
    through: Mapping[str, MediaRule] = field(default_factory=dict, hash=False)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        through = {dialect: rule.about() for dialect, rule in self.through.items()}
        marks = {"x-media": self.about()} | ({"x-media-through": through} if through else {})
        return handler(schema) | marks

    def about(self) -> dict[str, Any]:
        """The rule as programs and forms read it; what is not limited is left out."""
        limits = {
            "min_side": self.min_side,
            "max_side": self.max_side,
            "min_ratio": self.min_ratio and float(self.min_ratio),
            "max_ratio": self.max_ratio and float(self.max_ratio),
            "min_seconds": self.min_seconds and float(self.min_seconds),
            "max_seconds": self.max_seconds and float(self.max_seconds),
            "min_frame_rate": self.min_frames_per_second and float(self.min_frames_per_second),
            "max_frame_rate": self.max_frames_per_second and float(self.max_frames_per_second),
        }
        about = {"kind": self.kind, "types": list(self.media_types), "max_bytes": self.max_bytes}
        return about | {name: limit for name, limit in limits.items() if limit is not None}

    @property
    def kinds(self) -> frozenset[str]:
        """What such a file may be: a film can serve as the sound that it has."""
        return frozenset(one.partition("/")[0] for one in self.media_types)

    def on(self, dialect: str) -> MediaRule:
        return self.through.get(dialect, self)

    def but(self, **changes: Any) -> MediaRule:
        """The same rule with ``changes``."""
        return replace(self, **changes)


@dataclass(frozen=True)
class SourceId:
    """A field that takes an id which the provider gave to an earlier result.

    ``file_field``: the field beside it that takes the same thing as a file. ``presets``: whether
    the provider has ids of its own to offer, which belong to nobody. ``task_field``: the field
    beside it that takes the id of the task which made the result, where a provider wants that too.
    """

    kind: SourceKind
    file_field: str = ""
    presets: bool = False
    task_field: str = ""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        beside = {"x-file-field": self.file_field} if self.file_field else {}
        return handler(schema) | {"x-source": self.kind} | beside


def is_held(text: str) -> bool:
    """Whether it is an id of an upload or a result here, and no address, file or provider's id."""
    return _HELD.fullmatch(text) is not None


def _shape(text: str) -> str:
    """Only its form; whether there is such a file, the caller looks."""
    head = text[:5].lower()
    if head.startswith("http"):
        if _ADDRESS.fullmatch(text) and len(text) <= MAX_URL:
            return text
        raise PydanticCustomError("not_allowed", "must be a whole https address")
    if head == "data:":
        found = _DATA.match(text)
        if found and _BASE64.fullmatch(text, found.end()):
            return text
        raise PydanticCustomError("not_allowed", "must be a data: URI in Base64")
    if _HELD.fullmatch(text) or _BASE64.fullmatch(text):
        return text
    raise PydanticCustomError(
        "not_allowed",
        "must be an https address, a file in Base64, a data: URI, or the id of an upload (upl_…) "
        "or of a result (ast_…)",
    )


# A media field as people and programs fill it.
MediaText = Annotated[str, Field(min_length=1, max_length=MAX_TEXT), AfterValidator(_shape)]

# An id of a provider: numbers there have more digits than JavaScript keeps, so it is text.
IdText = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_.-]+$"),
    BeforeValidator(lambda value: str(value) if type(value) is int else value),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 200}),
]

# The picture that nearly every page describes in the same words (protocol, section 3.4).
IMAGE = MediaRule(
    kind="image",
    media_types=(JPEG, PNG),
    max_bytes=10 * MEGABYTE,
    min_side=300,
    min_ratio=Decimal("0.4"),
    max_ratio=Decimal("2.5"),
)


@dataclass(frozen=True)
class Spot:
    """A value of an input that is a file (``rule``) or an earlier result (``source``).

    ``as_file``: what the page says about the same thing as a file, beside an earlier result.
    """

    path: str
    value: str
    rule: MediaRule | None = None
    source: SourceId | None = None
    as_file: MediaRule | None = None

    def beside(self, name: str) -> str:
        """The path of another field of the same object."""
        head, _, _ = self.path.rpartition(".")
        return f"{head}.{name}" if head else name


def spots(model: type[BaseModel], values: Mapping[str, Any]) -> Iterator[Spot]:
    """Every file and every source id in ``values``, in the order of the declaration.

    ``values`` need not be checked yet: what has another shape than the model says is passed over.
    """
    yield from _spots(model, values, "")


def _spots(model: type[BaseModel], values: Mapping[str, Any], prefix: str) -> Iterator[Spot]:
    for name, info in model.model_fields.items():
        if name in values:
            hints = list(_hints(model, info))
            yield from _found(info.annotation, values[name], f"{prefix}{name}", hints)


def _hints(model: type[BaseModel], info: FieldInfo) -> Iterator[Spot]:
    """What a field declares, as spots that have no place and no value yet."""
    for one in info.metadata:
        if isinstance(one, MediaRule):
            yield Spot("", "", rule=one)
        elif isinstance(one, SourceId):
            yield Spot("", "", source=one, as_file=_rule_of(model, one.file_field))


def _rule_of(model: type[BaseModel], name: str) -> MediaRule | None:
    info = model.model_fields.get(name)
    rules = [one for one in info.metadata if isinstance(one, MediaRule)] if info else []
    return rules[0] if rules else None


def _found(annotation: Any, value: Any, path: str, hints: list[Spot]) -> Iterator[Spot]:
    if isinstance(value, str | int) and not isinstance(value, bool):
        for hint in hints:
            # As it will be once it is validated: what was looked up must be what is sent.
            yield replace(hint, path=path, value=str(value).strip())
    elif isinstance(value, Mapping):
        inner = model_in(annotation)
        if inner is not None:
            yield from _spots(inner, value, f"{path}.")
    elif isinstance(value, list | tuple) and (inside := item_of(annotation)) is not None:
        for place, item in enumerate(value):
            yield from _found(inside, item, f"{path}.{place}", hints)


def _options(annotation: Any) -> Iterator[Any]:
    """The types in a union, with what ``Annotated`` adds taken off."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        for option in get_args(annotation):
            yield from _options(option)
    else:
        yield annotation


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The declared object that an annotation allows, in whatever union."""
    for option in _options(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None


def item_of(annotation: Any) -> Any:
    """The annotation of the entries, where an annotation allows a list."""
    for option in _options(annotation):
        if get_origin(option) in (list, tuple):
            return get_args(option)[0]
    return None
