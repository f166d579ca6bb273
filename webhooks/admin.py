"""What the operator sees. Messages, deliveries and attempts are history: only looked at."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.read_only import ReadOnlyAdmin, ReadOnlyInline
from webhooks import deliveries
from webhooks.models import Attempt, Delivery, Endpoint, Message, WorkspaceSecret


class Log(ReadOnlyInline[Attempt]):
    model = Attempt
    fields = ["number", "at", "status_code", "duration_ms", "error", "response_excerpt"]


@admin.register(WorkspaceSecret)
class WorkspaceSecretAdmin(ReadOnlyAdmin[WorkspaceSecret]):
    list_display = ["workspace", "created_at"]
    fields = ["workspace", "created_at"]
    search_fields = ["workspace__public_id", "workspace__name"]


@admin.register(Endpoint)
class EndpointAdmin(ReadOnlyAdmin[Endpoint]):
    list_display = ["url", "workspace", "enabled", "disabled_reason", "failing_since", "deleted_at"]
    list_filter = ["enabled", "disabled_reason"]
    list_select_related = ["workspace"]
    search_fields = ["public_id", "url", "workspace__public_id", "workspace__name"]
    readonly_fields = ["public_id"]


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin[Message]):
    list_display = ["public_id", "type", "workspace", "created_at"]
    list_filter = ["type", "created_at"]
    list_select_related = ["workspace"]
    search_fields = ["public_id", "workspace__public_id"]
    readonly_fields = ["public_id", "body"]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin[Delivery]):
    list_display = ["public_id", "message", "address", "state", "attempts", "due_at", "finished_at"]
    list_filter = ["state", "created_at"]
    list_select_related = ["message", "endpoint"]
    search_fields = ["public_id", "message__public_id", "url", "endpoint__url"]
    readonly_fields = ["public_id", "created_at"]
    inlines = [Log]
    actions = ["redeliver"]

    @admin.action(description="Send again", permissions=["redeliver"])
    def redeliver(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        chosen = Delivery.objects.filter(pk__in=list(queryset.values_list("pk", flat=True)))
        count = deliveries.send_again(chosen)
        messages.success(request, f"{count} deliveries are on their way again.")

    def has_redeliver_permission(self, request: HttpRequest) -> bool:
        # Only looking is allowed here by the class; sending again is the staff's own right.
        return request.user.has_perm("webhooks.change_delivery")


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin[Attempt]):
    list_display = ["delivery", "number", "at", "status_code", "duration_ms", "error"]
    list_filter = ["status_code", "at"]
    list_select_related = ["delivery__message", "delivery__endpoint"]
    search_fields = ["delivery__public_id", "delivery__message__public_id"]
