"""What the operator sees. Messages, deliveries and attempts are history: only looked at."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from webhooks import deliveries
from webhooks.models import Attempt, Delivery, Endpoint, Message, WorkspaceSecret

Row = TypeVar("Row", bound=Model)


class ReadOnly(admin.ModelAdmin[Row]):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Log(admin.TabularInline[Attempt, Delivery]):
    model = Attempt
    extra = 0
    can_delete = False
    fields = ["number", "at", "status_code", "duration_ms", "error", "response_excerpt"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(WorkspaceSecret)
class WorkspaceSecretAdmin(ReadOnly[WorkspaceSecret]):
    list_display = ["workspace", "created_at"]
    fields = ["workspace", "created_at"]
    search_fields = ["workspace__public_id", "workspace__name"]


@admin.register(Endpoint)
class EndpointAdmin(ReadOnly[Endpoint]):
    list_display = ["url", "workspace", "enabled", "disabled_reason", "failing_since", "deleted_at"]
    list_filter = ["enabled", "disabled_reason"]
    list_select_related = ["workspace"]
    search_fields = ["public_id", "url", "workspace__public_id", "workspace__name"]
    readonly_fields = ["public_id"]


@admin.register(Message)
class MessageAdmin(ReadOnly[Message]):
    list_display = ["public_id", "type", "workspace", "created_at"]
    list_filter = ["type", "created_at"]
    list_select_related = ["workspace"]
    search_fields = ["public_id", "workspace__public_id"]
    readonly_fields = ["public_id", "body"]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly[Delivery]):
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
class AttemptAdmin(ReadOnly[Attempt]):
    list_display = ["delivery", "number", "at", "status_code", "duration_ms", "error"]
    list_filter = ["status_code", "at"]
    list_select_related = ["delivery__message", "delivery__endpoint"]
    search_fields = ["delivery__public_id", "delivery__message__public_id"]
