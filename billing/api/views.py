from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import Actor
from accounts.authentication import actor_of
from accounts.bodies import json_body
from accounts.models import Scope
from accounts.pages import PageQuery, page
from billing import checkout, credits, queries
from billing.api.serializers import (
    BalanceSerializer,
    CheckoutRequest,
    CheckoutSerializer,
    EntryPageSerializer,
    PacksSerializer,
)
from billing.errors import UnknownCurrency, UnknownPack


class CreditsView(APIView):
    @extend_schema(
        operation_id="get_credits",
        summary="Balance",
        tags=["credits"],
        responses=BalanceSerializer,
    )
    def get(self, request: Request) -> Response:
        actor = _actor(request, Scope.READ)
        now = credits.balance(actor.workspace)
        body = {
            "balance": now.balance,
            "held": now.held,
            "available": now.available,
            "debt": now.debt,
            "frozen": now.frozen,
            "expiring": queries.expiring(actor.workspace),
        }
        return Response(BalanceSerializer(body).data)


class EntriesView(APIView):
    @extend_schema(
        operation_id="list_credit_entries",
        summary="Ledger, newest first",
        tags=["credits"],
        parameters=[PageQuery],
        responses=EntryPageSerializer,
    )
    def get(self, request: Request) -> Response:
        actor = _actor(request, Scope.READ)
        query = PageQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = page(queries.entries_of(actor.workspace), query.validated_data, field="seq")
        return Response(EntryPageSerializer(found).data)


class PacksView(APIView):
    @extend_schema(
        operation_id="list_packs",
        summary="Packs on sale",
        tags=["credits"],
        responses=PacksSerializer,
    )
    def get(self, request: Request) -> Response:
        _actor(request, Scope.READ)
        packs: dict[str, Any] = {"data": queries.packs_on_sale()}
        return Response(PacksSerializer(packs).data)


class CheckoutsView(APIView):
    required_scope = Scope.BILLING

    @extend_schema(
        operation_id="create_checkout",
        summary="Buy a pack",
        description="Send the buyer to `url`. The credits are there once the payment is.",
        tags=["credits"],
        request=CheckoutRequest,
        responses={201: CheckoutSerializer},
    )
    def post(self, request: Request) -> Response:
        actor = _actor(request, Scope.BILLING)
        wanted = CheckoutRequest(data=json_body(request))
        wanted.is_valid(raise_exception=True)
        try:
            order = checkout.start_checkout(
                by=actor,
                pack_slug=wanted.validated_data["pack"],
                currency=wanted.validated_data.get("currency", ""),
            )
        except UnknownPack as exc:
            raise serializers.ValidationError({"pack": [str(exc)]}) from exc
        except UnknownCurrency as exc:
            raise serializers.ValidationError({"currency": [str(exc)]}) from exc
        return Response(CheckoutSerializer(order).data, status=status.HTTP_201_CREATED)


def _actor(request: Request, scope: Scope) -> Actor:
    actor = actor_of(request)
    actor.require(scope)
    return actor
