from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.sealing import SealedField
from billing.models.prices import UnitType

UNWELL_FOR = timedelta(minutes=5)
MOST_COST = Decimal(1_000_000)


class Dialect(models.TextChoices):
    COMETAPI = "cometapi", "CometAPI"
    CLOUDSWAY = "cloudsway", "Cloudsway"
    OFFICIAL = "official", "Kling"


def unit_cost_field(help_text: str) -> models.DecimalField[Any, Any]:
    """Money for a unit, or NULL where it is not known: that is not the same as nothing."""
    bounds = [MinValueValidator(Decimal(0)), MaxValueValidator(MOST_COST)]
    return models.DecimalField(
        max_digits=13,
        decimal_places=6,
        null=True,
        blank=True,
        validators=bounds,
        help_text=help_text,
    )


def cost_is_sane(name: str) -> Q:
    return Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__gte": 0, f"{name}__lte": MOST_COST})


def takes_jobs(*, enabled: bool, paused_at: datetime | None) -> bool:
    """Whether an account can be given jobs, of its facts alone."""
    return enabled and paused_at is None


class ProviderAccount(models.Model):
    """One credential at one provider. Which of them a job goes to: generations/routing.

    `failures` in a row, the last one at `failed_at`: submissions that were not answered, or with
    trouble of the provider's own. A success clears them. `asking_failures` and `ask_after` are the
    same for queries (generations/askable).
    """

    slug = models.SlugField(unique=True, help_text="Stands in the API as `provider`.")
    dialect = models.CharField(max_length=12, choices=Dialect.choices)
    base_url = models.CharField(max_length=300, validators=[URLValidator(["http", "https"])])
    endpoint_path = models.CharField(
        max_length=100, blank=True, help_text="Cloudsway: the endpoint that was purchased."
    )
    secret = SealedField(blank=True, help_text="Encrypted JSON: key, or access_key and secret_key.")
    model_names = models.JSONField(
        default=dict, blank=True, help_text='Other spellings on the wire: {"kling-v3": "MaaS_…"}.'
    )
    priority = models.PositiveSmallIntegerField(default=100, help_text="Lower goes first.")
    unit_cost = unit_cost_field(
        "What a video unit costs you here, in one currency for all accounts "
        "(OPERATOR_CURRENCY). Of equal priority the cheapest goes first, one without a cost last.",
    )
    image_unit_cost = unit_cost_field("The same for an image unit. Empty: not known.")
    try_on_unit_cost = unit_cost_field("The same for a try-on unit. Empty: not known.")
    disabled_models = models.JSONField(
        default=list,
        blank=True,
        help_text='Not to be used here: models, operations, or both as "operation/model", for '
        'example ["kling-v1-6", "text-to-audio", "image-to-video/kling-v3"].',
    )
    parallel_tasks = models.PositiveIntegerField(
        null=True, blank=True, help_text="At the same time, per model; empty: no limit of ours."
    )
    enabled = models.BooleanField(default=True)
    paused_reason = models.CharField(max_length=300, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    # The breaker's (generations/breaker): one trouble lasts until a job is taken again.
    trouble_since = models.DateTimeField(null=True, blank=True, editable=False)
    try_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the provider is asked about it."
    )
    tries = models.PositiveIntegerField(default=0, editable=False)
    failures = models.PositiveIntegerField(
        default=0, editable=False, help_text="Calls in a row that the provider did not answer."
    )
    failed_at = models.DateTimeField(null=True, blank=True, editable=False)
    asking_failures = models.PositiveIntegerField(
        default=0, editable=False, help_text="Queries in a row that the provider did not answer."
    )
    ask_after = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Queries rest until then."
    )
    callback_secret = SealedField(
        blank=True, help_text="Encrypted `whsec_…`; callbacks must then be signed."
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
            models.CheckConstraint(
                condition=cost_is_sane("unit_cost")
                & cost_is_sane("image_unit_cost")
                & cost_is_sane("try_on_unit_cost"),
                name="provider_account_costs_sane",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slug} (simulated)" if self.simulated else self.slug

    @property
    def is_usable(self) -> bool:
        return takes_jobs(enabled=self.enabled, paused_at=self.paused_at)

    @property
    def is_unwell(self) -> bool:
        """Whether it has failed so lately that another of its rank should be asked first."""
        return self.failed_at is not None and timezone.now() - self.failed_at < UNWELL_FOR

    def cost_of(self, unit_type: str) -> Decimal | None:
        """What a unit of the type costs the operator here today; None where it is not known."""
        costs = {
            UnitType.VIDEO: self.unit_cost,
            UnitType.IMAGE: self.image_unit_cost,
            UnitType.TRY_ON: self.try_on_unit_cost,
        }
        return costs.get(UnitType(unit_type))

    def has_disabled(self, operation: str, model: str) -> bool:
        """Whether the operator has switched this off here. `model`: as in Request.model."""
        return not {operation, model, f"{operation}/{model}"}.isdisjoint(self.disabled_models)
