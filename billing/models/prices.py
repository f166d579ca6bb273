"""Price books: what a unit of the provider costs in credits. Drafted, published, then frozen."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q


class UnitType(models.TextChoices):
    VIDEO = "video", "Video unit"
    IMAGE = "image", "Image unit"
    TRY_ON = "try-on", "Try-on unit"


# Beyond these it is a slip of the hand: a million credits a unit, a hundredfold margin.
MOST_CREDITS = 10**12
MOST_FACTOR = 100


class PriceBook(models.Model):
    """One version of all prices. In force is the highest one that is published and has begun.

    A book with a later start waits; a newer one that is published meanwhile takes its place.
    """

    version = models.PositiveIntegerField(unique=True)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    valid_from = models.DateTimeField(
        null=True, blank=True, help_text="When it comes into force. Empty: once it is published."
    )

    class Meta:
        ordering = ["-version"]

    def __str__(self) -> str:
        return f"Price book {self.version}"


class UnitPrice(models.Model):
    """Micro-credits for one unit, before the margin."""

    book = models.ForeignKey(PriceBook, on_delete=models.CASCADE, related_name="unit_prices")
    unit_type = models.CharField(max_length=10, choices=UnitType.choices)
    credits = models.BigIntegerField(help_text="Micro-credits a unit: 1000000 is one credit.")

    class Meta:
        ordering = ["book", "unit_type"]
        constraints = [
            models.UniqueConstraint(fields=["book", "unit_type"], name="unit_price_unique"),
            models.CheckConstraint(
                condition=Q(credits__gt=0, credits__lte=MOST_CREDITS),
                name="unit_price_sane",
                violation_error_message="A unit costs more than nothing, up to a million credits.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit_type}: {self.credits}"


class Margin(models.Model):
    """A factor on the unit price. Empty operation or model means: any. The closest match wins."""

    book = models.ForeignKey(PriceBook, on_delete=models.CASCADE, related_name="margins")
    operation = models.CharField(max_length=60, blank=True)
    model = models.CharField(max_length=60, blank=True)
    factor = models.DecimalField(
        max_digits=8,
        decimal_places=4,
        validators=[MinValueValidator(Decimal("0.0001")), MaxValueValidator(Decimal(MOST_FACTOR))],
    )

    class Meta:
        ordering = ["book", "operation", "model"]
        constraints = [
            models.UniqueConstraint(fields=["book", "operation", "model"], name="margin_unique"),
            models.CheckConstraint(
                condition=Q(factor__gt=0, factor__lte=MOST_FACTOR), name="margin_sane"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation or 'any'} {self.model or 'any'} × {self.factor}"


class OperationRate(models.Model):
    """Units of one operation whose price the provider does not document: the operator's word."""

    book = models.ForeignKey(PriceBook, on_delete=models.CASCADE, related_name="operation_rates")
    operation = models.CharField(
        max_length=60, help_text="For example effects. Without a rate here it is not offered."
    )
    units = models.DecimalField(
        max_digits=9,
        decimal_places=4,
        validators=[MinValueValidator(Decimal("0.0001")), MaxValueValidator(Decimal(10_000))],
        help_text="Provider units for one call, or for one of what the catalogue counts.",
    )

    class Meta:
        ordering = ["book", "operation"]
        constraints = [
            models.UniqueConstraint(fields=["book", "operation"], name="operation_rate_unique"),
            models.CheckConstraint(
                condition=Q(units__gt=0, units__lte=10_000), name="operation_rate_sane"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation}: {self.units}"
