"""The baseline: a Django view that commits the rows of one job, and does nothing else.

No key, no validation, no price, no idempotency, no problem answers: only the same INSERTs and
the same UPDATE in one transaction, through the same models.
"""

from __future__ import annotations

import json
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
    with transaction.atomic():
        account = CreditAccount.objects.get(workspace__public_id=workspace)
        # What is held is kept by a trigger on the hold; the account is locked and looked at here.
        CreditAccount.objects.filter(pk=account.pk, balance__gte=F("held") + AMOUNT).update(
            held=F("held")
        )
        hold = Hold.objects.create(account=account, reference=uuid4().hex, amount=AMOUNT)
        generation = Generation.objects.create(
            workspace_id=account.workspace_id,
            operation=body["operation"],
            model=body["operation"],
            input=body["input"],
            account=ProviderAccount.objects.get(),
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


urlpatterns = [path("create/<workspace>", create)]
