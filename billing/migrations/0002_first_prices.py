from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

MICRO = 1_000_000

# A video unit costs about $0.14 at the provider, an image unit $0.0035, a try-on unit $0.07.
UNIT_PRICES = {"video": MICRO, "image": 25_000, "try-on": 500_000}

# slug, name, credits, cents
PACKS = [
    ("small", "100 credits", 100, 1800),
    ("medium", "500 credits", 500, 8500),
    ("large", "2,000 credits", 2000, 32000),
]


def publish(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    book = apps.get_model("billing", "PriceBook").objects.create(version=1, note="First prices")
    for unit_type, credits in UNIT_PRICES.items():
        apps.get_model("billing", "UnitPrice").objects.create(
            book=book, unit_type=unit_type, credits=credits
        )
    book.published_at = timezone.now()
    book.save(update_fields=["published_at"])
    for ordering, (slug, name, credits, cents) in enumerate(PACKS):
        apps.get_model("billing", "Pack").objects.create(
            slug=slug,
            name=name,
            credits=credits * MICRO,
            amount=cents,
            currency="usd",
            ordering=ordering,
        )


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [migrations.RunPython(publish, migrations.RunPython.noop)]
