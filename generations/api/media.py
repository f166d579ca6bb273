from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ErrorDetail, ValidationError
from rest_framework.views import APIView

from accounts.authentication import actor_of
from generations import files, queries, uploads
from generations.api import serializers as shapes
from generations.errors import StorageUnavailable
from generations.media import sniffing
from generations.models import Asset, Upload
from generations.representation import expires_at, moment, represent_asset

CONTENT_TYPES = [media_type.name for media_type in sniffing.MEDIA_TYPES]
MULTIPART = {
    "multipart/form-data": {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}},
        "required": ["file"],
    }
}


class UploadsView(APIView):
    parser_classes = [MultiPartParser]

    @extend_schema(
        summary="Upload a file to use as input",
        request=MULTIPART,
        responses={201: shapes.UploadSerializer},
        tags=["media"],
    )
    def post(self, request: Request) -> Response:
        file = request.FILES.get("file")
        if file is None:
            message = "Send the file as multipart form data in the part “file”."
            raise ValidationError({"file": ErrorDetail(message, code="required")})
        upload = uploads.save_upload(by=actor_of(request), file=file)
        return Response(_represent_upload(upload), status=201)


class AssetView(APIView):
    @extend_schema(summary="One asset", responses=shapes.AssetSerializer, tags=["media"])
    def get(self, request: Request, public_id: str) -> Response:
        return Response(represent_asset(_asset(request, public_id)))


class AssetContentView(APIView):
    @extend_schema(
        summary="The bytes of an asset; Range is understood",
        responses={
            (200, *CONTENT_TYPES): OpenApiTypes.BINARY,
            (206, *CONTENT_TYPES): OpenApiTypes.BINARY,
            302: OpenApiResponse(description="A signed link to the bytes"),
            304: OpenApiResponse(description="Not changed since"),
            416: OpenApiResponse(description="The file has no such range"),
        },
        tags=["media"],
    )
    def get(self, request: Request, public_id: str) -> HttpResponseBase:
        asset = _asset(request, public_id)
        answer = files.asset_response(asset, request._request, redirect_remote=True)
        if answer.status_code == 503:
            raise StorageUnavailable("The file cannot be read now. Please try again.")
        return answer


def _asset(request: Request, public_id: str) -> Asset:
    return get_object_or_404(queries.assets_of(actor_of(request).workspace), public_id=public_id)


def _represent_upload(upload: Upload) -> dict[str, Any]:
    return {
        "id": upload.public_id,
        "kind": upload.kind,
        "media_type": upload.media_type,
        "bytes": upload.bytes,
        "sha256": upload.sha256,
        "width": upload.width,
        "height": upload.height,
        "duration_seconds": None if upload.duration is None else str(upload.duration),
        "filename": upload.filename,
        "expires_at": moment(expires_at(upload)),
        "created_at": moment(upload.created_at),
    }
