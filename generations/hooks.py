"""`POST /hooks/kling/{token}`: a provider says that a task has changed.

The body is never believed, for money or for media: at most it wakes the poller, which asks. So a
forged callback costs one query, and only if its sender has guessed 190 random bits. One that says
"still running" wakes nobody: providers send one at each change, and only the last is worth asking.
"""

from __future__ import annotations

import logging
import time

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from generations import refresh
from generations.models import Generation, State
from kling.callbacks import parse, verify
from kling.errors import InvalidSignature, KlingError
from webhooks.secrets import Unreadable, unseal

log = logging.getLogger(__name__)

MAX_BODY = 256 * 1024


@csrf_exempt
@require_POST
def kling_callback(request: HttpRequest, token: str) -> HttpResponse:
    # Before the body: Django would take 40 MB of it. A body in chunks has its length by now.
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY:
        return JsonResponse({"error": "too large"}, status=413)
    found = Generation.objects.filter(callback_token=token).select_related("account").first()
    if found is None:
        return JsonResponse({"error": "unknown"}, status=404)
    if found.account.callback_secret and not _is_signed(request, found.account.callback_secret):
        return JsonResponse({"error": "bad signature"}, status=400)
    if not _says_running(request.body) or found.state == State.RECONCILING:
        refresh.call_back(found)
    return JsonResponse({"ok": True})


def _says_running(body: bytes) -> bool:
    try:
        return parse(body).status in ("submitted", "processing")
    except KlingError:
        return False  # whatever it is, asking does no harm


def _is_signed(request: HttpRequest, sealed: str) -> bool:
    try:
        secret = unseal(sealed)
        verify(headers=request.headers, body=request.body, secrets=[secret], now=time.time())
    except InvalidSignature:
        return False
    except Unreadable:
        log.error("a callback secret cannot be read: was SECRET_KEY changed?")
        return False
    return True
