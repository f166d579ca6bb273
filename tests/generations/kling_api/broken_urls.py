"""Addresses that break, in front of the real ones."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response

from generations.kling_api.views import KlingView


class BrokenView(KlingView):
    def get(self, request: Request) -> Response:
        raise RuntimeError("broken on purpose")


def broken(_: HttpRequest) -> HttpResponse:
    raise RuntimeError("broken on purpose")


urlpatterns: list[Any] = [
    path("kling/v1/in-a-view", BrokenView.as_view()),
    path("kling/v1/in-django", broken),
    path("", include("kling_saas.urls")),
]
