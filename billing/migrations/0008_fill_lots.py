"""Make the lots of the entries that are there, by playing them through in their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import migrations

from billing import guards

ACCOUNTS_AT_ONCE = 500
GIVEN_FREELY = ("grant", "adjustment")


def fill(apps: Any, schema_editor: Any) -> None:
    # Back, where the migration before this one was the last of its run.
    guards.remove(schema_editor.connection)
    account_model = apps.get_model("billing", "CreditAccount")
    for account_id in account_model.objects.values_list("pk", flat=True).iterator(ACCOUNTS_AT_ONCE):
        _fill_account(apps, account_id)


def _fill_account(apps: Any, account_id: int) -> None:
    """Nothing has expired yet: what was given freely is spent first, then in order of entries."""
    entry_model, lot_model, draw_model = (
        apps.get_model("billing", name) for name in ("Entry", "Lot", "LotDraw")
    )
    lots: list[Any] = []
    draws: list[Any] = []
    for entry in entry_model.objects.filter(account_id=account_id).order_by("seq").iterator():
        if entry.amount > 0:
            lots.append(
                lot_model.objects.create(
                    account_id=account_id,
                    entry=entry,
                    source=entry.kind,
                    granted=entry.amount,
                    remaining=entry.amount,
                )
            )
            lots.sort(key=lambda lot: (lot.source not in GIVEN_FREELY, lot.pk))
        else:
            draws += [draw_model(**draw) for draw in _draw(entry, lots)]
            lots = [lot for lot in lots if lot.remaining]
    draw_model.objects.bulk_create(draws, batch_size=1000)


def _draw(entry: Any, lots: list[Any]) -> Iterator[dict[str, Any]]:
    wanted = -entry.amount
    for lot in lots:
        taken = min(wanted, lot.remaining)
        if taken == 0:
            break
        wanted -= taken
        lot.remaining -= taken
        lot.save(update_fields=["remaining"])
        yield {"entry": entry, "lot": lot, "amount": taken, "remaining_after": lot.remaining}


def empty(apps: Any, schema_editor: Any) -> None:
    guards.remove(schema_editor.connection)
    apps.get_model("billing", "LotDraw").objects.all().delete()
    apps.get_model("billing", "Lot").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("billing", "0007_lots")]

    operations = [migrations.RunPython(fill, empty)]
