import re
from decimal import Decimal

from django.db import migrations

NUMBER = re.compile(r"\d{1,6}(\.\d{1,18})?", re.ASCII)


def fill(apps, schema_editor):
    """Deductions so far stand only as the provider's text."""
    rows = apps.get_model("generations", "Generation").objects.using(
        schema_editor.connection.alias
    )
    for row in rows.exclude(final_unit_deduction="").only(
        "final_unit_deduction", "step_units"
    ).iterator(chunk_size=1000):
        text = row.final_unit_deduction.strip()
        if NUMBER.fullmatch(text) and Decimal(text) <= 100_000:
            rows.filter(pk=row.pk).update(deducted=Decimal(text) + row.step_units)


class Migration(migrations.Migration):
    dependencies = [("generations", "0011_costs_and_usage")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
