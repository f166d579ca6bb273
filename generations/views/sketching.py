"""The price of a form that is not finished: with stand-ins for what does not change the price.

Somebody who has not written the prompt yet, or not brought the picture, still wants to know what
it will cost. Only where the price follows a file that is missing, there is none yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from accounts.models import Workspace
from billing.prices import Price
from generations import forms, inputs
from generations.actions import Order
from generations.errors import InvalidRequest
from generations.forms import PREFIX
from generations.quoting import price_of
from generations.routing import route
from kling.errors import FieldError
from kling.requests import Request

# What somebody is still writing, and what takes its place meanwhile: its words do not change
# the price.
TEXTS = frozenset({"prompt", "multi_prompt", "multi_shot", "shot_type"})
TEXT, FILE, RESULT = "…", "upl_0", "ast_0"
GAPS = frozenset({"required", "too_few"})
ROUNDS = 4  # one missing field may hide another


@dataclass(frozen=True)
class Sketch:
    """`errors` can be seen already, whatever is still to come. `awaited`: paths of files."""

    request: Request | None = None
    price: Price | None = None
    errors: tuple[FieldError, ...] = ()
    awaited: tuple[str, ...] = ()


def sketch(
    order: Order, errors: Sequence[FieldError], *, schema: Mapping[str, Any], workspace: Workspace
) -> Sketch:
    """What the order would cost once its gaps are filled.

    Raises InvalidRequest where more is wrong than gaps, and ProviderUnavailable.
    """
    gaps = _Gaps(schema)
    for _ in range(ROUNDS):
        gaps.add(errors)
        try:
            request = _request(order, gaps, workspace)
        except InvalidRequest as exc:
            if awaited := gaps.awaited(exc.errors):
                return Sketch(errors=tuple(gaps.seen), awaited=awaited)
            errors = exc.errors
        else:
            return Sketch(request, price_of(request), tuple(gaps.seen))
    raise InvalidRequest(list(errors))


@dataclass
class _Gaps:
    schema: Mapping[str, Any]
    stand_ins: dict[str, Any] = field(default_factory=dict)
    seen: list[FieldError] = field(default_factory=list)
    has_texts: bool = False

    def add(self, errors: Sequence[FieldError]) -> None:
        """Raises InvalidRequest where an error is no gap."""
        for error in errors:
            path = _path(error)
            spec = forms.field_at(self.schema, path)
            stand_in = _stand_in(spec) if spec and error.code in GAPS else None
            if path.partition(".")[0] in TEXTS:
                self.has_texts = True
                self.seen += [] if error.code == "required" else [error]
            elif stand_in is not None:
                self.stand_ins[path] = stand_in
            elif not (error.code == "required" and self._is_beside_a_file(path)):
                raise InvalidRequest(list(errors))

    def awaited(self, errors: Sequence[FieldError]) -> tuple[str, ...]:
        """The missing files whose length the price follows."""
        files = [path for path, stand_in in self.stand_ins.items() if stand_in == FILE]
        asked = [_path(error) for error in errors if error.code == "unknown_length"]
        if found := [path for path in files if path in asked]:
            return tuple(found)
        is_open = errors and all(self._follows_a_file(error) for error in errors)
        return tuple(files) if is_open else ()

    def _follows_a_file(self, error: FieldError) -> bool:
        """Whether it cannot be said, nor stood in for, before the file beside it is there."""
        spec = forms.field_at(self.schema, _path(error))
        stands_alone = spec is not None and _stand_in(spec) is not None
        return (
            error.code == "required" and not stands_alone and self._is_beside_a_file(_path(error))
        )

    def _is_beside_a_file(self, path: str) -> bool:
        """Of a file that is missing, what else there is to say of it is not known either."""
        files = [other for other, stand_in in self.stand_ins.items() if stand_in == FILE]
        return any(other.rpartition(".")[0] == path.rpartition(".")[0] for other in files)

    def filled(self, values: Mapping[str, Any]) -> dict[str, Any]:
        made = dict(values)
        if self.has_texts:
            made = {name: value for name, value in made.items() if name not in TEXTS}
            made["prompt"] = TEXT
        for path, stand_in in self.stand_ins.items():
            made = _with(made, path.split("."), stand_in)
        return made


def _request(order: Order, gaps: _Gaps, workspace: Workspace) -> Request:
    with inputs.resolve(order.operation, order.input, workspace=workspace, keep=False) as given:
        found = route(
            order.operation,
            gaps.filled(given.values),
            media=given.media,
            only=given.only,
            prefer=given.prefer,
        )
    return found.request


def _stand_in(spec: Mapping[str, Any]) -> Any:
    """Something that the field takes; None where it would change the price, as numbers do."""
    if spec.get("type") == "array":
        return [_stand_in(forms.item_of(spec))] * int(spec.get("minItems", 1))
    if spec.get("type") == "object":
        return {name: _stand_in(spec["properties"][name]) for name in spec.get("required", ())}
    if "x-media" in spec:
        return FILE
    if "x-source" in spec:
        return RESULT
    if spec.get("type") != "string":
        return None
    return spec["enum"][0] if "enum" in spec else TEXT


def _with(values: Any, parts: list[str], stand_in: Any) -> Any:
    """A copy of `values` with something at the path, and all that has to be around it."""
    name, *rest = parts
    if name.isdecimal():
        rows = list(values or ())
        place = min(int(name), len(rows))
        inner = rows[place] if place < len(rows) else None
        rows[place:] = [_with(inner, rest, stand_in) if rest else stand_in, *rows[place + 1 :]]
        return rows
    made = dict(values or {})
    made[name] = _with(made.get(name), rest, stand_in) if rest else stand_in
    return made


def _path(error: FieldError) -> str:
    return error.field.removeprefix(f"{PREFIX}.")
