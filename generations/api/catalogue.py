from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from generations.api import serializers as shapes
from generations.models import ProviderAccount
from kling import dialects, operations
from kling.operations.base import Operation
from kling.schema import input_schema


class OperationsView(APIView):
    @extend_schema(
        operation_id="operations_list",
        summary="What can be made",
        responses=shapes.OperationList,
        tags=["catalogue"],
    )
    def get(self, request: Request) -> Response:
        served = _served()
        found = operations.all_operations()
        return Response({"data": [_represent(operation, served) for operation in found]})


class OperationView(APIView):
    @extend_schema(
        summary="One operation, with the JSON Schema of its input",
        responses=shapes.OperationSerializer,
        tags=["catalogue"],
    )
    def get(self, request: Request, name: str) -> Response:
        for operation in operations.all_operations():
            if operation.name == name:
                return Response(_represent(operation, _served()))
        raise Http404


def _served() -> list[str]:
    """Dialects behind which there is an account, in the order in which they are used."""
    accounts = ProviderAccount.objects.filter(enabled=True).order_by("priority", "pk")
    return list(dict.fromkeys(accounts.values_list("dialect", flat=True)))


def _represent(operation: Operation, served: list[str]) -> dict[str, Any]:
    providers = [name for name in served if dialects.get(name).serves(operation)]
    # With several providers behind us a request goes to the one that takes it.
    schema = input_schema(operation, providers[0] if len(providers) == 1 else None)
    return {
        "name": operation.name,
        "title": operation.title,
        "description": operation.description,
        "media_kind": operation.media_kind,
        "models": schema.pop("x-models", []),
        "input_schema": schema,
        "providers": providers,
    }
