"""`/api/v1/webhook-endpoints`: parse, authorise, call one action, answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.core.exceptions import ValidationError as DomainError
from django.urls import reverse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.authentication import actor_of
from accounts.bodies import json_body
from accounts.models import Scope
from accounts.pages import PageQuery, page
from webhooks import endpoints, queries
from webhooks.api import serializers as shapes
from webhooks.models import Delivery, Endpoint

TAGS = ["Webhooks"]


@contextmanager
def answered() -> Iterator[None]:
    """Turn refusals of the domain into answers."""
    try:
        yield
    except ObjectDoesNotExist as exc:
        raise NotFound from exc
    except DomainError as exc:
        raise ValidationError(exc.message_dict) from exc


def parsed(serializer: Serializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def with_secret(endpoint: Endpoint, secret: str) -> dict[str, Any]:
    return dict(shapes.EndpointWithSecret(endpoint, context={"secret": secret}).data)


class Endpoints(APIView):
    @extend_schema(
        operation_id="webhook_endpoints_list",
        summary="List webhook endpoints",
        parameters=[PageQuery],
        responses=shapes.EndpointList,
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        asked = parsed(PageQuery(data=request.query_params))
        found = page(queries.endpoints(actor_of(request).workspace), asked)
        return Response(shapes.EndpointList(found).data)

    @extend_schema(
        operation_id="webhook_endpoints_create",
        summary="Create a webhook endpoint",
        description="The answer carries the signing secret, this once.",
        request=shapes.EndpointInput,
        responses={201: shapes.EndpointWithSecret},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        fields = parsed(shapes.EndpointInput(data=json_body(request)))
        with answered():
            endpoint, secret = endpoints.create(by=actor_of(request), **fields)
        location = reverse("api_webhook_endpoint", args=[endpoint.public_id])
        return Response(
            with_secret(endpoint, secret),
            status=status.HTTP_201_CREATED,
            headers={"Location": location},
        )


class OneEndpoint(APIView):
    @extend_schema(
        operation_id="webhook_endpoints_retrieve",
        summary="Show a webhook endpoint",
        responses=shapes.EndpointOutput,
        tags=TAGS,
    )
    def get(self, request: Request, endpoint_id: str) -> Response:
        with answered():
            endpoint = queries.endpoints(actor_of(request).workspace).get(public_id=endpoint_id)
        return Response(shapes.EndpointOutput(endpoint).data)

    @extend_schema(
        operation_id="webhook_endpoints_update",
        summary="Change a webhook endpoint",
        request=shapes.EndpointChange(partial=True),
        responses=shapes.EndpointOutput,
        tags=TAGS,
    )
    def patch(self, request: Request, endpoint_id: str) -> Response:
        fields = parsed(shapes.EndpointChange(data=request.data, partial=True))
        with answered():
            endpoint = endpoints.change(by=actor_of(request), public_id=endpoint_id, **fields)
        return Response(shapes.EndpointOutput(endpoint).data)

    @extend_schema(
        operation_id="webhook_endpoints_delete",
        summary="Delete a webhook endpoint",
        responses={204: OpenApiResponse(description="Nothing more is sent to it.")},
        tags=TAGS,
    )
    def delete(self, request: Request, endpoint_id: str) -> Response:
        with answered():
            endpoints.delete(by=actor_of(request), public_id=endpoint_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RotateSecret(APIView):
    @extend_schema(
        operation_id="webhook_endpoints_rotate_secret",
        summary="Rotate the signing secret",
        description="The new secret is in the answer, this once. For 24 hours messages carry "
        "signatures by both.",
        request=None,
        responses=shapes.EndpointWithSecret,
        tags=TAGS,
    )
    def post(self, request: Request, endpoint_id: str) -> Response:
        with answered():
            endpoint, secret = endpoints.rotate_secret(by=actor_of(request), public_id=endpoint_id)
        return Response(with_secret(endpoint, secret))


class SendTest(APIView):
    @extend_schema(
        operation_id="webhook_endpoints_test",
        summary="Send a test event",
        description="Sends `webhook.test`, whatever events the endpoint takes.",
        request=None,
        responses={202: shapes.DeliveryOutput},
        tags=TAGS,
    )
    def post(self, request: Request, endpoint_id: str) -> Response:
        with answered():
            delivery = endpoints.send_test(by=actor_of(request), public_id=endpoint_id)
        return accepted(delivery)


class Deliveries(APIView):
    @extend_schema(
        operation_id="webhook_endpoints_deliveries",
        summary="List deliveries",
        description="Newest first, each with every attempt: request, answer, time.",
        parameters=[PageQuery],
        responses=shapes.DeliveryList,
        tags=TAGS,
    )
    def get(self, request: Request, endpoint_id: str) -> Response:
        with answered():
            endpoint = queries.endpoints(actor_of(request).workspace).get(public_id=endpoint_id)
        asked = parsed(PageQuery(data=request.query_params))
        found = page(queries.deliveries(endpoint), asked)
        return Response(shapes.DeliveryList(found).data)


class Redeliver(APIView):
    @extend_schema(
        operation_id="webhook_endpoints_redeliver",
        summary="Send a delivery again",
        description="Same id, same body, new timestamp and signature.",
        request=None,
        responses={202: shapes.DeliveryOutput},
        tags=TAGS,
    )
    def post(self, request: Request, endpoint_id: str, delivery_id: str) -> Response:
        with answered():
            delivery = endpoints.redeliver(
                by=actor_of(request), public_id=endpoint_id, delivery_id=delivery_id
            )
        return accepted(delivery)


class RedeliverFailed(APIView):
    @extend_schema(
        operation_id="webhook_endpoints_redeliver_failed",
        summary="Send all failed deliveries again",
        description="The oldest 1000 that failed since the given time.",
        request=shapes.RedeliverFailed,
        responses={202: shapes.Count},
        tags=TAGS,
    )
    def post(self, request: Request, endpoint_id: str) -> Response:
        fields = parsed(shapes.RedeliverFailed(data=json_body(request)))
        with answered():
            count = endpoints.redeliver_failed(
                by=actor_of(request), public_id=endpoint_id, **fields
            )
        return Response({"count": count}, status=status.HTTP_202_ACCEPTED)


class WorkspaceSecret(APIView):
    required_scope = Scope.WRITE

    @extend_schema(
        operation_id="webhook_signing_secret_retrieve",
        summary="Show the workspace's signing secret",
        description="It signs what is sent to the `webhook_url` of single jobs.",
        responses=shapes.SigningSecret,
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        secret = endpoints.workspace_secret(by=actor_of(request))
        return Response(shapes.SigningSecret(secret).data)


class RotateWorkspaceSecret(APIView):
    @extend_schema(
        operation_id="webhook_signing_secret_rotate",
        summary="Rotate the workspace's signing secret",
        description="For 24 hours messages carry signatures by both.",
        request=None,
        responses=shapes.SigningSecret,
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        secret = endpoints.rotate_workspace_secret(by=actor_of(request))
        return Response(shapes.SigningSecret(secret).data)


def accepted(delivery: Delivery) -> Response:
    return Response(shapes.DeliveryOutput(delivery).data, status=status.HTTP_202_ACCEPTED)
