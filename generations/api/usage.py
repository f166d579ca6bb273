from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ErrorDetail, ValidationError
from rest_framework.views import APIView

from accounts.authentication import actor_of
from billing.amounts import to_text
from generations import queries
from generations.api import serializers as shapes

USUAL_DAYS, MOST_DAYS = 30, 366


class UsageView(APIView):
    @extend_schema(
        summary="Jobs and credits per day and operation",
        parameters=[shapes.UsageQuery],
        responses=shapes.UsageSerializer,
        tags=["credits"],
    )
    def get(self, request: Request) -> Response:
        query = shapes.UsageQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        last = query.validated_data.get("to") or timezone.now().date()
        first = query.validated_data.get("from") or _days_before(last)
        if not timedelta(0) <= last - first <= timedelta(days=MOST_DAYS):
            message = f"`from` must be before `to`, by at most {MOST_DAYS} days."
            raise ValidationError({"from": ErrorDetail(message, code="invalid")})
        rows = queries.usage(actor_of(request).workspace, first=first, last=last)
        return Response({"data": [{**row, "credits": to_text(row["credits"])} for row in rows]})


def _days_before(last: date) -> date:
    """The usual first day; nothing is before the year 1, in a calendar of ours."""
    return date.fromordinal(max(1, last.toordinal() - USUAL_DAYS))
