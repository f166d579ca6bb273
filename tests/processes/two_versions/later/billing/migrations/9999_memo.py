from __future__ import annotations

from django.db import migrations, models

import billing.migrations
from later import last_of


class Migration(migrations.Migration):
    dependencies = [("billing", last_of(billing.migrations))]

    operations = [
        migrations.AddField(
            model_name="hold",
            name="memo",
            field=models.CharField(max_length=20, db_default="none"),
        ),
    ]
