from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import actor_of
from accounts.caps import Cap
from billing.amounts import to_text
from generations.representation import moment
from generations.spending import end_of, standing


class CapSerializer(serializers.Serializer[Any]):
    quota = serializers.CharField(help_text="As in the answer that refuses a job.")
    limit = serializers.CharField()
    used = serializers.CharField(help_text="Charged, or still held, for jobs of that time.")
    remaining = serializers.CharField()
    resets_at = serializers.DateTimeField()


class SpendingSerializer(serializers.Serializer[Any]):
    data = CapSerializer(many=True)  # type: ignore[assignment]


class SpendingView(APIView):
    @extend_schema(
        operation_id="get_spending",
        summary="The spending caps on this key's jobs",
        description="People set them in the settings; a program cannot.",
        responses=SpendingSerializer,
        tags=["credits"],
    )
    def get(self, request: Request) -> Response:
        rows = [_represent(cap, used) for cap, used in standing(actor_of(request))]
        return Response({"data": rows})


def _represent(cap: Cap, used: int) -> dict[str, Any]:
    return {
        "quota": cap.quota,
        "limit": to_text(cap.limit),
        "used": to_text(used),
        "remaining": to_text(max(0, cap.limit - used)),
        "resets_at": moment(end_of(cap.period)),
    }
