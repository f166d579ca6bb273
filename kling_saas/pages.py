from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
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


@require_safe
def favicon(_: HttpRequest) -> HttpResponse:
    """For browsers on pages that name no icon: the admin and the API's own page."""
    return redirect(static("img/favicon.svg"))
