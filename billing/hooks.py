"""`POST /hooks/stripe`."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing import inbox

logger = logging.getLogger(__name__)

MAX_BODY = 1024 * 1024


@csrf_exempt
@require_POST
def stripe(request: HttpRequest) -> HttpResponse:
    """200 once the event is stored. A failure of ours is a 5xx, so that Stripe sends it again."""
    if int(request.headers.get("Content-Length") or 0) > MAX_BODY:
        return HttpResponse(status=413)
    try:
        event = inbox.read(request.body, request.headers.get("Stripe-Signature", ""))
    except inbox.InvalidEvent as exc:
        logger.warning("stripe event refused: %s", exc)
        return HttpResponse(str(exc), status=400, content_type="text/plain")
    inbox.record(event)
    return HttpResponse(status=200)
