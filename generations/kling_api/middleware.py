"""Answers below `/kling/v1` that no view has made, in Kling's envelope all the same."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from generations.kling_api import errors

PREFIX = "/kling/v1"


class KlingEnvelopeMiddleware:
    """A program that reads JSON gets JSON, also where Django answers with a page of its own.

    Stands inside of RequestIdMiddleware, whose id it repeats, and outside of what may refuse.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_ours = request.path_info == PREFIX or request.path_info.startswith(f"{PREFIX}/")
        is_page = "json" not in response.get("Content-Type", "")
        if not is_ours or response.status_code < 400 or not is_page:
            return response
        refusal = errors.named(errors.BY_STATUS.get(response.status_code, "internal"))
        body = refusal.body(getattr(request, "request_id", ""))
        return JsonResponse(body, status=refusal.code.http, headers=refusal.headers)
