"""The outbox: what happened is announced in the transaction in which it happens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone

from accounts.models import Workspace
from webhooks.models import Delivery, Endpoint, Message
from worker import doorbell

DELIVER = "webhooks.tasks.deliver"


class OutsideTransaction(RuntimeError):
    """A programming error: the announcement could survive the rollback of what it announces."""


def announce(
    *,
    workspace: Workspace,
    type: str,  # noqa: A002
    data: Mapping[str, Any],
    url: str | None = None,
) -> Message | None:
    """Queue the event for every enabled endpoint that wants it, and for `url`.

    `url` is the receiver of one job; what goes there is signed with the workspace's own secret.
    Returns None where nobody listens. Raises `OutsideTransaction`.
    """
    _require_transaction()
    active = Endpoint.objects.filter(workspace=workspace, enabled=True, deleted_at=None)
    endpoints = [endpoint for endpoint in active if endpoint.wants(type)]
    if not endpoints and not url:
        return None
    message = write(workspace=workspace, type=type, data=data)
    send_to(message=message, endpoints=endpoints, url=url)
    return message


def post(*, workspace: Workspace, type: str, body: Mapping[str, Any], url: str) -> Message:  # noqa: A002
    """Queue `body` as it stands for one address whose receiver speaks another protocol.

    It is tried again, logged and signed as all others are. Raises `OutsideTransaction`.
    """
    _require_transaction()
    message = Message.objects.create(workspace=workspace, type=type, body=_json(body))
    send_to(message=message, endpoints=[], url=url)
    return message


def write(*, workspace: Workspace, type: str, data: Mapping[str, Any]) -> Message:  # noqa: A002
    """The message alone, its body frozen. Inside a transaction."""
    body = {"type": type, "timestamp": _rfc3339(timezone.now()), "data": data}
    return Message.objects.create(workspace=workspace, type=type, body=_json(body))


def send_to(
    *, message: Message, endpoints: list[Endpoint], url: str | None = None
) -> list[Delivery]:
    """One delivery per receiver, each with its doorbell. Inside a transaction."""
    now = timezone.now()
    deliveries = [Delivery(message=message, endpoint=to, due_at=now) for to in endpoints]
    if url:
        deliveries.append(Delivery(message=message, url=url, due_at=now))
    for delivery in Delivery.objects.bulk_create(deliveries):
        doorbell.ring(DELIVER, delivery.pk)
    return deliveries


def _require_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise OutsideTransaction("An announcement must be made inside transaction.atomic().")


def _json(body: Mapping[str, Any]) -> str:
    # Plain ASCII: a lone surrogate in a prompt could be neither stored nor signed.
    return json.dumps(body, cls=DjangoJSONEncoder, separators=(",", ":"))


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
