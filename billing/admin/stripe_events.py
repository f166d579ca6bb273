from __future__ import annotations

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.read_only import ReadOnlyAdmin
from billing import inbox
from billing.models import Customer, Reconciliation, StripeEvent
from worker import doorbell


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin[StripeEvent]):
    list_display = [
        "event_id",
        "type",
        "object_id",
        "state",
        "attempts",
        "last_error",
        "received_at",
    ]
    list_filter = ["state", "type", "livemode"]
    search_fields = ["event_id", "object_id"]
    actions = ["work_again"]

    @admin.action(description="Work again", permissions=["view"])
    def work_again(self, request: HttpRequest, queryset: QuerySet[StripeEvent]) -> None:
        with transaction.atomic():
            pks = list(queryset.values_list("pk", flat=True))
            StripeEvent.objects.filter(pk__in=pks).update(
                state=StripeEvent.State.NEW, attempts=0, due_at=timezone.now(), finished_at=None
            )
            for pk in pks:
                doorbell.ring(inbox.PROCESS, pk)
        messages.info(request, f"{len(pks)} events are queued.")


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin[Customer]):
    list_display = ["public_id", "workspace", "stripe_id", "email", "livemode", "deleted_at"]
    list_select_related = ["workspace"]
    search_fields = ["stripe_id", "email", "workspace__name", "workspace__public_id"]


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin[Reconciliation]):
    list_display = ["started_at", "livemode", "step", "after", "worked_at", "finished_at"]
    list_filter = ["livemode"]
