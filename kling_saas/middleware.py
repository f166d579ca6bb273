from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import structlog
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django_structlog.middlewares import RequestMiddleware

from accounts import client_address
from kling_saas.logs import without_secrets

UNUSED = (
    *("accelerometer", "camera", "display-capture", "encrypted-media", "geolocation", "gyroscope"),
    *("hid", "idle-detection", "magnetometer", "microphone", "midi", "payment", "screen-wake-lock"),
    *("serial", "usb", "xr-spatial-tracking"),
)
PERMISSIONS_POLICY = ", ".join(f"{name}=()" for name in UNUSED)
ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{8,64}")


def request_id_of(environ: Mapping[str, Any]) -> str:
    """The caller's own `X-Request-Id` if it is a sane one, else a new id."""
    given = environ.get("HTTP_X_REQUEST_ID", "")
    return given if ACCEPTABLE.fullmatch(given) else uuid4().hex


class RequestIdMiddleware:
    """Give every request an id.

    It stands in the answer, in problem bodies and in log lines, so that a customer's
    screenshot is enough to find what happened.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = request_id_of(request.META)
        request.request_id = request_id  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response


class RequestLogMiddleware(RequestMiddleware):
    """One log line a request, with our id and without the secrets that stand in addresses."""

    def prepare(self, request: HttpRequest) -> None:
        super().prepare(request)
        # It would otherwise make up an id that no customer has seen.
        structlog.contextvars.bind_contextvars(request_id=request.request_id)  # type: ignore[attr-defined]

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        """The address that limits count by, and not what a client writes into a header itself."""
        structlog.contextvars.bind_contextvars(ip=client_address.of(request))

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {without_secrets(request.path)}"


class PermissionsPolicyMiddleware:
    """Switch off what no page of ours asks a browser for, and so no script in one may."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Permissions-Policy"] = PERMISSIONS_POLICY
        return response


class AddressMiddleware:
    """Make an address with a NUL one that leads nowhere: PostgreSQL refuses to look for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path_info:
            request.path_info = request.path_info.replace("\x00", "\ufffd")
        return self.get_response(request)


class BrokenOffMiddleware:
    """A form whose sender has gone, or was too slow, is no mistake of ours to be logged as one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, _request: HttpRequest, error: Exception) -> HttpResponse | None:
        return HttpResponse(status=400) if isinstance(error, UnreadablePostError) else None
