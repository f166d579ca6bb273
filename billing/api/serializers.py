from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.bodies import StrictSerializer
from billing import history, packs
from billing.amounts import to_text
from billing.models import Entry, Pack


@extend_schema_field(OpenApiTypes.STR)
class CreditsField(serializers.Field[int, str, str, Any]):
    """Micro-credits as a decimal string of credits."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, **options)

    def to_representation(self, value: int) -> str:
        return to_text(value)


class ExpiringSerializer(serializers.Serializer[Any]):
    credits = CreditsField()
    expires_at = serializers.DateTimeField()


class BalanceSerializer(serializers.Serializer[Any]):
    balance = CreditsField()
    held = CreditsField()
    available = CreditsField()
    debt = CreditsField(help_text="Owed for a payment that was taken back. No job starts with it.")
    frozen = serializers.CharField(help_text="Why no new job may start; empty if one may.")
    expiring = ExpiringSerializer(many=True, help_text="What is left to spend until when.")


class EntrySerializer(serializers.ModelSerializer[Entry]):
    credits = CreditsField(source="amount")
    balance_after = CreditsField()
    reference = serializers.SerializerMethodField(
        help_text="The id of the generation or of the order that it belongs to."
    )

    class Meta:
        model = Entry
        fields = ["seq", "kind", "credits", "balance_after", "reference", "note", "created_at"]

    def get_reference(self, entry: Entry) -> str | None:
        return history.reference_of(entry)


class EntryPageSerializer(serializers.Serializer[Any]):
    data = EntrySerializer(source="rows", many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class PriceSerializer(serializers.Serializer[Any]):
    amount = serializers.IntegerField(help_text="In the currency's smallest unit (cents, yen).")
    currency = serializers.CharField()


class PackSerializer(serializers.ModelSerializer[Pack]):
    credits = CreditsField()
    prices = serializers.SerializerMethodField(
        help_text="In each currency that it can be bought in; the pack's own is the first."
    )
    plus_tax = serializers.SerializerMethodField(
        help_text="Whether tax may be added to the price when it is paid."
    )

    class Meta:
        model = Pack
        fields = ["slug", "name", "credits", "amount", "currency", "prices", "plus_tax"]
        extra_kwargs = {"amount": {"help_text": "In the currency's smallest unit (cents)."}}

    def get_plus_tax(self, _pack: Pack) -> bool:
        return bool(settings.STRIPE_TAX)

    @extend_schema_field(PriceSerializer(many=True))
    def get_prices(self, pack: Pack) -> Any:
        return PriceSerializer(packs.prices_of(pack), many=True).data


class PacksSerializer(serializers.Serializer[Any]):
    data = PackSerializer(many=True)  # type: ignore[assignment]


@extend_schema_serializer(
    examples=[OpenApiExample("A small pack", {"pack": "small"}, request_only=True)]
)
class CheckoutRequest(StrictSerializer):
    pack = serializers.SlugField(help_text="The pack's slug.")
    currency = serializers.RegexField(
        r"^[a-z]{3}$",
        required=False,
        help_text="One of the pack's `prices`. Default: the pack's own currency.",
    )


class CheckoutSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    url = serializers.URLField(source="checkout_url")
