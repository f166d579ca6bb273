"""What a page shows for one field of a schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from generations.forms import words
from generations.forms.pieces import Piece, Taking

Kind = Literal[
    "textarea",
    "text",
    "number",
    "select",
    "segmented",
    "switch",
    "points",
    "file",
    "source",
    "faces",
    "group",
    "rows",
]

FILE_PART = ".file"  # what the file of a field is called in a form: `input.image.file`


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class Row:
    """One entry of a list, such as one shot."""

    number: int
    controls: tuple[Control, ...]

    @property
    def main(self) -> list[Control]:
        return [one for one in self.controls if not _is_fine(one)]

    @property
    def fine(self) -> list[Control]:
        """Numbers that may be left as they are: folded away."""
        return [one for one in self.controls if _is_fine(one)]

    @property
    def is_fine_open(self) -> bool:
        return any(one.errors or one.is_changed for one in self.fine)


@dataclass(frozen=True)
class Control:
    """One field. `name` is also the path that errors name: `input.multi_prompt.0.prompt`."""

    kind: Kind
    name: str
    label: str
    help: str = ""
    value: str = ""
    is_required: bool = False
    options: tuple[Option, ...] = ()
    children: tuple[Control, ...] = ()
    rows: tuple[Row, ...] = ()
    errors: tuple[str, ...] = ()
    limit: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    step: str = ""
    unit: str = ""
    placeholder: str = ""
    feature: str = ""
    needs: tuple[str, str] | None = None
    yields_to: tuple[str, str] | None = None
    at_least: int = 1
    taking: Taking | None = None
    piece: Piece | None = None
    is_changed: bool = field(default=False)

    @property
    def id(self) -> str:
        return self.name.replace(".", "-")

    @property
    def key(self) -> str:
        """The field's own name, for what the model can do: `duration` of `input.duration`."""
        return self.name.removeprefix("input.")

    @property
    def template(self) -> str:
        return f"generations/controls/{self.kind}.html"

    @property
    def described_by(self) -> str:
        """Ids of the texts that belong to the field, for screen readers."""
        parts = [f"{self.id}-help"] if self.help else []
        parts += [f"{self.id}-count"] if self.limit else []
        parts += [f"{self.id}-error"] if self.errors else []
        return " ".join(parts)

    @property
    def is_fieldset(self) -> bool:
        """Several inputs under one name, so that the name is a legend and no label."""
        return self.kind in ("group", "rows", "segmented", "file", "source", "faces")

    @property
    def is_single(self) -> bool:
        """A list that never has more than one entry needs no numbers and no buttons."""
        return len(self.rows) == 1

    @property
    def set_aside(self) -> str:
        return words.SET_ASIDE.get(self.name, "")

    @property
    def is_material(self) -> bool:
        """Whether somebody has to bring something along for it."""
        return any(inner.taking is not None for inner in self.inside())

    @property
    def file_name(self) -> str:
        return f"{self.name}{FILE_PART}"

    @property
    def has_slider(self) -> bool:
        return self.is_required and self.minimum is not None and self.maximum is not None

    def inside(self) -> Iterator[Control]:
        """This one and everything in it."""
        yield self
        for child in (*self.children, *(child for row in self.rows for child in row.controls)):
            yield from child.inside()


def _is_fine(control: Control) -> bool:
    return control.kind == "number" and not control.is_required


@dataclass(frozen=True)
class Section:
    """Fields that are folded away until they are wanted."""

    title: str
    controls: tuple[Control, ...]

    @property
    def is_open(self) -> bool:
        found = [item for control in self.controls for item in control.inside()]
        return any(control.errors or control.is_changed for control in found)
