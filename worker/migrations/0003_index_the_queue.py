"""The queue is asked five times a second for the oldest due row of one key."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("worker", "0002_heartbeats"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]
    operations = [
        # Plain SQL, the same on SQLite and PostgreSQL: the table belongs to django-q2, so an index
        # in its model's state would make Django want a migration in that package.
        migrations.RunSQL(
            sql="CREATE INDEX IF NOT EXISTS worker_ormq_key_lock ON django_q_ormq (key, lock)",
            reverse_sql="DROP INDEX IF EXISTS worker_ormq_key_lock",
        ),
    ]
