from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.throttling import StrangerThrottle


class SchemaView(SpectacularJSONAPIView):
    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    throttle_classes = [StrangerThrottle]


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
