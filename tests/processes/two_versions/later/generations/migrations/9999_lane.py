from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

import generations.migrations

LAST = max(path.stem for path in Path(generations.migrations.__path__[0]).glob("0*.py"))


class Migration(migrations.Migration):
    dependencies = [("generations", LAST)]

    operations = [
        migrations.AddField(
            model_name="generation",
            name="lane",
            field=models.CharField(max_length=20, default="express", db_default="usual"),
        ),
    ]
