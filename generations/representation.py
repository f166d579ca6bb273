"""A generation and an asset as the API, webhooks and pages show them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from billing.amounts import to_text
from generations import links, retention
from generations.models import Approval, Asset, Generation, State, Upload
from generations.models.media import WITHOUT_FILE
from generations.places import Position


def represent(generation: Generation, *, position: Position | None = None) -> dict[str, Any]:
    """The JSON object of contract section 3: amounts as decimal strings, times in UTC."""
    return {
        "id": generation.public_id,
        "operation": generation.operation,
        "status": generation.state,
        "queue": _represent_position(position),
        "model": generation.model,
        "input": generation.input,
        "credits": represent_credits(generation),
        "provider": {
            "dialect": generation.account.dialect,
            "account": generation.account.slug,
            "task_id": generation.task_id or None,
            "final_unit_deduction": generation.final_unit_deduction or None,
            "simulated": generation.account.simulated,
        },
        "assets": [represent_asset(asset) for asset in visible_assets(generation)],
        "error": represent_error(generation),
        "approval": represent_approval(generation),
        "metadata": generation.metadata,
        "created_at": moment(generation.created_at),
        "finished_at": moment(generation.finished_at),
        "expired_at": moment(generation.expired_at),
        "urls": _urls(generation),
    }


def _represent_position(position: Position | None) -> dict[str, Any] | None:
    if position is None:
        return None
    return {"position": position.number, "estimated_start": moment(position.start)}


def visible_assets(generation: Generation) -> list[Asset]:
    """Results only of a job that has succeeded: half a set of files is no result."""
    return list(generation.assets.all()) if generation.state == State.SUCCEEDED else []


def represent_asset(asset: Asset) -> dict[str, Any]:
    """A voice or an element may have no file: then all that is said of one is null."""
    has_file = asset.key is not None
    return {
        "id": asset.public_id,
        "kind": asset.kind,
        "media_type": asset.media_type if has_file else None,
        "bytes": asset.bytes if has_file else None,
        "sha256": asset.sha256 if has_file else None,
        "width": asset.width,
        "height": asset.height,
        "duration_seconds": _decimal(asset.duration),
        "url": links.signed_url(asset) if has_file else None,
        "poster_url": links.signed_url(asset, poster=True) if asset.poster_key else None,
        "expires_at": moment(expires_at(asset)),
        "details": asset.details,
    }


def expires_at(media: Asset | Upload) -> datetime | None:
    """When the file may be removed; None: never. A voice or an element stays with its sample."""
    if media.kind in WITHOUT_FILE:
        return None
    # A list has fetched the workspace with the generation.
    owner = media.generation if isinstance(media, Asset) else media
    return retention.expires_at(owner.workspace, media.created_at)


def represent_credits(generation: Generation) -> dict[str, str]:
    return {
        "quoted": to_text(generation.quoted),
        "held": to_text(held(generation)),
        "charged": to_text(generation.charged),
    }


def represent_error(generation: Generation) -> dict[str, Any] | None:
    if not generation.error_code:
        return None
    return {"code": generation.error_code, "message": generation.error_message}


def represent_approval(generation: Generation) -> dict[str, Any] | None:
    """None for a job that needed none."""
    if not generation.approval:
        return None
    request = generation.approval_request
    withdrawn = generation.is_final and generation.approval == Approval.WAITING
    return {
        "status": "withdrawn" if withdrawn else generation.approval,
        "expires_at": moment(request.expires_at),
        "decided_at": moment(request.decided_at),
        "decided_by": request.decider or None,
        "reason": request.note or None,
    }


def held(generation: Generation) -> int:
    """Micro-credits still set aside for the job."""
    settled = generation.is_final or generation.state == State.STORING
    return 0 if settled else generation.quoted


def moment(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None


def _decimal(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _urls(generation: Generation) -> dict[str, str]:
    api = f"{settings.SITE_URL}/api/v1/generations/{generation.public_id}"
    return {
        "self": api,
        "cancel": f"{api}/cancel",
        "web": f"{settings.SITE_URL}/generations/{generation.public_id}",
    }
