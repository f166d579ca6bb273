"""What people and programs do with their endpoints. Pages and the API call the same functions.

All take `by`, need the scope `write`, and raise `ValidationError` by field, and `DoesNotExist` for
what is absent or belongs to another workspace.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.access import Actor
from accounts.models import Scope, Workspace
from webhooks import deliveries, outbox, queries, secrets, signing
from webhooks.addresses import check_address
from webhooks.http_errors import UnsafeAddress
from webhooks.models import (
    Delivery,
    DeliveryState,
    DisabledReason,
    Endpoint,
    EventType,
    Message,
    WorkspaceSecret,
)

TEST_EVENT = "webhook.test"
DESCRIPTION_LENGTH = 200
# Each endpoint is one more request per event.
MAX_ENDPOINTS = 20
MAX_AT_ONCE = 1000


@dataclass(frozen=True)
class VisibleSecret:
    secret: str
    previous_secret_expires_at: datetime | None


@transaction.atomic
def create(
    *, by: Actor, url: str, description: str = "", events: Iterable[str] = ()
) -> tuple[Endpoint, str]:
    """A new endpoint and its signing secret, which is not shown again. No events: all of them."""
    by.require(Scope.WRITE)
    fields = _checked(url=url, description=description, events=list(events))
    # Locked: of two requests at once, both could see the nineteenth.
    Workspace.objects.select_for_update(of=("self",), no_key=True).get(pk=by.workspace.pk)
    if queries.endpoints(by.workspace).count() >= MAX_ENDPOINTS:
        raise ValidationError({"url": f"A workspace has at most {MAX_ENDPOINTS} endpoints."})
    secret = secrets.new_secret()
    endpoint = Endpoint.objects.create(
        workspace=by.workspace, sealed_secret=secrets.seal(secret), **fields
    )
    audit.record(by=by, action="webhook.created", endpoint=endpoint.public_id, url=endpoint.url)
    return endpoint, secret


@transaction.atomic
def change(*, by: Actor, public_id: str, **changes: Any) -> Endpoint:
    """Set any of `url`, `description`, `events`, `enabled`; enabling forgets the failures."""
    endpoint = _locked(by, public_id)
    enabled = changes.pop("enabled", None)
    fields = _checked(**changes)
    if "url" in fields and fields["url"] != endpoint.url:
        fields["failing_since"] = None
    if enabled is not None and enabled != endpoint.enabled:
        fields |= _switched(on=enabled)
    for name, value in fields.items():
        setattr(endpoint, name, value)
    if fields:
        endpoint.save(update_fields=list(fields))
        names = sorted(fields.keys() & {"url", "description", "events", "enabled"})
        audit.record(by=by, action="webhook.changed", endpoint=endpoint.public_id, fields=names)
    return endpoint


@transaction.atomic
def delete(*, by: Actor, public_id: str) -> None:
    """Send nothing more to the endpoint, and forget its secrets."""
    endpoint = _locked(by, public_id)
    endpoint.deleted_at = timezone.now()
    endpoint.sealed_secret = endpoint.sealed_previous_secret = ""
    endpoint.save(update_fields=["deleted_at", "sealed_secret", "sealed_previous_secret"])
    audit.record(by=by, action="webhook.deleted", endpoint=endpoint.public_id, url=endpoint.url)


@transaction.atomic
def rotate_secret(*, by: Actor, public_id: str) -> tuple[Endpoint, str]:
    """A new secret; for 24 hours the one before signs beside it."""
    endpoint = _locked(by, public_id)
    secret = signing.rotate(endpoint)
    audit.record(by=by, action="webhook.secret_rotated", endpoint=endpoint.public_id)
    return endpoint, secret


@transaction.atomic
def send_test(*, by: Actor, public_id: str) -> Delivery:
    """Send the event `webhook.test`, whatever events the endpoint takes."""
    endpoint = _locked(by, public_id)
    _require_enabled(endpoint)
    message: Message = outbox.write(
        workspace=by.workspace, type=TEST_EVENT, data={"endpoint": endpoint.public_id}
    )
    return outbox.send_to(message=message, endpoints=[endpoint])[0]


@transaction.atomic
def redeliver(*, by: Actor, public_id: str, delivery_id: str) -> Delivery:
    """Send one delivery again, with the same id and body; receivers drop what they know."""
    endpoint = _locked(by, public_id)
    _require_enabled(endpoint)
    delivery = queries.deliveries(endpoint).get(public_id=delivery_id)
    deliveries.send_again(Delivery.objects.filter(pk=delivery.pk))
    return queries.deliveries(endpoint).get(pk=delivery.pk)


@transaction.atomic
def redeliver_failed(*, by: Actor, public_id: str, since: datetime) -> int:
    """Send again, oldest first, what failed since; at most 1000. The number of deliveries."""
    endpoint = _locked(by, public_id)
    _require_enabled(endpoint)
    failed = Delivery.objects.filter(
        endpoint=endpoint, state=DeliveryState.FAILED, created_at__gte=since
    )
    oldest = failed.order_by("pk").values_list("pk", flat=True)[:MAX_AT_ONCE]
    return deliveries.send_again(Delivery.objects.filter(pk__in=list(oldest)))


def workspace_secret(*, by: Actor) -> VisibleSecret:
    """The secret that signs what goes to the `webhook_url` of jobs."""
    by.require(Scope.WRITE)
    return _visible(signing.of_workspace(by.workspace))


@transaction.atomic
def rotate_workspace_secret(*, by: Actor) -> VisibleSecret:
    """A new one; for 24 hours the one before signs beside it."""
    by.require(Scope.WRITE)
    own = signing.of_workspace(by.workspace)
    signing.rotate(own)
    audit.record(by=by, action="webhook.workspace_secret_rotated")
    return _visible(own)


def _visible(own: WorkspaceSecret) -> VisibleSecret:
    return VisibleSecret(secrets.unseal(own.sealed_secret), own.previous_secret_expires_at)


def _locked(by: Actor, public_id: str) -> Endpoint:
    by.require(Scope.WRITE)
    # no_key: an announcement, which refers to the endpoint, must not wait for us.
    endpoints = queries.endpoints(by.workspace).select_for_update(of=("self",), no_key=True)
    return endpoints.get(public_id=public_id)


def _require_enabled(endpoint: Endpoint) -> None:
    if not endpoint.enabled:
        raise ValidationError({"enabled": "This endpoint is switched off. Switch it on first."})


def _switched(*, on: bool) -> dict[str, Any]:
    if on:
        return {
            "enabled": True,
            "disabled_reason": "",
            "disabled_at": None,
            "owners_told_at": None,
            "failing_since": None,
        }
    reason = DisabledReason.BY_HAND
    return {"enabled": False, "disabled_reason": reason, "disabled_at": timezone.now()}


def _checked(**fields: Any) -> dict[str, Any]:
    errors: dict[str, str] = {}
    if "url" in fields:
        try:
            fields["url"] = check_address(fields["url"].strip())
        except UnsafeAddress as exc:
            errors["url"] = exc.reason
    if len(fields.get("description", "")) > DESCRIPTION_LENGTH:
        errors["description"] = f"Use at most {DESCRIPTION_LENGTH} characters."
    if "events" in fields:
        unknown = set(fields["events"]) - set(EventType.values)
        if unknown:
            errors["events"] = f"There is no event “{min(unknown)}”."
        fields["events"] = [name for name in EventType.values if name in fields["events"]]
    if errors:
        raise ValidationError(errors)
    return fields
