"""Who signs with what, by Standard Webhooks; and rotation of secrets with an overlap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from standardwebhooks import Webhook

from accounts.models import Workspace
from webhooks import secrets
from webhooks.models import Message, WorkspaceSecret
from webhooks.models.endpoints import Signer

OVERLAP = timedelta(hours=24)


def headers(*, message: Message, signer: Signer, at: datetime) -> dict[str, str]:
    """The three headers of Standard Webhooks; during a rotation with both signatures.

    Raises `webhooks.secrets.Unreadable`.
    """
    # The library takes the wall-clock time for UTC, whatever zone the time says.
    at = at.astimezone(UTC)
    signatures = [
        Webhook(secret).sign(msg_id=message.public_id, timestamp=at, data=message.body)
        for secret in active_secrets(signer, at=at)
    ]
    return {
        "webhook-id": message.public_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def active_secrets(signer: Signer, *, at: datetime) -> list[str]:
    sealed = [signer.sealed_secret]
    expires_at = signer.previous_secret_expires_at
    if signer.sealed_previous_secret and expires_at is not None and at < expires_at:
        sealed.append(signer.sealed_previous_secret)
    return [secrets.unseal(text) for text in sealed]


def of_workspace(workspace: Workspace) -> WorkspaceSecret:
    """The workspace's own secret, made at the first call."""
    found, _ = WorkspaceSecret.objects.get_or_create(
        workspace=workspace,
        # Made only where it is needed, which the stubs do not know.
        defaults={"sealed_secret": lambda: secrets.seal(secrets.new_secret())},  # type: ignore[misc]
    )
    return found


def rotate(signer: Signer) -> str:
    """A new secret; the one before goes on signing for 24 hours. Inside a transaction.

    A second rotation within the overlap ends the oldest secret at once: who rotates twice wants
    the first one gone.
    """
    locked = _locked(signer)
    secret = secrets.new_secret()
    signer.sealed_previous_secret = locked.sealed_secret
    signer.previous_secret_expires_at = timezone.now() + OVERLAP
    signer.sealed_secret = secrets.seal(secret)
    signer.save(
        update_fields=["sealed_secret", "sealed_previous_secret", "previous_secret_expires_at"]
    )
    return secret


def _locked(signer: Signer) -> Signer:
    rows = type(signer)._default_manager.select_for_update(of=("self",), no_key=True)
    return rows.get(pk=signer.pk)
