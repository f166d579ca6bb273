"""Errors of the domain as Kling's codes: the one table (protocol, section 8.1).

Programs decide by `code`: 1302, 1303 and 5xxx are tried again, the rest is not.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import set_rollback

from accounts.access import NotPermitted
from accounts.outage import is_outage
from accounts.quotas import Quota, QuotaExceeded
from billing.errors import AccountFrozen, InsufficientCredits
from generations import errors
from kling.errors import FieldError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Code:
    """A row of Kling's table; `message` where an error brings no words of its own."""

    http: int
    number: int
    message: str


CODES = {
    "malformed_header": Code(401, 1000, "Authentication failed"),
    "no_header": Code(401, 1001, "Authorization is empty"),
    "unknown_key": Code(401, 1002, "api key not found"),
    "not_yet_valid": Code(401, 1003, "The token is not valid yet"),
    "expired": Code(401, 1004, "The token has expired"),
    "storage_full": Code(429, 1100, "The storage of your plan is full"),
    "no_credits": Code(429, 1102, "Account balance not enough"),
    "no_permission": Code(403, 1103, "The key may not do this"),
    "malformed_body": Code(400, 1200, "The request cannot be read"),
    "invalid": Code(400, 1201, "A parameter is wrong"),
    "wrong_method": Code(404, 1202, "The endpoint does not know this method"),
    "no_such_endpoint": Code(404, 1203, "There is no such endpoint"),
    "content_policy": Code(400, 1301, "The content was refused"),
    "too_fast": Code(429, 1302, "Too many requests"),
    "too_many_tasks": Code(429, 1303, "parallel task over resource pack limit"),
    "internal": Code(500, 5000, "Something went wrong on our side"),
    "unavailable": Code(503, 5001, "No provider can take the task at the moment"),
    # At the commit itself nobody can say whether it happened.
    "outage": Code(
        503, 5001, "No answer from our database: ask by external_task_id whether the task exists"
    ),
}

# The first that fits an error says which row it is.
ERRORS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (exceptions.NotAuthenticated, "no_header"),
    ((NotPermitted, PermissionDenied, exceptions.PermissionDenied), "no_permission"),
    (AccountFrozen, "no_permission"),
    ((exceptions.ParseError, exceptions.UnsupportedMediaType), "malformed_body"),
    ((SuspiciousOperation, RequestDataTooBig), "malformed_body"),
    (errors.ClientTaskIdTaken, "invalid"),
    (exceptions.MethodNotAllowed, "wrong_method"),
    ((exceptions.NotFound, Http404), "no_such_endpoint"),
    (exceptions.Throttled, "too_fast"),
    ((errors.ProviderUnavailable, errors.StorageUnavailable), "unavailable"),
)
# Every other one counts credits.
QUOTAS: dict[Quota, str] = {"running_jobs": "too_many_tasks", "storage_bytes": "storage_full"}
# Answers that middleware has made, by their status; programs below /kling/v1 read only JSON.
BY_STATUS = {
    400: "malformed_body",
    401: "unknown_key",
    403: "no_permission",
    404: "no_such_endpoint",
    405: "wrong_method",
    413: "malformed_body",
    429: "too_fast",
    503: "unavailable",
}
OUTAGE_SECONDS = 30  # when it ends is not known: as often as is no burden


class TaskNotFound(Exception):
    """No task of this endpoint and workspace; with what was asked for."""


class SynchronousFailure(Exception):
    """The job of a request that waited for it has failed. `.name` is a row of CODES."""

    def __init__(self, name: str, message: str) -> None:
        self.name = name
        super().__init__(message)


@dataclass(frozen=True)
class Refusal:
    code: Code
    message: str
    headers: dict[str, str] = field(default_factory=dict)

    def body(self, request_id: str) -> dict[str, Any]:
        return {"code": self.code.number, "message": self.message, "request_id": request_id}


def handle(exc: Exception, context: dict[str, Any]) -> Response:
    """What the views here have instead of DRF's EXCEPTION_HANDLER."""
    set_rollback()
    request: Request = context["request"]
    refusal = refusal_of(exc)
    if refusal is None:
        log.exception("unhandled error in %s %s", request.method, request.path, exc_info=exc)
        refusal = named("internal")
    body = refusal.body(getattr(request, "request_id", ""))
    return Response(body, status=refusal.code.http, headers=refusal.headers)


def refusal_of(exc: Exception) -> Refusal | None:
    """None for an error that nobody foresaw."""
    match exc:
        case exceptions.AuthenticationFailed():
            found = named(str(exc.get_codes()), str(exc.detail))
        case InsufficientCredits():
            found = named("no_credits", f"{CODES['no_credits'].message}. {exc}")
        case QuotaExceeded():
            found = named(QUOTAS.get(exc.quota, "no_credits"), str(exc), wait=exc.retry_after)
        case errors.InvalidRequest():
            found = _invalid(exc.errors)
        case exceptions.ValidationError():
            found = named("invalid", " ".join(_sentences(exc.detail)))
        case TaskNotFound():
            found = named("invalid", f"Task not found by id/external id: {exc}")
        case SynchronousFailure():
            found = named(exc.name, str(exc))
        case _:
            return _listed(exc)
    return found


def named(name: str, message: str = "", *, wait: float | None = None) -> Refusal:
    """A row of CODES, with other words and a Retry-After in seconds where there are any."""
    code = CODES[name]
    headers = {"WWW-Authenticate": "Bearer"} if code.http == 401 else {}
    if wait:
        headers["Retry-After"] = str(math.ceil(wait))
    return Refusal(code, message or code.message, headers)


# Whose own words speak of our API or of our rows; Kling's say the same to every program.
WORDLESS = (exceptions.NotAuthenticated, exceptions.MethodNotAllowed, exceptions.NotFound, Http404)


def _listed(exc: Exception) -> Refusal | None:
    if is_outage(exc):
        return named("outage", wait=OUTAGE_SECONDS)
    for kinds, name in ERRORS:
        if isinstance(exc, kinds):
            text = "" if isinstance(exc, WORDLESS) else str(getattr(exc, "detail", "") or exc)
            return named(name, text, wait=getattr(exc, "wait", None))
    return None


def _invalid(found: list[FieldError]) -> Refusal:
    if any(one.code == "not_offered" and one.field == "operation" for one in found):
        return named("no_such_endpoint", found[0].message)
    return named("invalid", " ".join(_naming(one) for one in found))


def _naming(error: FieldError) -> str:
    """The sentence about a field, with the field's name as the program wrote it."""
    name = error.field.removeprefix("input.")
    return error.message if name in error.message else f"{name}: {error.message}"


def _sentences(detail: Any) -> list[str]:
    if isinstance(detail, dict):
        return [f"{name}: {text}" for name, one in detail.items() for text in _sentences(one)]
    if isinstance(detail, list):
        return [text for one in detail for text in _sentences(one)]
    return [str(detail)]
