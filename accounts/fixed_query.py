"""SELECTs whose text the ORM writes once a process, and PostgreSQL plans once a connection.

For the few that every request of a program sends: writing one takes the ORM, and planning it the
database, several times as long as answering it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import NotSupportedError, connection
from django.db.models import Field, Model, QuerySet

from accounts import prepared

Row = TypeVar("Row", bound=Model)
Converter = Callable[[Any, Any, Any], Any]
Reader = Callable[[tuple[Any, ...]], Any]


class FixedQuery(Generic[Row]):
    """Whole rows of what `queryset` says, whose parameters are given anew at each call.

    `joined` names its `select_related` in the order in which the ORM selects them; none may be
    NULL. The parameters are those of the statement, in its order, as the driver takes them. Raises
    ValueError at the first call if the statement selects anything else than that.
    """

    def __init__(
        self, queryset: Callable[[], QuerySet[Row]], *, joined: tuple[str, ...] = ()
    ) -> None:
        self._queryset = queryset
        self._joined = joined

    def rows(self, *parameters: Any) -> list[Row]:
        try:
            found = self._fetch(parameters)
        except NotSupportedError:
            # A migration has changed a column since this connection had the statement planned.
            if connection.in_atomic_block:
                raise
            connection.close()
            found = self._fetch(parameters)
        readers = [part.reader() for part in self._parts] if found else []
        return [self._row(values, readers) for values in found]

    def _fetch(self, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with prepared.execute(self._text, parameters) as cursor:
            return list(cursor.fetchall())

    def first(self, *parameters: Any) -> Row | None:
        return next(iter(self.rows(*parameters)), None)

    @cached_property
    def _text(self) -> str:
        compiler = self._queryset().query.get_compiler(connection.alias)
        text, _ = compiler.as_sql()
        selected = [getattr(expression, "target", None) for expression, *_ in compiler.select]
        if selected != [field for part in self._parts for field in part.fields]:
            raise ValueError(f"Not the whole rows of {self._queryset().model} and {self._joined}.")
        return str(text)

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

    def _row(self, values: tuple[Any, ...], readers: Sequence[Reader]) -> Row:
        row: Row = readers[0](values)
        for part, read in zip(self._parts[1:], readers[1:], strict=True):
            *way, name = part.path.split("__")
            owner = row
            for step in way:
                owner = getattr(owner, step)
            setattr(owner, name, read(values))
        return row


class _Part:
    """The columns of one model in a row, beginning at `start`."""

    def __init__(self, model: type[Any], path: str, start: int) -> None:
        self.model, self.path, self.start = model, path, start
        self.fields = model._meta.concrete_fields
        self.names = [field.attname for field in self.fields]
        self.end = start + len(self.fields)
        places = enumerate(self.fields)
        self.converted = [(place, field) for place, field in places if _converters(field)]

    def reader(self) -> Reader:
        """Makes instances. Some converters hold this thread's connection, so nobody keeps them."""
        found = [(place, field.cached_col, _converters(field)) for place, field in self.converted]

        def read(values: tuple[Any, ...]) -> Any:
            own = list(values[self.start : self.end])
            for place, column, converters in found:
                for convert in converters:
                    own[place] = convert(own[place], column, connection)
            return self.model.from_db(connection.alias, self.names, own)

        return read


def _converters(field: Field[Any, Any]) -> list[Converter]:
    """What turns the driver's value into the field's: those that the ORM uses, in its order."""
    column = field.cached_col
    return [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
