"""What goes over the wire of `/api/v1`: the shapes that are read, and those that are documented."""

from __future__ import annotations

import json
from typing import Any

from rest_framework import serializers

from accounts.bodies import StrictSerializer
from accounts.pages import PageQuery
from generations import offering, usage
from generations.actions import Order
from generations.models import MediaKind
from generations.states import Approval, State
from kling import operations
from webhooks.http import UnsafeAddress, check_address

MAX_METADATA = 8192  # characters of JSON


OPERATIONS = [operation.name for operation in operations.all_operations()]
NO_OBJECT: dict[str, Any] = {"not_a_dict": "This must be an object."}


class CreateSerializer(StrictSerializer):
    operation = serializers.CharField(help_text="For example text-to-video.")
    input = serializers.DictField(
        help_text="Kling's own fields; see GET /operations/{name}.", error_messages=NO_OBJECT
    )
    quote_id = serializers.CharField(required=False, allow_blank=True, max_length=40)
    provider = serializers.CharField(
        required=False, allow_blank=True, max_length=50, help_text="Where to run it, if it matters."
    )
    webhook_url = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    metadata = serializers.DictField(
        required=False, help_text="Yours; comes back as it is.", error_messages=NO_OBJECT
    )

    def validate_operation(self, value: str) -> str:
        names = [operation.name for operation in offering.listed()]
        if value not in names:
            message = f"There is no such operation. Known ones: {', '.join(names)}."
            raise serializers.ValidationError(message, code="unknown_operation")
        return value

    def validate_webhook_url(self, value: str) -> str:
        if value:
            try:
                check_address(value)
            except UnsafeAddress as exc:
                raise serializers.ValidationError(str(exc), code="unsafe_address") from None
        return value

    def validate_metadata(self, value: dict[str, Any]) -> dict[str, Any]:
        try:
            text = json.dumps(value, allow_nan=False)
        except ValueError:  # 1e999, which Python reads as infinity
            message = "A number is too large."
            raise serializers.ValidationError(message, code="invalid") from None
        if len(text) > MAX_METADATA:
            raise serializers.ValidationError("At most 8 KB.", code="too_long")
        if _has_nul(value):
            raise serializers.ValidationError("NUL characters cannot be stored.", code="invalid")
        return value


# One for all requests: it keeps nothing of what it validates, and making its fields takes longer.
_creates = CreateSerializer()


def order_of(body: Any, *, idempotency_key: str = "") -> Order:
    """Raises ValidationError."""
    return Order(idempotency_key=idempotency_key, **_creates.run_validation(body))


def _has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_nul(name) or _has_nul(item) for name, item in value.items())
    if isinstance(value, list):
        return any(_has_nul(item) for item in value)
    return isinstance(value, str) and "\x00" in value


class RejectSerializer(StrictSerializer):
    reason = serializers.CharField(required=False, allow_blank=True, max_length=300)


class ListQuery(PageQuery):
    status = serializers.ChoiceField(choices=State.choices, required=False)
    operation = serializers.ChoiceField(choices=OPERATIONS, required=False)
    approval = serializers.ChoiceField(choices=Approval.choices, required=False)
    created_after = serializers.DateTimeField(required=False)
    created_before = serializers.DateTimeField(required=False)


