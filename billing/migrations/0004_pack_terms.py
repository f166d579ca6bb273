from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_pack_versions")]

    operations = [
        migrations.RemoveConstraint("pack", "pack_credits_positive"),
        migrations.RemoveConstraint("pack", "pack_amount_positive"),
        migrations.AddConstraint(
            "pack",
            models.UniqueConstraint(fields=["slug", "version"], name="pack_version_unique"),
        ),
        migrations.AddConstraint(
            "pack",
            models.UniqueConstraint(
                fields=["slug"], condition=Q(is_active=True), name="pack_one_on_sale"
            ),
        ),
        migrations.AddConstraint(
            "pack",
            models.CheckConstraint(
                condition=Q(is_active=False) | Q(published_at__isnull=False),
                name="pack_on_sale_is_published",
            ),
        ),
        migrations.AddConstraint(
            "pack",
            models.CheckConstraint(
                condition=Q(credits__gt=0, credits__lte=10**13),
                name="pack_credits_sane",
                violation_error_message="A pack has more than nothing, up to ten million credits.",
            ),
        ),
        migrations.AddConstraint(
            "pack",
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lte=10**9),
                name="pack_amount_sane",
                violation_error_message="A price is more than nothing, up to 1000000000.",
            ),
        ),
    ]
