"""An endpoint's health: a receiver that is gone, or fails for days, is switched off."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from webhooks.models import DisabledReason, Endpoint
from webhooks.sending import Outcome
from worker import doorbell

TELL_OWNERS = "webhooks.tasks.tell_owners"
FAILING_LIMIT = timedelta(days=5)


def note(endpoint: Endpoint, outcome: Outcome) -> None:
    """Inside the transaction that records the attempt."""
    row = Endpoint.objects.filter(pk=endpoint.pk)
    if outcome.delivered:
        row.filter(failing_since__isnull=False).update(failing_since=None)
        return
    row.filter(failing_since=None).update(failing_since=outcome.at)
    if outcome.gone:
        _disable(endpoint, DisabledReason.GONE)
        return
    limit = timezone.now() - FAILING_LIMIT * settings.TIMER_SCALE
    if row.filter(failing_since__lte=limit).exists():
        _disable(endpoint, DisabledReason.FAILING)


def _disable(endpoint: Endpoint, reason: DisabledReason) -> None:
    # An address that was changed in the meantime has not failed yet.
    on = Endpoint.objects.filter(pk=endpoint.pk, enabled=True, url=endpoint.url, deleted_at=None)
    if on.update(
        enabled=False, disabled_reason=reason, disabled_at=timezone.now(), owners_told_at=None
    ):
        doorbell.ring(TELL_OWNERS, endpoint.pk)
