"""The baseline: a Django view that commits the rows of one job, and does nothing else.

No key, no validation, no price, no idempotency, no problem answers, and nothing is read: only the
same INSERTs and the same UPDATE in one transaction, through the same models. Whose account it is
and who is to make it are looked up once a process.
"""

from __future__ import annotations

import json
from functools import cache
from uuid import uuid4

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from billing.models import CreditAccount, Hold
from generations.models import Generation, ProviderAccount, Transition

AMOUNT = 250_000  # micro-credits: text-to-audio


@csrf_exempt
def create(request: HttpRequest, workspace: str) -> JsonResponse:
    body = json.loads(request.body)
    owner, account, provider = _keys(workspace)
    with transaction.atomic():
        # What is held is kept by a trigger on the hold; the account is locked and looked at here.
        CreditAccount.objects.filter(pk=account, balance__gte=F("held") + AMOUNT).update(
            held=F("held")
        )
        hold = Hold.objects.create(account_id=account, reference=uuid4().hex, amount=AMOUNT)
        generation = Generation.objects.create(
            workspace_id=owner,
            operation=body["operation"],
            model=body["operation"],
            input=body["input"],
            account_id=provider,
            external_task_id=uuid4().hex,
            due_at=timezone.now(),
            units="0.25",
            unit_type="video",
            price_book_id=1,
            rate=1_000_000,
            quoted=AMOUNT,
            hold=hold,
        )
        Transition.objects.create(
            generation=generation, now="queued", reason="created", at=timezone.now()
        )
    return JsonResponse({"id": generation.public_id}, status=202)


@cache
def _keys(workspace: str) -> tuple[int, int, int]:
    """Of the workspace, its account, and the provider account, by the workspace's public id."""
    account = CreditAccount.objects.get(workspace__public_id=workspace)
    return account.workspace_id, account.pk, ProviderAccount.objects.get().pk


urlpatterns = [path("create/<workspace>", create)]
