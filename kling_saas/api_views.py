from __future__ import annotations

from threading import Lock
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.throttling import StrangerThrottle

# drf-spectacular looks for its extensions at the first description, and fails with two at once.
_describing = Lock()


class SchemaView(SpectacularJSONAPIView):
    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    throttle_classes = [StrangerThrottle]

    def _get_schema_response(self, request: Request) -> Any:
        with _describing:
            return super()._get_schema_response(request)  # type: ignore[no-untyped-call]


class DocsView(SpectacularSwaggerSplitView):
    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    throttle_classes = [StrangerThrottle]


@extend_schema(exclude=True)
class NothingHereView(APIView):
    """Unknown API addresses answer as the API does: with a problem, after asking for the key."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Http404

    def get(self, request: Request) -> Response:
        raise Http404

    post = put = patch = delete = get
