"""The way to Stripe's customer portal."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.decorators import ActorRequest, workspace_required
from billing.errors import NoCustomer, PaymentUnavailable
from billing.portal import open_portal

# Pages of ours that the portal may lead back to.
BACK = ("credits", "subscription", "top_up")


@require_POST
@workspace_required
def leave(request: ActorRequest) -> HttpResponse:
    wanted = request.POST.get("back", "")
    back_to = wanted if wanted in BACK else BACK[0]
    try:
        return redirect(open_portal(by=request.actor, back_to=back_to))
    except (NoCustomer, PaymentUnavailable) as exc:
        messages.error(request, str(exc))
        return redirect(back_to)
