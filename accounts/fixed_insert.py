"""INSERTs whose text the ORM need not write anew for each row.

For the rows that every job leaves: writing the INSERT of a wide row takes the ORM longer than
carrying it out takes the database.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db import connection, connections
from django.db.models import Field, Model

from accounts.prepared import prepared_cursor


def insert(row: Model) -> None:
    """What `row.save(force_insert=True)` does, for a model without parents and signals."""
    fields, values = _given(row)
    text = _text(type(row), fields)
    row.pk = _new_key(text, values)
    _is_saved(row)


def insert_unless_taken(row: Model, name: str) -> bool:
    """`insert`, but False where a row has the same value in the field `name` already.

    Look and INSERT are one statement. Not by ON CONFLICT: on SQLite a trigger that lets no row be
    replaced refuses before it is looked at. Of two at once, one fails by the unique key, unless
    the caller has locked what both need.
    """
    fields, values = _given(row)
    text = _text(type(row), fields, unless=name)
    key = _new_key(text, [*values, values[fields.index(row._meta.get_field(name))]])
    if key is None:
        return False
    row.pk = key
    _is_saved(row)
    return True


Fields = tuple["Field[Any, Any]", ...]


def _given(row: Model) -> tuple[Fields, list[Any]]:
    """The columns that are not NULL, and their values as the driver takes them."""
    database = connections[connection.alias]  # the proxy would ask for it at each column
    fields, values = [], []
    for field in row._meta.local_concrete_fields:
        value = field.pre_save(row, add=True)
        if value is not None:
            fields.append(field)
            values.append(field.get_db_prep_save(value, database))
    return tuple(fields), values


@cache
def _text(model: type[Model], fields: Fields, unless: str = "") -> str:
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


def _new_key(text: str, values: list[Any]) -> Any:
    with prepared_cursor() as cursor:
        cursor.execute(text, values)
        found = cursor.fetchone()
    return found[0] if found else None


def _is_saved(row: Model) -> None:
    row._state.adding, row._state.db = False, connection.alias
