"""Requests of programs are counted here: once, before anything else is done for them.

A key that its plan limits counts for itself. Who brings no key, or a wrong one, counts by address;
a good key is never refused for what others at its address do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts import client_address, rates
from accounts.models import ApiKey
from accounts.rates import Standing

if TYPE_CHECKING:  # rest_framework.views imports the default authentication, and so this module
    from rest_framework.views import APIView

TOO_FAST = "Too many requests: at most {limit} a minute are allowed."


def admit_key(request: Request, key: ApiKey) -> None:
    """Count a request of `key`. Raises `Throttled` above the limit of its workspace's plan."""
    limit = key.workspace.plan.requests_per_minute
    if limit is not None:
        _admit(request, "requests", key.pk, limit)


def admit_stranger(request: Request) -> None:
    """Count a request without a usable key, by its address. Raises `Throttled`."""
    if limit := settings.ANONYMOUS_REQUESTS_PER_MINUTE:
        address = client_address.site(client_address.of(request._request))
        _admit(request, "address", address, limit)


class StrangerThrottle(BaseThrottle):
    """For views that everybody may open without a key."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        admit_stranger(request)
        return True


def standing_of(request: HttpRequest) -> Standing | None:
    """The limit that the request was counted by, if any."""
    return getattr(request, "rate_limit", None)


def _admit(request: Request, policy: str, name: object, limit: int) -> None:
    standing = standing_of(request._request)
    if standing is None:
        standing = rates.count(policy, name, limit=limit)
        # DRF asks an authenticator again when it is asked who somebody is after a refusal.
        request._request.rate_limit = standing  # type: ignore[attr-defined]
    if standing.is_exceeded:
        raise Throttled(standing.reset, TOO_FAST.format(limit=limit))
