"""What the API takes and shows. Rules about values live in `webhooks.endpoints`."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from webhooks.models import Attempt, Delivery, DeliveryState, DisabledReason, Endpoint, EventType


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it does not know: a misspelt one would otherwise be silently dropped."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := set(data) - set(self.fields)):
            errors = dict.fromkeys(sorted(unknown), "There is no such field.")
            raise serializers.ValidationError(errors, code="unknown_field")
        return super().to_internal_value(data)


class EndpointInput(StrictSerializer):
    url = serializers.CharField(max_length=2000, help_text="A public https address.")
    description = serializers.CharField(
        max_length=200, allow_blank=True, required=False, help_text="For your own eyes."
    )
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=EventType.choices),
        required=False,
        help_text="Empty or absent: every event, including those to come.",
    )


class EndpointChange(EndpointInput):
    enabled = serializers.BooleanField(
        required=False, help_text="Switching on forgets earlier failures."
    )


class EndpointOutput(serializers.Serializer[Endpoint]):
    id = serializers.CharField(source="public_id")
    url = serializers.CharField()
    description = serializers.CharField()
    events = serializers.ListField(child=serializers.CharField())
    enabled = serializers.BooleanField()
    disabled_reason = serializers.SerializerMethodField()
    failing_since = serializers.DateTimeField(allow_null=True)
    previous_secret_expires_at = serializers.DateTimeField(
        allow_null=True, help_text="Until then messages carry a signature by the old secret too."
    )
    created_at = serializers.DateTimeField()

    @extend_schema_field(serializers.ChoiceField(choices=DisabledReason.choices, allow_null=True))
    def get_disabled_reason(self, endpoint: Endpoint) -> str | None:
        return endpoint.disabled_reason or None


class EndpointWithSecret(EndpointOutput):
    secret = serializers.SerializerMethodField(help_text="Shown in this answer only.")

    def get_secret(self, _endpoint: Endpoint) -> str:
        return str(self.context["secret"])


class EndpointList(serializers.Serializer[Any]):
    data = EndpointOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class SigningSecret(serializers.Serializer[Any]):
    secret = serializers.CharField()
    previous_secret_expires_at = serializers.DateTimeField(allow_null=True)


class AttemptOutput(serializers.Serializer[Attempt]):
    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    url = serializers.CharField()
    duration_ms = serializers.IntegerField()
    status_code = serializers.IntegerField(allow_null=True)
    request_headers = serializers.DictField(child=serializers.CharField())
    response_excerpt = serializers.CharField(help_text="The first 2 KB of the answer.")
    error = serializers.SerializerMethodField()

    def get_error(self, attempt: Attempt) -> str | None:
        return attempt.error or None


class DeliveryOutput(serializers.Serializer[Delivery]):
    id = serializers.CharField(source="public_id")
    message_id = serializers.CharField(
        source="message.public_id", help_text="The header webhook-id."
    )
    type = serializers.CharField(source="message.type")
    status = serializers.ChoiceField(choices=DeliveryState.choices, source="state")
    attempts = serializers.IntegerField()
    next_attempt_at = serializers.DateTimeField(source="due_at", allow_null=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    body = serializers.SerializerMethodField(help_text="The JSON that is sent.")
    log = AttemptOutput(many=True)

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_body(self, delivery: Delivery) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(delivery.message.body)
        return body


class DeliveryList(serializers.Serializer[Any]):
    data = DeliveryOutput(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


class RedeliverFailed(StrictSerializer):
    since = serializers.DateTimeField(help_text="Deliveries announced at or after this time.")


class Count(serializers.Serializer[Any]):
    count = serializers.IntegerField()
