from django.db import migrations, models
from django.utils import timezone


def publish(apps, schema_editor):
    """Every pack so far could be bought."""
    packs = apps.get_model("billing", "Pack").objects.using(schema_editor.connection.alias)
    packs.update(published_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_operation_rates")]

    operations = [
        migrations.AlterModelOptions(
            name="pack", options={"ordering": ["ordering", "amount", "slug", "-version"]}
        ),
        migrations.AddField("pack", "version", models.PositiveIntegerField(default=1, editable=False)),
        migrations.AddField(
            "pack",
            "published_at",
            models.DateTimeField("first on sale", null=True, blank=True, editable=False),
        ),
        migrations.AlterField(
            "pack",
            "slug",
            models.SlugField(help_text="Stands in the API; all versions of a pack have it."),
        ),
        migrations.AlterField(
            "pack", "is_active", models.BooleanField("on sale", default=False, editable=False)
        ),
        migrations.RunPython(publish, migrations.RunPython.noop),
    ]
