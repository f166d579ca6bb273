"""The e-mail to a workspace's owners when we switch an endpoint of theirs off."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import mails
from webhooks.health import TELL_OWNERS
from webhooks.models import DisabledReason, Endpoint
from worker import doorbell

REASONS_TO_TELL = (DisabledReason.GONE, DisabledReason.FAILING)
GRACE = timedelta(minutes=10)
# What could not be mailed for a day is old news, and stands on the page anyway.
LIMIT = timedelta(days=1)
BATCH = 100


def tell_owners(pk: int) -> None:
    """Mail every owner, then note it: told twice after a crash is better than never."""
    endpoint = _untold().select_related("workspace").filter(pk=pk).first()
    if endpoint is None:
        return
    mails.send(
        "webhooks/email/disabled",
        to=mails.owners_of(endpoint.workspace),
        endpoint=endpoint,
        link=settings.SITE_URL + reverse("webhook_endpoint", args=[endpoint.public_id]),
    )
    _untold().filter(pk=pk).update(owners_told_at=timezone.now())


def untold_too_long() -> QuerySet[Endpoint]:
    """Endpoints about which the e-mail has not gone out, though it should have."""
    now = timezone.now()
    return _untold().filter(disabled_at__lte=now - GRACE, disabled_at__gt=now - LIMIT)


def ring_untold() -> int:
    """Ring again for those; the number of doorbells."""
    with transaction.atomic():
        pks = list(untold_too_long().values_list("pk", flat=True)[:BATCH])
        for pk in pks:
            doorbell.ring(TELL_OWNERS, pk)
    return len(pks)


def _untold() -> QuerySet[Endpoint]:
    return Endpoint.objects.filter(
        enabled=False,
        disabled_reason__in=REASONS_TO_TELL,
        owners_told_at=None,
        deleted_at=None,
    )
