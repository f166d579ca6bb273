"""Everything that can go wrong between a caller and Kling.

::

    KlingError
    ├── InvalidInput            ours, before any call; carries one FieldError per wrong field
    ├── NotPriced               ours: the operator has set no price for it; nothing was sent
    ├── NotSupported            the dialect has no such call; nothing was sent
    ├── InvalidSignature        a callback that the provider did not sign
    ├── ProviderRejected        definite no: 1200-1203, 1300, other 4xx
    │   └── ContentPolicy       definite no: 1301
    ├── AuthenticationFailed    definite no: 1000-1004, HTTP 401 and 403
    ├── AccountExhausted        definite no: 1100-1103, 1304, no quota, no supply
    ├── RateLimited             not accepted, try later: 1302, HTTP 429
    ├── TooManyTasks            not accepted, try later: 1303
    ├── Maintenance             not accepted, try much later: 5001
    ├── Unreachable             not sent: refused, no such host, no connection in time
    ├── NotPrepared             not sent: the call that has to come first had no clear answer
    ├── TaskNotFound            the provider says that it does not know the task
    ├── DuplicateExternalId     the provider already has a task under this external id
    └── MaybeAccepted           nobody knows; a submit must be looked up before it is sent again
        ├── ServerError         5000, 5002, HTTP 5xx
        ├── ConnectionLost      the connection broke after the request went out
        ├── TimedOut            no whole answer in time
        └── Unparsable          HTML, a redirect, broken or foreign JSON, too large

``retryable``: the same call may work later without a change. ``maybe_accepted``: a submit that
ended like this may be running and may be charged; sending it again blindly charges twice.
``step_was_done``: the provider has taken what the call costs that comes before a task.
Which code means what: Kling's table of error codes (protocol, section 8.1). The code in the
body decides, the HTTP status only where there is no code: 1102 arrives as HTTP 429 and must
not be retried.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MESSAGE_LIMIT = 500  # characters of a provider's message that are kept


@dataclass(frozen=True)
class FieldError:
    """One wrong field: ``field`` is a dotted path such as ``multi_prompt.0.prompt``."""

    field: str
    code: str
    message: str


class KlingError(Exception):
    """Base of all errors of this package. ``code`` is Kling's number, or a word of ours."""

    retryable: bool = False
    maybe_accepted: bool = False
    step_was_done: bool = False
    default_code: int | str = "kling_error"

    def __init__(
        self,
        message: str,
        *,
        code: int | str | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.message = printable(message)
        self.code: int | str = self.default_code if code is None else code
        self.http_status = http_status
        self.request_id = request_id
        self.retry_after = retry_after
        super().__init__(self.message)

    def __str__(self) -> str:
        facts = [f"code {self.code}"]
        if self.http_status is not None:
            facts.append(f"HTTP {self.http_status}")
        if self.request_id:
            facts.append(f"request {self.request_id}")
        return f"{self.message} ({', '.join(facts)})"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class InvalidInput(KlingError):
    default_code = "invalid_input"

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors: tuple[FieldError, ...] = tuple(errors)
        super().__init__(" ".join(error.message for error in self.errors) or "Invalid input.")


class NotPriced(KlingError):
    default_code = "not_priced"


class NotSupported(KlingError):
    default_code = "not_supported"


class InvalidSignature(KlingError):
    default_code = "invalid_signature"


class ProviderRejected(KlingError):
    default_code = "provider_rejected"


class ContentPolicy(ProviderRejected):
    default_code = "content_policy"


class AuthenticationFailed(KlingError):
    default_code = "authentication_failed"


class AccountExhausted(KlingError):
    default_code = "account_exhausted"


class RateLimited(KlingError):
    retryable = True
    default_code = "rate_limited"


class TooManyTasks(KlingError):
    retryable = True
    default_code = "too_many_tasks"


class Maintenance(KlingError):
    retryable = True
    default_code = "maintenance"


class Unreachable(KlingError):
    retryable = True
    default_code = "unreachable"


class NotPrepared(KlingError):
    retryable = True
    default_code = "not_prepared"


class TaskNotFound(KlingError):
    default_code = "task_not_found"


class DuplicateExternalId(KlingError):
    # An earlier submit under this id got through, so "maybe" is the least one can say.
    maybe_accepted = True
    default_code = "duplicate_external_id"


class MaybeAccepted(KlingError):
    retryable = True
    maybe_accepted = True
    default_code = "maybe_accepted"


class ServerError(MaybeAccepted):
    default_code = "server_error"


class ConnectionLost(MaybeAccepted):
    default_code = "connection_lost"


class TimedOut(MaybeAccepted):
    default_code = "timed_out"


class Unparsable(MaybeAccepted):
    default_code = "unparsable"


def printable(text: str) -> str:
    """``text`` on one line, bounded, without control characters: it goes to logs and pages."""
    flat = "".join(char if char.isprintable() else " " for char in text[: 2 * MESSAGE_LIMIT])
    return " ".join(flat.split())[:MESSAGE_LIMIT]
