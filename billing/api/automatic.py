"""What buys credits by itself, for programs to look at. People set it up on pages."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import actor_of
from accounts.models import Scope
from billing import queries
from billing.api.serializers import CreditsField
from billing.subscriptions import starting
from billing.top_ups import due, rules


class CardSerializer(serializers.Serializer[Any]):
    brand = serializers.CharField()
    last4 = serializers.CharField()
    exp_month = serializers.IntegerField()
    exp_year = serializers.IntegerField()


class TopUpSerializer(serializers.Serializer[Any]):
    is_on = serializers.BooleanField()
    off_reason = serializers.CharField(help_text="Why it is off; empty if nobody set it up.")
    threshold = CreditsField(help_text="Below so many available credits `pack` is bought.")
    pack = serializers.CharField(allow_null=True)
    currency = serializers.CharField(allow_null=True)
    monthly_cap = serializers.IntegerField(
        allow_null=True, help_text="In the currency's smallest unit (cents)."
    )
    charged_this_month = serializers.IntegerField(help_text="The same. Months are those of UTC.")
    card = CardSerializer(allow_null=True)


class PlanSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    credits = CreditsField(help_text="A month.")
    amount = serializers.IntegerField(help_text="A month, in the currency's smallest unit.")
    currency = serializers.CharField()


class SubscriptionSerializer(serializers.Serializer[Any]):
    status = serializers.CharField(
        help_text="`none`, or Stripe's word: active, past_due, unpaid, …"
    )
    plan = PlanSerializer(allow_null=True)
    period_end = serializers.DateTimeField(allow_null=True)
    cancel_at = serializers.DateTimeField(allow_null=True, help_text="When it ends, if it will.")


class TopUpView(APIView):
    @extend_schema(
        operation_id="get_top_up",
        summary="Automatic top-up",
        tags=["credits"],
        responses=TopUpSerializer,
    )
    def get(self, request: Request) -> Response:
        actor = actor_of(request)
        actor.require(Scope.READ)
        rule = rules.rule_of(actor.workspace)
        body = {
            "is_on": bool(rule and rule.is_on),
            "off_reason": rule.off_reason if rule else "",
            "threshold": rule.threshold if rule else 0,
            "pack": rule.pack if rule else None,
            "currency": rule.currency if rule else None,
            "monthly_cap": rule.monthly_cap if rule else None,
            "charged_this_month": due.spent_this_month(rule) if rule else 0,
            "card": queries.card_of(actor.workspace),
        }
        return Response(TopUpSerializer(body).data)


class SubscriptionView(APIView):
    @extend_schema(
        operation_id="get_subscription",
        summary="Subscription",
        tags=["credits"],
        responses=SubscriptionSerializer,
    )
    def get(self, request: Request) -> Response:
        actor = actor_of(request)
        actor.require(Scope.READ)
        found = starting.current(actor.workspace)
        if found is None or found.is_starting:
            body: Any = {"status": "none", "plan": None, "period_end": None, "cancel_at": None}
            return Response(SubscriptionSerializer(body).data)
        return Response(SubscriptionSerializer(found).data)
