"""What the API takes and shows. Rules about values live in `webhooks.endpoints`."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.bodies import StrictSerializer
from webhooks.models import Attempt, Delivery, DeliveryState, DisabledReason, Endpoint, EventType

EXAMPLE = {"url": "https://example.com/kling", "events": ["generation.succeeded"]}


@extend_schema_serializer(
    component_name="WebhookEndpointInput",
    examples=[OpenApiExample("Of results alone", EXAMPLE, request_only=True)],
)
class EndpointInput(StrictSerializer):
    """What makes an endpoint."""

    url = serializers.CharField(max_length=2000, help_text="A public https address.")
    description = serializers.CharField(
        max_length=200, allow_blank=True, required=False, help_text="For your own eyes."
    )
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=EventType.choices),
        required=False,
        help_text="Empty or absent: every event, including those to come.",
        error_messages={"not_a_list": "This must be a list."},
    )


@extend_schema_serializer(component_name="WebhookEndpointChange")
class EndpointChange(EndpointInput):
    """What may be changed of an endpoint; what is absent stays."""

    enabled = serializers.BooleanField(
        required=False, help_text="Switching on forgets earlier failures."
    )


@extend_schema_serializer(component_name="WebhookEndpoint")
class EndpointOutput(serializers.Serializer[Endpoint]):
    """A receiver of events."""

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


@extend_schema_serializer(component_name="WebhookEndpointWithSecret")
class EndpointWithSecret(EndpointOutput):
    """A receiver of events, with its signing secret."""

    secret = serializers.SerializerMethodField(help_text="Shown in this answer only.")

    def get_secret(self, _endpoint: Endpoint) -> str:
        return str(self.context["secret"])


@extend_schema_serializer(component_name="WebhookEndpointList")
class EndpointList(serializers.Serializer[Any]):
    data = EndpointOutput(source="rows", many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


@extend_schema_serializer(component_name="WebhookSigningSecret")
class SigningSecret(serializers.Serializer[Any]):
    secret = serializers.CharField()
    previous_secret_expires_at = serializers.DateTimeField(allow_null=True)


@extend_schema_serializer(component_name="WebhookAttempt")
class AttemptOutput(serializers.Serializer[Attempt]):
    """One request and its answer."""

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


@extend_schema_serializer(component_name="WebhookDelivery")
class DeliveryOutput(serializers.Serializer[Delivery]):
    """One message on its way to one receiver."""

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


@extend_schema_serializer(component_name="WebhookDeliveryList")
class DeliveryList(serializers.Serializer[Any]):
    data = DeliveryOutput(source="rows", many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)


@extend_schema_serializer(component_name="WebhookRedeliverFailed")
class RedeliverFailed(StrictSerializer):
    """Which deliveries to send again."""

    since = serializers.DateTimeField(help_text="Deliveries announced at or after this time.")


@extend_schema_serializer(component_name="WebhookDeliveryCount")
class Count(serializers.Serializer[Any]):
    count = serializers.IntegerField()
