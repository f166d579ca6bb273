from __future__ import annotations

from django.db import migrations, models

import generations.migrations
from later import last_of


class Migration(migrations.Migration):
    dependencies = [("generations", last_of(generations.migrations))]

    operations = [
        migrations.AddField(
            model_name="generation",
            name="lane",
            field=models.CharField(max_length=20, default="express", db_default="usual"),
        ),
    ]
