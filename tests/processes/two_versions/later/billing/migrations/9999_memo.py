from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

import billing.migrations

LAST = max(path.stem for path in Path(billing.migrations.__path__[0]).glob("0*.py"))


class Migration(migrations.Migration):
    dependencies = [("billing", LAST)]

    operations = [
        migrations.AddField(
            model_name="hold",
            name="memo",
            field=models.CharField(max_length=20, db_default="none"),
        ),
    ]
