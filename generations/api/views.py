from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ErrorDetail, ValidationError
from rest_framework.views import APIView

from accounts.access import Actor
from accounts.authentication import actor_of
from accounts.bodies import json_body
from accounts.models import Scope
from accounts.pages import page
from billing.amounts import to_text
from generations import actions, approvals, places, queries
from generations.api import serializers as shapes
from generations.api import waiting
from generations.models import Generation, Quote
from generations.representation import moment, represent

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="The same key within 24 hours gives the same generation, not a second one.",
)
PREFER = OpenApiParameter(
    "Prefer",
    str,
    OpenApiParameter.HEADER,
    description="`wait=N`, up to 60: answer when the generation is final, or after N seconds.",
)


class GenerationsView(APIView):
    @extend_schema(
        summary="Create a generation",
        request=shapes.CreateSerializer,
        responses={202: shapes.GenerationSerializer},
        parameters=[IDEMPOTENCY_KEY, PREFER],
        tags=["generations"],
    )
    def post(self, request: Request) -> Response:
        order = _order(request, idempotency_key=idempotency_key(request))
        wait = waiting.seconds(request.headers.get("Prefer", ""))
        created = actions.submit(order, by=actor_of(request))
        awaited = waiting.until_final(created.generation, seconds=wait)
        response = _accepted(awaited.generation)
        if created.replayed:
            response["Idempotency-Replayed"] = "true"
        if wait and awaited.applied:
            response["Preference-Applied"] = f"wait={wait}"
        return response

    @extend_schema(
        operation_id="generations_list",
        summary="List generations, newest first",
        parameters=[shapes.ListQuery],
        responses=shapes.GenerationPage,
        tags=["generations"],
    )
    def get(self, request: Request) -> Response:
        query = shapes.ListQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        rows = queries.for_workspace(actor_of(request).workspace)
        rows = rows.select_related("workspace__plan", "approval_request")
        rows = rows.prefetch_related("assets")
        found = page(queries.matching(rows, asked), asked)
        positions = places.of(found.rows)
        data = [represent(row, position=positions.get(row.pk)) for row in found.rows]
        return Response({"data": data, "next_cursor": found.next_cursor})


class GenerationView(APIView):
    @extend_schema(
        summary="One generation", responses=shapes.GenerationSerializer, tags=["generations"]
    )
    def get(self, request: Request, public_id: str) -> Response:
        found = get_generation(actor_of(request), public_id)
        return Response(represent(found, position=places.of([found]).get(found.pk)))

    @extend_schema(
        summary="Delete a finished generation and its files",
        responses={204: None},
        tags=["generations"],
    )
    def delete(self, request: Request, public_id: str) -> Response:
        actions.delete(get_generation(actor_of(request), public_id), by=actor_of(request))
        return Response(status=204)


class CancelView(APIView):
    @extend_schema(
        summary="Cancel a generation that has not reached the provider",
        request=None,
        responses=shapes.GenerationSerializer,
        tags=["generations"],
    )
    def post(self, request: Request, public_id: str) -> Response:
        generation = get_generation(actor_of(request), public_id)
        actions.cancel(generation, by=actor_of(request))
        return Response(represent(generation))


class ApproveView(APIView):
    required_scope = Scope.APPROVE

    @extend_schema(
        summary="Approve a generation that waits for it",
        request=None,
        responses=shapes.GenerationSerializer,
        tags=["generations"],
    )
    def post(self, request: Request, public_id: str) -> Response:
        generation = get_generation(actor_of(request), public_id)
        approvals.approve(generation, by=actor_of(request))
        return Response(represent(generation))


class RejectView(APIView):
    required_scope = Scope.APPROVE

    @extend_schema(
        summary="Reject a generation that waits for approval",
        request=shapes.RejectSerializer,
        responses=shapes.GenerationSerializer,
        tags=["generations"],
    )
    def post(self, request: Request, public_id: str) -> Response:
        generation = get_generation(actor_of(request), public_id)
        body = shapes.RejectSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        note = body.validated_data.get("reason", "")
        approvals.reject(generation, by=actor_of(request), note=note)
        return Response(represent(generation))


class QuotesView(APIView):
    required_scope = Scope.READ

    @extend_schema(
        summary="Bind a price for 15 minutes",
        request=shapes.CreateSerializer,
        responses={201: shapes.QuoteSerializer},
        tags=["generations"],
    )
    def post(self, request: Request) -> Response:
        quote = actions.quote(_order(request), by=actor_of(request))
        return Response(_represent_quote(quote), status=201)


def get_generation(actor: Actor, public_id: str) -> Generation:
    rows = queries.for_workspace(actor.workspace).prefetch_related("assets")
    return get_object_or_404(rows, public_id=public_id)


def _order(request: Request, *, idempotency_key: str = "") -> actions.Order:
    return shapes.order_of(json_body(request), idempotency_key=idempotency_key)


def idempotency_key(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > 255 or not key.isprintable():
        message = "At most 255 printable characters."
        raise ValidationError({"Idempotency-Key": ErrorDetail(message, code="too_long")})
    return key


def _accepted(generation: Generation) -> Response:
    body = represent(generation)
    return Response(body, status=202, headers={"Location": body["urls"]["self"]})


def _represent_quote(quote: Quote) -> dict[str, Any]:
    return {
        "id": quote.public_id,
        "credits": to_text(quote.credits),
        "units": format(quote.units.normalize(), "f"),
        "unit_type": quote.unit_type,
        "breakdown": quote.breakdown,
        "expires_at": moment(quote.expires_at),
    }
