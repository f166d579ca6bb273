from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ErrorDetail, ValidationError
from rest_framework.views import APIView

from accounts.authentication import actor_of
from billing.amounts import to_text
from generations import usage
from generations.api import serializers as shapes

USUAL_DAYS = 30


class UsageView(APIView):
    @extend_schema(
        summary="Jobs and credits per day and operation, on request per member and key",
        parameters=[shapes.UsageQuery],
        responses=shapes.UsageSerializer,
        tags=["credits"],
    )
    def get(self, request: Request) -> Response:
        query = shapes.UsageQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        last = asked.get("to") or datetime.now(UTC).date()
        first = asked.get("from") or _days_before(last)
        if not timedelta(0) <= last - first <= timedelta(days=usage.MOST_DAYS):
            message = f"`from` must be before `to`, by at most {usage.MOST_DAYS} days."
            raise ValidationError({"from": ErrorDetail(message, code="invalid")})
        selection = usage.Selection(
            actor_of(request).workspace, first, last, operation=asked.get("operation", "")
        )
        rows = usage.per_day(selection, group_by=asked.get("group_by", ()))
        return Response({"data": [{**row, "credits": to_text(row["credits"])} for row in rows]})


def _days_before(last: date) -> date:
    """The usual first day; nothing is before the year 1, in a calendar of ours."""
    return date.fromordinal(max(1, last.toordinal() - USUAL_DAYS))
