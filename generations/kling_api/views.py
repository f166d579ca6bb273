from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import actor_of
from accounts.bodies import json_body
from generations import actions
from generations.api import waiting
from generations.kling_api import errors, finding
from generations.kling_api.authentication import KlingAuthentication
from generations.kling_api.orders import order_of
from generations.kling_api.representation import (
    answer_to_create,
    represent,
    represent_all,
)
from generations.models import Generation, State
from kling.operations.base import Operation

MOST_PAGES, MOST_ROWS = 1000, 500  # Kling's own limits (protocol, section 4.2)
# How a synchronous job failed, as the code of the answer that was waiting for it; all other ways
# are the fault of what was asked.
FAILURES = {"content_policy": "content_policy", "result_lost": "internal"}


class AlwaysJson(BaseContentNegotiation):
    """Kling answers with JSON whatever a program says that it accepts."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type or ""


class KlingView(APIView):
    authentication_classes = [KlingAuthentication]
    content_negotiation_class = AlwaysJson
    http_method_names = ["get", "head", "post"]
    schema = None  # no part of the OpenAPI of /api/v1

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response]:
        return errors.handle


class PageQuery(serializers.Serializer[Any]):
    pageNum = serializers.IntegerField(  # noqa: N815  Kling's own word
        required=False, min_value=1, max_value=MOST_PAGES, default=1
    )
    pageSize = serializers.IntegerField(  # noqa: N815
        required=False, min_value=1, max_value=MOST_ROWS, default=30
    )


class TasksView(KlingView):
    """An operation's endpoint: create a task, list the workspace's own."""

    def post(self, request: Request, operation: Operation) -> Response:
        body = json_body(request)
        assert isinstance(body, dict)  # the parser takes nothing else
        order = order_of(operation, body)
        generation = actions.submit(order, by=actor_of(request)).generation
        if operation.synchronous:
            generation = waiting.until_final(generation, seconds=waiting.LONGEST).generation
            _refuse_failed(generation)
        return _answer(request, answer_to_create(generation))

    def get(self, request: Request, operation: Operation) -> Response:
        query = PageQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        size = query.validated_data["pageSize"]
        start = (query.validated_data["pageNum"] - 1) * size
        rows = finding.tasks(actor_of(request).workspace, operation)[start : start + size]
        return _answer(request, represent_all(list(rows)))


class TaskView(KlingView):
    def get(self, request: Request, operation: Operation, task_id: str) -> Response:
        found = finding.task(actor_of(request).workspace, operation, task_id)
        return _answer(request, represent(found))


class NothingHereView(KlingView):
    """An unknown endpoint is refused as Kling does it, after asking for the key."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Http404


def _refuse_failed(generation: Generation) -> None:
    """A caller that waited gets the reason as an error, as from Kling."""
    if generation.state == State.FAILED:
        name = FAILURES.get(generation.error_code, "invalid")
        raise errors.SynchronousFailure(name, generation.error_message)


def _answer(request: Request, data: Any) -> Response:
    request_id = getattr(request, "request_id", "")
    return Response(
        {"code": 0, "message": "SUCCEED", "request_id": request_id, "data": data},
    )
