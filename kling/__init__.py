"""Kling's protocol as CometAPI, Cloudsway and Kling itself speak it. Knows no web framework.

::

    request = kling.parse("text-to-video", {"prompt": "A fox in snow"}, dialect="cloudsway")
    request.units.amount          # Decimal("3"): Kling units, before anything is sent
    client = kling.KlingClient(kling.Account("cloudsway", key="…", endpoint_path="…"))
    task = client.submit(request, external_task_id="…")
    task = client.get(request.operation.path, task.task_id)

The errors are drawn in kling/errors, the operations declared in kling/operations, the models
and prices listed in kling/catalogue.toml.
"""

from __future__ import annotations

from kling.accounts import Account
from kling.catalogue import Catalogue, CatalogueError
from kling.client import KlingClient
from kling.dialects import Dialect
from kling.errors import (
    AccountExhausted,
    AuthenticationFailed,
    ConnectionLost,
    ContentPolicy,
    DuplicateExternalId,
    FieldError,
    InvalidInput,
    InvalidSignature,
    KlingError,
    Maintenance,
    MaybeAccepted,
    NotPrepared,
    NotSupported,
    ProviderRejected,
    RateLimited,
    ServerError,
    TaskNotFound,
    TimedOut,
    TooManyTasks,
    Unparsable,
    Unreachable,
)
from kling.operations import Operation
from kling.requests import Request, parse
from kling.schema import input_schema
from kling.tasks import Output, Task, deduction, failure_kind
from kling.transport import HttpRequest, HttpResponse, PooledTransport, Timeouts, Transport
from kling.units import Line, Units

__all__ = [
    "Account",
    "AccountExhausted",
    "AuthenticationFailed",
    "Catalogue",
    "CatalogueError",
    "ConnectionLost",
    "ContentPolicy",
    "Dialect",
    "DuplicateExternalId",
    "FieldError",
    "HttpRequest",
    "HttpResponse",
    "InvalidInput",
    "InvalidSignature",
    "KlingClient",
    "KlingError",
    "Line",
    "Maintenance",
    "MaybeAccepted",
    "NotPrepared",
    "NotSupported",
    "Operation",
    "Output",
    "PooledTransport",
    "ProviderRejected",
    "RateLimited",
    "Request",
    "ServerError",
    "Task",
    "TaskNotFound",
    "TimedOut",
    "Timeouts",
    "TooManyTasks",
    "Transport",
    "Units",
    "Unparsable",
    "Unreachable",
    "deduction",
    "failure_kind",
    "input_schema",
    "parse",
]
