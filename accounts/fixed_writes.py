"""INSERTs and UPDATEs whose text the ORM need not write anew for each row.

For what every job writes: writing such a statement takes the ORM longer than carrying it out takes
the database. Signals are not sent, and values are values: no expressions.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.db import connection, connections
from django.db.models import Field, Model
from django.db.models.expressions import DatabaseDefault

from accounts import prepared

Fields = tuple["Field[Any, Any]", ...]


def insert(row: Model) -> None:
    """What `row.save(force_insert=True)` does for a model without parents."""
    fields, values = _given(row)
    row.pk = _new_key(_insert(type(row), fields), values)
    _is_saved(row)


def insert_unless_taken(row: Model, name: str) -> bool:
    """`insert`, but False where a row has the same value in the field `name` already.

    Look and INSERT are one statement. Not by ON CONFLICT: on SQLite a trigger that lets no row be
    replaced refuses before it is looked at. Of two at once, one fails by the unique key, unless
    the caller has locked what both need.
    """
    fields, values = _given(row)
    own = values[fields.index(row._meta.get_field(name))]
    key = _new_key(_insert(type(row), fields, unless=name), [*values, own])
    if key is None:
        return False
    row.pk = key
    _is_saved(row)
    return True


def update(model: type[Model], changes: Mapping[str, Any], *, where: Mapping[str, Any]) -> int:
    """What `model.objects.filter(**where).update(**changes)` does, with equality and NULL only."""
    sets, values = _named(model, changes)
    conditions, wanted = _named(model, where)
    is_null = tuple(value is None for value in wanted)
    text = _update(model, sets, conditions, is_null)
    with prepared.execute(text, [*values, *(one for one in wanted if one is not None)]) as cursor:
        return int(cursor.rowcount)


def _given(row: Model) -> tuple[Fields, list[Any]]:
    """Columns that the database does not fill itself, and their values as the driver takes them."""
    database = connections[connection.alias]  # the proxy would ask for it at each column
    fields, values = [], []
    for field in row._meta.local_concrete_fields:
        value = field.pre_save(row, add=True)
        if isinstance(value, DatabaseDefault) or (value is None and not field.has_db_default()):
            continue
        fields.append(field)
        values.append(field.get_db_prep_save(value, database))
    return tuple(fields), values


def _named(model: type[Model], given: Mapping[str, Any]) -> tuple[Fields, list[Any]]:
    database = connections[connection.alias]
    fields: list[Any] = [model._meta.get_field(name) for name in given]
    plain = (value.pk if isinstance(value, Model) else value for value in given.values())
    pairs = zip(fields, plain, strict=True)
    return tuple(fields), [field.get_db_prep_save(value, database) for field, value in pairs]


@cache
def _insert(model: type[Model], fields: Fields, unless: str = "") -> str:
    quote, key = connection.ops.quote_name, model._meta.pk
    assert key is not None
    table = quote(model._meta.db_table)
    columns = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    if unless:
        taken = f"SELECT 1 FROM {table} WHERE {quote(unless)} = %s"  # noqa: S608  our models' names
        source = f"SELECT {places} WHERE NOT EXISTS ({taken})"
    else:
        source = f"VALUES ({places})"
    return f"INSERT INTO {table} ({columns}) {source} RETURNING {quote(str(key.column))}"


@cache
def _update(model: type[Model], sets: Fields, where: Fields, is_null: tuple[bool, ...]) -> str:
    quote = connection.ops.quote_name
    new = ", ".join(f"{quote(str(field.column))} = %s" for field in sets)
    conditions = " AND ".join(
        f"{quote(str(field.column))} {'IS NULL' if null else '= %s'}"
        for field, null in zip(where, is_null, strict=True)
    )
    table = quote(model._meta.db_table)
    return f"UPDATE {table} SET {new} WHERE {conditions}"  # noqa: S608  names of our models


def _new_key(text: str, values: list[Any]) -> Any:
    with prepared.execute(text, values) as cursor:
        found = cursor.fetchone()
    return found[0] if found else None


def _is_saved(row: Model) -> None:
    row._state.adding, row._state.db = False, connection.alias
