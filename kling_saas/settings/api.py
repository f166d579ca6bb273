"""The REST API and its description."""

from __future__ import annotations

from typing import Any

from kling_saas.settings.place import SITE_URL

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.ScopePermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["kling_saas.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": [],
    "EXCEPTION_HANDLER": "kling_saas.api_errors.handle",
    "UNAUTHENTICATED_USER": None,
    # There is only JSON: `?format=…` is a parameter that nobody knows, not a reason for a 404.
    "URL_FORMAT_OVERRIDE": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Kling studio API",
    "DESCRIPTION": "Create videos, images and sound with Kling. Credits are held when a job is "
    "created, and charged by what the provider really deducts.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SCHEMA_PATH_PREFIX_TRIM": False,
    "SERVERS": [{"url": SITE_URL}],
    "TAGS": [
        {
            "name": "generations",
            "description": "Jobs: price them, create them, see what came of them.",
        },
        {"name": "catalogue", "description": "What can be made, with which models and settings."},
        {"name": "media", "description": "Results, and files to use as input."},
        {"name": "credits", "description": "Balance, ledger, usage, and buying more."},
        {"name": "webhooks", "description": "Be told when something has happened."},
    ],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "kling_saas.openapi.document_problems",
        "generations.api.description.describe_operations",
    ],
    "ENUM_NAME_OVERRIDES": {
        "MediaKind": "generations.models.MediaKind",
        "GenerationStatus": "generations.states.State",
        "EntryKind": "billing.models.Entry.Kind",
    },
}
