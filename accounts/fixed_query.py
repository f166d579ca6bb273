"""SELECTs whose text the ORM writes once a process, and not at every call.

For the few that every request of a program sends: writing one takes the ORM several times as long
as answering it takes the database.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Field, Model, QuerySet

Row = TypeVar("Row", bound=Model)
Converter = Callable[[Any, Any, Any], Any]


class FixedQuery(Generic[Row]):
    """Whole rows of what `queryset` says, whose parameters are given anew at each call.

    `joined` names its `select_related` one by one, each after what it hangs on, and none of them
    may be NULL. The parameters are those of the statement, in its order, as the driver takes them.
    """

    def __init__(
        self, queryset: Callable[[], QuerySet[Row]], *, joined: tuple[str, ...] = ()
    ) -> None:
        self._queryset = queryset
        self._joined = joined

    def rows(self, *parameters: Any) -> list[Row]:
        with connection.cursor() as cursor:
            cursor.execute(self._text, parameters)
            found = cursor.fetchall()
        return [self._row(values) for values in found]

    def first(self, *parameters: Any) -> Row | None:
        return next(iter(self.rows(*parameters)), None)

    @cached_property
    def _text(self) -> str:
        text, _ = self._queryset().query.sql_with_params()
        return text

    @cached_property
    def _parts(self) -> list[_Part]:
        """Of a row, from left to right: the row itself, then what is joined to it."""
        model = self._queryset().model
        parts = [_Part(model, "", 0)]
        for path in self._joined:
            target: Any = model
            for name in path.split("__"):
                target = target._meta.get_field(name).related_model
            parts.append(_Part(target, path, parts[-1].end))
        return parts

    def _row(self, values: tuple[Any, ...]) -> Row:
        first, *others = self._parts
        row: Row = first.instance(values)
        for part in others:
            *way, name = part.path.split("__")
            owner = row
            for step in way:
                owner = getattr(owner, step)
            setattr(owner, name, part.instance(values))
        return row


class _Part:
    """The columns of one model in a row, beginning at `start`."""

    def __init__(self, model: type[Any], path: str, start: int) -> None:
        self.model, self.path, self.start = model, path, start
        fields = model._meta.concrete_fields
        self.names = [field.attname for field in fields]
        self.end = start + len(fields)
        found = [(place, field, _converters(field)) for place, field in enumerate(fields)]
        self.converted = [each for each in found if each[2]]

    def instance(self, values: tuple[Any, ...]) -> Any:
        own = list(values[self.start : self.end])
        for place, field, converters in self.converted:
            for convert in converters:
                own[place] = convert(own[place], field.cached_col, connection)
        return self.model.from_db(connection.alias, self.names, own)


def _converters(field: Field[Any, Any]) -> list[Converter]:
    """What turns the driver's value into the field's: those that the ORM uses, in its order."""
    column = field.cached_col
    return [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
