"""RFC 9457 problem answers: the one place where errors of the domain meet HTTP."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, UnreadablePostError
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import set_rollback

import accounts.access
import accounts.quotas
import billing.errors
import generations.errors
from accounts.outage import is_outage
from billing.amounts import to_text

log = logging.getLogger(__name__)

TITLES = {
    "malformed_request": "The request cannot be read",
    "not_authenticated": "An API key is needed",
    "permission_denied": "Not permitted",
    "insufficient_credits": "Not enough credits",
    "not_found": "Not found",
    "method_not_allowed": "Method not allowed",
    "not_acceptable": "Only JSON is offered",
    "idempotency_in_progress": "A request with this key is being worked",
    "not_cancellable": "Too late to cancel",
    "already_decided": "Nothing to approve",
    "not_finished": "Not finished yet",
    "quote_expired": "The quote has expired",
    "too_large": "Too large",
    "unsupported_media_type": "Unsupported media type",
    "invalid_input": "Invalid input",
    "idempotency_mismatch": "The key belongs to another request",
    "rate_limited": "Too many requests",
    "quota_exceeded": "A limit is reached",
    "provider_unavailable": "No provider is available",
    "storage_unavailable": "Storage is not available",
    "payment_unavailable": "Payment is not available",
    "temporarily_unavailable": "Try again in a moment",
    "internal_error": "Something went wrong on our side",
}
MEANINGS = {
    "malformed_request": "The body is not a JSON object, or not valid UTF-8. 400.",
    "not_authenticated": "The Authorization header is missing, or its key is unknown, revoked or "
    "expired. 401.",
    "permission_denied": "The key lacks the scope that this needs, or the workspace may start no "
    "new job. 403.",
    "insufficient_credits": "`needed` and `available` say how much is missing; `debt`, if there is "
    "one, what is owed for a payment that was taken back. 402.",
    "not_found": "There is nothing with this id in your workspace. 404.",
    "method_not_allowed": "This address does not know the method. 405.",
    "not_acceptable": "The Accept header excludes JSON. 406.",
    "idempotency_in_progress": "The first request with this key has not been answered yet. 409.",
    "not_cancellable": "The generation has reached the provider, or is final. 409.",
    "already_decided": "The generation waits for no approval, or not any more. 409.",
    "not_finished": "Only a finished generation can be deleted. 409.",
    "quote_expired": "A quote binds us for 15 minutes. Ask for a new one. 409.",
    "too_large": "The body or the file is larger than we take. 413.",
    "unsupported_media_type": "Send JSON, or for an upload a file of a type that we know. 415.",
    "invalid_input": "`errors` names each wrong field, with a code and a sentence. 422.",
    "idempotency_mismatch": "The key was used before with another body. 422.",
    "rate_limited": "Wait for the seconds in Retry-After. 429.",
    "quota_exceeded": "Your plan or a spending cap has no room for this now: `quota` names it, "
    "with its `limit` and what is `used`. 429.",
    "provider_unavailable": "No provider can take the job at the moment. 503.",
    "storage_unavailable": "Files cannot be stored at the moment. 503.",
    "payment_unavailable": "Stripe cannot be reached, or is not set up. 503.",
    "temporarily_unavailable": "The database did not answer in time. `charged` is null: send the "
    "same Idempotency-Key again, and nothing is made twice. 503.",
    "internal_error": "Our mistake. Tell us the request_id. 500.",
}
RETRYABLE = {
    "idempotency_in_progress",
    "rate_limited",
    "quota_exceeded",
    "provider_unavailable",
    "storage_unavailable",
    "payment_unavailable",
    "temporarily_unavailable",
    "internal_error",
}

# When is not known: as often as is no burden.
AGAIN = {"Retry-After": "30"}


@dataclass(frozen=True)
class Problem:
    status: int
    code: str
    detail: str
    extra: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def body(self, request_id: str) -> dict[str, Any]:
        return {
            "type": f"{settings.SITE_URL}/docs/errors#{self.code}",
            "title": TITLES[self.code],
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "request_id": request_id,
            "retryable": self.code in RETRYABLE,
            # Every error of ours is found before a hold, or takes its hold back with it.
            "charged": False,
            **self.extra,
        }


def handle(exc: Exception, context: dict[str, Any]) -> Response:
    """DRF's EXCEPTION_HANDLER."""
    set_rollback()
    request = context["request"]
    problem = problem_of(exc)
    if problem is None:
        log.exception("unhandled error in %s %s", request.method, request.path, exc_info=exc)
        problem = Problem(500, "internal_error", "Nothing was charged. Please try again.")
    # Whatever the view renders else: the page of the documentation would make HTML of it.
    request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
    return respond(problem, request)


def respond(problem: Problem, request: HttpRequest) -> Response:
    return Response(
        problem.body(getattr(request, "request_id", "")),
        status=problem.status,
        headers=problem.headers,
        content_type="application/problem+json",
    )


