from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kling_saas.api_errors import MEANINGS, RETRYABLE, TITLES


@require_safe
def errors(request: HttpRequest) -> HttpResponse:
    """Where the `type` of every problem answer leads."""
    rows = [
        {"code": code, "title": title, "meaning": MEANINGS[code], "retryable": code in RETRYABLE}
        for code, title in TITLES.items()
    ]
    return render(request, "kling_saas/errors.html", {"rows": rows})
