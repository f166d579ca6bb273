from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import keys, once
from accounts.decorators import ActorRequest, role_required
from accounts.forms import KeyForm
from accounts.models import ApiKey, Role

MADE_ALREADY = "That key was made already. Its secret was shown once; make another if it is lost."


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.ADMIN)
def key_list(request: ActorRequest) -> HttpResponse:
    form = KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        make = keys.create_pair if given.pop("kind") == "pair" else keys.create_key
        try:
            with once.first_use(request) as is_first:
                if not is_first:
                    messages.info(request, MADE_ALREADY)
                    return redirect("settings_keys")
                key, secret = make(by=request.actor, **given)
        except ValidationError as exc:
            form.add_error(None, exc)
        else:
            # Answered at once, not after a redirect: the secret is kept nowhere to show it later.
            context = {"key": key, "secret": secret}
            return render(request, "accounts/key_created.html", context, status=201)
    context = {
        "form": form,
        "once": once.new_token(),
        "keys": request.actor.workspace.api_keys.select_related("created_by"),
    }
    return render(request, "accounts/keys.html", context, status=422 if form.is_bound else 200)


@require_safe
@role_required(Role.ADMIN)
def revoke_page(request: ActorRequest, prefix: str) -> HttpResponse:
    key = request.actor.workspace.api_keys.filter(prefix=prefix, revoked_at=None).first()
    if key is None:
        raise Http404
    return render(request, "accounts/key_revoke.html", {"key": key})


@require_POST
@role_required(Role.ADMIN)
def revoke(request: ActorRequest, prefix: str) -> HttpResponse:
    try:
        key = keys.revoke_key(by=request.actor, prefix=prefix)
    except ApiKey.DoesNotExist:
        raise Http404 from None
    messages.success(request, f"“{key.label}” is revoked. Programs that use it are refused now.")
    return redirect("settings_keys")
