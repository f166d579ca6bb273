"""OpenAPI 3.1 as it is: problem answers, bearer key, operation ids that read well."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from kling_saas.api_errors import TITLES


class FieldProblem(serializers.Serializer[Any]):
    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457. `errors` stands with invalid_input, `needed` and `available` with
    insufficient_credits."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.ChoiceField(choices=sorted(TITLES))
    request_id = serializers.CharField()
    retryable = serializers.BooleanField()
    charged = serializers.BooleanField()
    errors = FieldProblem(many=True, required=False)  # type: ignore[assignment]
    needed = serializers.CharField(required=False)
    available = serializers.CharField(required=False)
    quota = serializers.CharField(required=False)


READ_ERRORS = (401, 403, 404, 405, 406, 422, 429, 500)
WRITE_ERRORS = (400, 401, 402, 403, 404, 405, 406, 409, 413, 415, 422, 429, 500, 503)


class Schema(AutoSchema):
    def get_response_serializers(self) -> Any:
        found: Any = super().get_response_serializers()
        if not isinstance(found, dict):
            found = {200: found}
        errors = READ_ERRORS if self.method in {"GET", "HEAD"} else WRITE_ERRORS
        problems = {(status, "application/problem+json"): ProblemSerializer for status in errors}
        return {**problems, **found}


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API key, `ks_…`."}
