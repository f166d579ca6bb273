from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.decorators import ActorRequest, workspace_required


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("studio")
    return render(request, "accounts/home.html")


@require_safe
@workspace_required
def welcome(request: ActorRequest) -> HttpResponse:
    return render(request, "accounts/welcome.html")
