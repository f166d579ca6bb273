"""After a change of SECRET_KEY: seal every stored secret anew, so that the old key can go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.apps import apps
from django.db.models import Model

from accounts.sealing import SealedField, Unreadable, resealed

Column = tuple[type[Model], str]


@dataclass
class Report:
    """`unreadable` names rows whose key is lost: `app.Model.column primary-key`."""

    sealed: int = 0
    resealed: int = 0
    unreadable: list[str] = field(default_factory=list)


def columns() -> list[Column]:
    """Every sealed column of every app."""
    return [
        (model, column.name)
        for model in apps.get_models()
        for column in model._meta.concrete_fields
        if isinstance(column, SealedField)
    ]


def reseal() -> Report:
    """Seal with the current key what another one has sealed.

    Each secret by itself: it may be broken off and run again, and while the product runs.
    """
    report = Report()
    for model, column in columns():
        for pk, sealed in _secrets(model, column):
            report.sealed += 1
            try:
                _reseal(model, column, pk, sealed, report)
            except Unreadable:
                report.unreadable.append(f"{model._meta.label}.{column} {pk}")
    return report


def _secrets(model: type[Model], column: str) -> Iterator[tuple[object, str]]:
    rows = model._base_manager.exclude(**{column: ""}).order_by("pk")
    yield from rows.values_list("pk", column).iterator(chunk_size=500)


def _reseal(model: type[Model], column: str, pk: object, sealed: str, report: Report) -> None:
    anew = resealed(sealed)
    if anew is None:
        return
    # Whoever has just given the row another secret has used the current key, and is right.
    unchanged = model._base_manager.filter(**{"pk": pk, column: sealed})
    report.resealed += unchanged.update(**{column: anew})
