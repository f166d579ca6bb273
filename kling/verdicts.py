"""A provider's error → the exception it stands for. The code in the body first, HTTP second."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kling.errors import (
    AccountExhausted,
    AuthenticationFailed,
    ContentPolicy,
    DuplicateExternalId,
    KlingError,
    Maintenance,
    ProviderRejected,
    RateLimited,
    ServerError,
    TaskNotFound,
    TooManyTasks,
)

# Kling's table of error codes (protocol, section 8.1)
_BY_CODE: dict[int, type[KlingError]] = {
    **dict.fromkeys(range(1000, 1005), AuthenticationFailed),
    **dict.fromkeys((1100, 1101, 1102, 1103, 1304), AccountExhausted),
    1301: ContentPolicy,
    1302: RateLimited,
    1303: TooManyTasks,
    5001: Maintenance,
}
_CLOCK_CODES = (1003, 1004)  # token not yet valid, token expired: a fresh one may pass

_BY_HTTP: dict[int, type[KlingError]] = {
    401: AuthenticationFailed,
    402: AccountExhausted,
    403: AuthenticationFailed,
    # The server gave up waiting for our bytes, or says so: nobody knows what it did with them.
    408: ServerError,
    429: RateLimited,
}

# Words that relays use where Kling has numbers: no quota at CometAPI, no supply at Cloudsway.
_EXHAUSTED_WORDS = re.compile(
    r"insufficient_user_quota|insufficient_quota|pre_consume_token_quota_failed"
    r"|NO_BALANCER_ERROR|NO_PROVIDER_ERROR|NO_PASSAGEWAY|NO_ENDPOINT"
    r"|MODEL_TYPE_NOT_FOUND|AI_PASSAGEWAY_GROUP_IS_EMPTY_ERROR",
    re.IGNORECASE,
)
_NOT_FOUND = re.compile(r"^\W*task[ _](is[ _])?(not|does[ _]not)[ _](found|exist)", re.IGNORECASE)
# Kling writes "External_task_id … already exists". Relays have words of their own, and one that is
# missed gives the credits of a running job back.
_DUPLICATE = re.compile(
    r"external[ _]?task[ _]?id\b.*\b(exists|already|duplicated?|unique)\b"
    r"|\bduplicated? external[ _]?task[ _]?id\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Complaint:
    """What a provider said instead of a task. ``lookup``: it was asked about an existing one."""

    code: int | str | None
    message: str
    http_status: int
    request_id: str | None = None
    retry_after: float | None = None
    lookup: bool = False


def verdict(complaint: Complaint) -> KlingError:
    kind = _kind(complaint)
    message = complaint.message or f"The provider answered with code {complaint.code}."
    error = kind(
        message,
        code=complaint.code if complaint.code not in (None, "") else None,
        http_status=complaint.http_status,
        request_id=complaint.request_id,
        retry_after=complaint.retry_after,
    )
    if complaint.code in _CLOCK_CODES:
        error.retryable = True
    return error


def _kind(complaint: Complaint) -> type[KlingError]:
    special = _by_words(complaint)
    if special is not None:
        return special
    if isinstance(complaint.code, int) and complaint.code >= 1000:
        return _by_number(complaint.code, complaint.http_status)
    status = complaint.http_status
    if isinstance(complaint.code, int) and 400 <= complaint.code < 600 and status < 400:
        status = complaint.code  # a relay that puts its HTTP status into the body
    if status == 409 and not complaint.lookup:
        return DuplicateExternalId  # what else could a new task be in conflict with
    return by_http(status)


def _by_words(complaint: Complaint) -> type[KlingError] | None:
    words = f"{complaint.code} {complaint.message}"
    named = (str(complaint.code), complaint.message)
    # Who is in trouble does not know what it knows; "not found" would let a job be sent twice.
    in_trouble = complaint.http_status >= 500
    if complaint.lookup and not in_trouble and any(_NOT_FOUND.search(text) for text in named):
        return TaskNotFound
    if not complaint.lookup and _DUPLICATE.search(complaint.message):
        return DuplicateExternalId
    if isinstance(complaint.code, int) and complaint.code >= 1000:
        return None
    if complaint.http_status < 500 and _EXHAUSTED_WORDS.search(words):
        return AccountExhausted
    # CometAPI answers 500 to a request that it does not understand, and names it like this.
    return ProviderRejected if complaint.code == "invalid_request" else None


def _by_number(code: int, http_status: int) -> type[KlingError]:
    if code in _BY_CODE:
        return _BY_CODE[code]
    if 1200 <= code <= 1399:
        return ProviderRejected
    # An unknown code: only a plain client error is a definite no.
    return ProviderRejected if 400 <= http_status < 500 else ServerError


def by_http(status: int) -> type[KlingError]:
    """What an HTTP status alone says. An error without any is nobody's definite no."""
    if status in _BY_HTTP:
        return _BY_HTTP[status]
    return ProviderRejected if 400 <= status < 500 else ServerError