class UsageQuery(serializers.Serializer[Any]):
    """`from` and `to` are Python words, so the fields are added by name."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            "from": serializers.DateField(required=False, help_text="First day, UTC."),
            "to": serializers.DateField(required=False, help_text="Last day, UTC."),
            "operation": serializers.CharField(required=False, help_text="Only this operation."),
            "group_by": serializers.CharField(
                required=False,
                help_text="`member`, `key` or `member,key`: a row for each, besides day and "
                "operation.",
            ),
        }

    def validate_group_by(self, value: str) -> list[str]:
        wanted = [name.strip() for name in value.split(",")]
        if unknown := sorted(set(wanted) - set(usage.GROUPS)):
            names = ", ".join(usage.GROUPS)
            raise serializers.ValidationError(f"Not {unknown[0]!r}, only: {names}.")
        return [name for name in usage.GROUPS if name in wanted]


# --- documented answers ------------------------------------------------------------------
class CreditsOfGeneration(serializers.Serializer[Any]):
    quoted = serializers.CharField()
    held = serializers.CharField()
    charged = serializers.CharField()


class ProviderOfGeneration(serializers.Serializer[Any]):
    dialect = serializers.ChoiceField(choices=["cometapi", "cloudsway", "official"])
    account = serializers.CharField()
    task_id = serializers.CharField(allow_null=True)
    final_unit_deduction = serializers.CharField(allow_null=True)
    simulated = serializers.BooleanField(help_text="True: made by the simulator, not by Kling.")


class AssetSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=MediaKind.choices)
    media_type = serializers.CharField(allow_null=True)
    bytes = serializers.IntegerField(allow_null=True)
    sha256 = serializers.CharField(allow_null=True)
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    duration_seconds = serializers.CharField(allow_null=True)
    url = serializers.CharField(
        allow_null=True,
        help_text="Works without a key for 24 hours. Null: a voice or element without a sample.",
    )
    poster_url = serializers.CharField(allow_null=True)
    expires_at = serializers.DateTimeField(
        allow_null=True,
        help_text="From then on the file may be removed, as the plan says. Null: it is kept.",
    )
    details = serializers.DictField(
        help_text="For example the name of a voice, or which face a picture shows and when."
    )


class ErrorOfGeneration(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class ApprovalOfGeneration(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=[*Approval.values, "withdrawn"])
    expires_at = serializers.DateTimeField(help_text="Without an answer it is cancelled then.")
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_by = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_null=True)


class UrlsOfGeneration(serializers.Serializer[Any]):
    self = serializers.CharField()
    cancel = serializers.CharField()
    web = serializers.CharField()


class QueueOfGeneration(serializers.Serializer[Any]):
    position = serializers.IntegerField(
        help_text="1 is the next one. Counted to 1,000; 1,001 stands for any further back."
    )
    estimated_start = serializers.DateTimeField(
        allow_null=True, help_text="An estimate. Null: nobody can say."
    )


class GenerationSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    operation = serializers.CharField()
    status = serializers.ChoiceField(choices=State.choices)
    queue = QueueOfGeneration(
        allow_null=True, help_text="Of a queued one, when it is asked for; else null."
    )
    model = serializers.CharField()
    input = serializers.DictField()
    credits = CreditsOfGeneration()
    provider = ProviderOfGeneration()
    assets = AssetSerializer(many=True)
    error = ErrorOfGeneration(allow_null=True)
    approval = ApprovalOfGeneration(
        allow_null=True, help_text="Null: it needed none. It waits for one while it is queued."
    )
    metadata = serializers.DictField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    expired_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When its files were removed, as the plan says. Then it has no assets.",
    )
    urls = UrlsOfGeneration()


class GenerationPage(serializers.Serializer[Any]):
    data = GenerationSerializer(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class BreakdownLine(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]
    units = serializers.CharField()


class QuoteSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    credits = serializers.CharField()
    units = serializers.CharField()
    unit_type = serializers.CharField()
    breakdown = BreakdownLine(many=True)
    expires_at = serializers.DateTimeField()


class OperationSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    media_kind = serializers.ChoiceField(choices=MediaKind.choices)
    models = serializers.ListField(child=serializers.DictField())
    input_schema = serializers.DictField(help_text="JSON Schema of `input`.")
    providers = serializers.ListField(child=serializers.CharField())


class OperationList(serializers.Serializer[Any]):
    data = OperationSerializer(many=True)  # type: ignore[assignment]


class UploadSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=MediaKind.choices)
    media_type = serializers.CharField()
    bytes = serializers.IntegerField()
    sha256 = serializers.CharField()
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    duration_seconds = serializers.CharField(allow_null=True)
    filename = serializers.CharField()
    expires_at = serializers.DateTimeField(
        allow_null=True,
        help_text="From then on the file may be removed, as the plan says. Null: it is kept.",
    )
    created_at = serializers.DateTimeField()


class UsageRow(serializers.Serializer[Any]):
    day = serializers.DateField()
    operation = serializers.CharField()
    count = serializers.IntegerField()
    credits = serializers.CharField()
    member = serializers.EmailField(
        required=False, allow_null=True, help_text="Null: made by a key, or the person is gone."
    )
    key = serializers.CharField(
        required=False, allow_null=True, help_text="The key's prefix. Null: made on the pages."
    )
    key_label = serializers.CharField(required=False, allow_null=True)


class UsageSerializer(serializers.Serializer[Any]):
    data = UsageRow(many=True)  # type: ignore[assignment]
