"""Log lines: readable in development, JSON in production; each carries its request's id.

No secret may stand in one. So tracebacks come without the values of variables (structlog would
print them: keys, passwords), and addresses without the tokens that open what they name.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer

# What follows opens a file, wakes a job, lets into a workspace, sets a password or confirms an
# address, for anybody who has it.
SECRET_PATHS = re.compile(
    r"(/files/|/hooks/kling/|/invitations/|/accounts/password/reset/key/"
    r"|/accounts/confirm-email/)[^/?\s\"']+"
)
# They log whole requests, with keys and signed addresses, once somebody looks for a fault at DEBUG.
TALKATIVE = ("urllib3", "requests", "stripe", "boto3", "botocore", "s3transfer")


def without_secrets(text: str) -> str:
    return SECRET_PATHS.sub(r"\1…", text)


def _hide_secrets(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> Any:
    """Django names the whole address of each request that it refuses."""
    line["event"] = without_secrets(str(line.get("event", "")))
    return line


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure() -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _renderers(*, json: bool) -> list[Any]:
    if json:
        tracebacks = ExceptionDictTransformer(show_locals=False)
        return [
            structlog.processors.ExceptionRenderer(tracebacks),
            structlog.processors.JSONRenderer(),
        ]
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain)]


def configuration(*, json: bool) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    _hide_secrets,
                    *_renderers(json=json),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            # Django adds a handler of its own while DEBUG is on: each line would come twice.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            # One line an enqueued task would drown everything else.
            "django-q": {"level": "WARNING", "handlers": ["stderr"], "propagate": False},
            **{name: {"level": "INFO"} for name in TALKATIVE},
        },
    }
