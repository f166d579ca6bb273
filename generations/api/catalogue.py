from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from generations.api import serializers as shapes
from generations.offering import Offering, offered


class OperationsView(APIView):
    @extend_schema(
        operation_id="operations_list",
        summary="What can be made",
        responses=shapes.OperationList,
        tags=["catalogue"],
    )
    def get(self, request: Request) -> Response:
        return Response({"data": [_represent(one) for one in offered()]})


class OperationView(APIView):
    @extend_schema(
        summary="One operation, with the JSON Schema of its input",
        responses=shapes.OperationSerializer,
        tags=["catalogue"],
    )
    def get(self, request: Request, name: str) -> Response:
        for one in offered():
            if one.operation.name == name:
                return Response(_represent(one))
        raise Http404


def _represent(one: Offering) -> dict[str, Any]:
    operation, schema = one.operation, one.schema()
    return {
        "name": operation.name,
        "title": operation.title,
        "description": operation.description,
        "media_kind": operation.media_kind,
        "models": schema.pop("x-models", []),
        "input_schema": schema,
        "providers": one.providers,
    }
