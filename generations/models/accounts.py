from __future__ import annotations

from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q


class Dialect(models.TextChoices):
    COMETAPI = "cometapi", "CometAPI"
    CLOUDSWAY = "cloudsway", "Cloudsway"
    OFFICIAL = "official", "Kling"


class ProviderAccount(models.Model):
    """One credential at one provider. Jobs go to the enabled account with the lowest priority."""

    slug = models.SlugField(unique=True, help_text="Stands in the API as `provider`.")
    dialect = models.CharField(max_length=12, choices=Dialect.choices)
    base_url = models.CharField(max_length=300, validators=[URLValidator(["http", "https"])])
    endpoint_path = models.CharField(
        max_length=100, blank=True, help_text="Cloudsway: the endpoint that was purchased."
    )
    secret = models.TextField(
        blank=True, editable=False, help_text="Encrypted JSON: key, or access_key and secret_key."
    )
    model_names = models.JSONField(
        default=dict, blank=True, help_text='Other spellings on the wire: {"kling-v3": "MaaS_…"}.'
    )
    priority = models.PositiveSmallIntegerField(default=100, help_text="Lower goes first.")
    parallel_tasks = models.PositiveIntegerField(
        null=True, blank=True, help_text="At the same time, per model; empty: no limit of ours."
    )
    enabled = models.BooleanField(default=True)
    paused_reason = models.CharField(max_length=300, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    callback_secret = models.TextField(
        blank=True, editable=False, help_text="Encrypted `whsec_…`; callbacks must then be signed."
    )
    simulated = models.BooleanField(default=False, editable=False)
    from_environment = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["priority", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["dialect"],
                condition=Q(from_environment=True, simulated=False),
                name="one_environment_account_per_dialect",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slug} (simulated)" if self.simulated else self.slug
