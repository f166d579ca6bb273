"""What OpenAPI says beyond the views: the problem answers, and the key."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from kling_saas.api_errors import TITLES

TEXT, BOOLEAN = {"type": "string"}, {"type": "boolean"}
FIELD_PROBLEM = {
    "type": "object",
    "properties": {"field": TEXT, "code": TEXT, "message": TEXT},
    "required": ["field", "code", "message"],
}
PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `errors` comes with invalid_input, `needed` and `available` (and "
    "`debt`, if there is one) with insufficient_credits, `quota`, `limit` and `used` with "
    "quota_exceeded: strings where they count credits, else whole numbers.",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "code": {"type": "string", "enum": sorted(TITLES)},
        "request_id": TEXT,
        "retryable": BOOLEAN,
        "charged": {"type": ["boolean", "null"]},
        "errors": {"type": "array", "items": FIELD_PROBLEM},
        "needed": TEXT,
        "available": TEXT,
        "debt": TEXT,
        "quota": TEXT,
        "limit": {"type": ["string", "integer"]},
        "used": {"type": ["string", "integer"]},
    },
    "required": [
        *("type", "title", "status", "detail", "code", "request_id", "retryable", "charged"),
    ],
}
READ_ERRORS = {400, 401, 403, 404, 405, 406, 422, 429, 500, 503}
WRITE_ERRORS = READ_ERRORS | {402, 409, 413, 415}


def document_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A postprocessing hook: every operation may answer with problems."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in result["paths"].values():
        for method, operation in path.items():
            for status in sorted(READ_ERRORS if method == "get" else WRITE_ERRORS):
                answer = {"description": "A problem", "content": content}
                operation["responses"].setdefault(str(status), answer)
    return result


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API key, `ks_…`."}
