from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.views.decorators.csrf import requires_csrf_token
from django.views.decorators.http import require_safe
from django.views.defaults import server_error

from accounts.outage import is_outage
from kling_saas.api_errors import AGAIN, MEANINGS, RETRYABLE, TITLES


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


@requires_csrf_token
def fault(request: HttpRequest) -> HttpResponse:
    """What no view has answered. Django calls it while the exception is handled, and has logged it.

    While the database does not answer it is 503, so that a browser, or who called a hook, comes
    again.
    """
    if not is_outage(sys.exception()):
        return server_error(request)
    if request.path.startswith("/hooks/"):
        return JsonResponse({"error": "temporarily unavailable"}, status=503, headers=AGAIN)
    return HttpResponse(render_to_string("503.html"), status=503, headers=AGAIN)