def problem_of(exc: Exception) -> Problem | None:
    """None for an error that nobody foresaw."""
    match exc:
        case UnreadablePostError():
            return Problem(400, "malformed_request", "The body broke off.")
        case exceptions.ValidationError():
            return invalid(list(_flatten(exc.get_full_details())))
        case generations.errors.InvalidRequest():
            return invalid([(e.field, e.code, e.message) for e in exc.errors])
        case billing.errors.InsufficientCredits():
            return _insufficient_credits(exc)
        case accounts.quotas.QuotaExceeded():
            return _quota_exceeded(exc)
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            headers = {"WWW-Authenticate": "Bearer"}
            return Problem(401, "not_authenticated", _text(exc), headers=headers)
        case exceptions.Throttled():
            headers = {"Retry-After": str(getattr(exc, "wait", None) or 1)}
            return Problem(429, "rate_limited", _text(exc), headers=headers)
    return _simple(exc)


# Errors whose own text is the whole answer; where it is empty, the title serves.
SIMPLE: list[tuple[type[Exception], int, str]] = [
    (exceptions.ParseError, 400, "malformed_request"),
    (SuspiciousOperation, 400, "malformed_request"),
    (accounts.access.NotPermitted, 403, "permission_denied"),
    (exceptions.PermissionDenied, 403, "permission_denied"),
    (PermissionDenied, 403, "permission_denied"),
    (billing.errors.AccountFrozen, 403, "permission_denied"),
    (exceptions.MethodNotAllowed, 405, "method_not_allowed"),
    (exceptions.NotAcceptable, 406, "not_acceptable"),
    (generations.errors.NotCancellable, 409, "not_cancellable"),
    (generations.errors.AlreadyDecided, 409, "already_decided"),
    (generations.errors.NotFinished, 409, "not_finished"),
    (generations.errors.QuoteExpired, 409, "quote_expired"),
    (generations.errors.IdempotencyInProgress, 409, "idempotency_in_progress"),
    (generations.errors.TooLarge, 413, "too_large"),
    (exceptions.UnsupportedMediaType, 415, "unsupported_media_type"),
    (generations.errors.UnsupportedMedia, 415, "unsupported_media_type"),
    (generations.errors.IdempotencyMismatch, 422, "idempotency_mismatch"),
    (generations.errors.ProviderUnavailable, 503, "provider_unavailable"),
    (generations.errors.StorageUnavailable, 503, "storage_unavailable"),
    (billing.errors.PaymentUnavailable, 503, "payment_unavailable"),
]


def _simple(exc: Exception) -> Problem | None:
    if isinstance(exc, exceptions.NotFound | Http404):
        return Problem(404, "not_found", "There is nothing here with this id.")
    if isinstance(exc, RequestDataTooBig):
        return Problem(413, "too_large", "The body is larger than 40 MB.")
    if is_outage(exc):
        # At the commit itself nobody can say whether it happened; the same key finds out.
        detail = "The database did not answer in time. Send the same Idempotency-Key again."
        return Problem(503, "temporarily_unavailable", detail, {"charged": None}, AGAIN)
    for kind, status, code in SIMPLE:
        if isinstance(exc, kind):
            headers = AGAIN if status == 503 else {}
            return Problem(status, code, _text(exc) or TITLES[code], headers=headers)
    return None


def invalid(errors: list[tuple[str, str, str]]) -> Problem:
    """422 with one entry a field; the detail repeats the first for those who read only that."""
    entries = [{"field": name, "code": code, "message": text} for name, code, text in errors]
    detail = f"{errors[0][0]}: {errors[0][2]}" if errors else TITLES["invalid_input"]
    return Problem(422, "invalid_input", detail, {"errors": entries})


def _insufficient_credits(exc: billing.errors.InsufficientCredits) -> Problem:
    amounts = {"needed": to_text(exc.needed), "available": to_text(exc.available)}
    if isinstance(exc, billing.errors.InDebt):
        amounts["debt"] = to_text(exc.debt)
    return Problem(402, "insufficient_credits", str(exc), amounts)


def _quota_exceeded(exc: accounts.quotas.QuotaExceeded) -> Problem:
    headers = {"Retry-After": str(exc.retry_after)} if exc.retry_after else {}
    headers["RateLimit-Policy"] = f'"{exc.quota}";q={exc.limit}'
    headers["RateLimit"] = f'"{exc.quota}";r={max(0, exc.limit - exc.used)}'
    counted = exc.quota in accounts.quotas.NOT_IN_CREDITS
    amounts = [amount if counted else to_text(amount) for amount in (exc.limit, exc.used)]
    extra = {"quota": exc.quota, "limit": amounts[0], "used": amounts[1]}
    return Problem(429, "quota_exceeded", str(exc), extra, headers)


def _text(exc: Exception) -> str:
    return str(getattr(exc, "detail", "") or exc)


def _flatten(details: Any, path: str = "") -> Any:
    """DRF's nested error details as (field, code, message)."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        yield path or "body", str(details["code"]), str(details["message"])
    elif isinstance(details, dict):
        for name, item in details.items():
            inner = path if name == "non_field_errors" else f"{path}.{name}".lstrip(".")
            yield from _flatten(item, inner)
    else:
        for item in details:
            yield from _flatten(item, path)
