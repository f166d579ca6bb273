"""The pages under `/settings/webhooks`. They call the same actions as the API."""

from __future__ import annotations

from datetime import timedelta
from functools import wraps
from typing import ParamSpec

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import once
from accounts.decorators import ActorRequest, ActorView, View, workspace_required
from webhooks import endpoints, queries
from webhooks.forms import EndpointForm
from webhooks.models import DeliveryState, Endpoint

MADE_ALREADY = "That webhook was made already. Its secret was shown once."
SHOWN = 25
FAILED_SINCE = timedelta(days=7)

P = ParamSpec("P")


def of_endpoint(view: ActorView[P]) -> View[P]:
    """For views of one endpoint: 404 for what is not ours, refusals as a message on its page."""

    @workspace_required
    @wraps(view)
    def guarded(request: ActorRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except ObjectDoesNotExist:
            raise Http404 from None
        except ValidationError as exc:
            messages.error(request, " ".join(exc.messages))
            return redirect("webhook_endpoint", str(kwargs["public_id"]))

    return guarded


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@workspace_required
def endpoint_list(request: ActorRequest) -> HttpResponse:
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with once.first_use(request) as is_first:
                if not is_first:
                    messages.info(request, MADE_ALREADY)
                    return redirect("settings_webhooks")
                endpoint, secret = endpoints.create(by=request.actor, **form.cleaned_data)
        except ValidationError as exc:
            form.add_error(None, exc)
        else:
            return _show_secret(request, endpoint, secret, status=201)
    workspace = request.actor.workspace
    context = {
        "form": form,
        "once": once.new_token(),
        "endpoints": queries.endpoints(workspace),
        "deliveries": queries.deliveries_to_job_addresses(workspace)[:SHOWN],
    }
    return render(request, "webhooks/list.html", context, status=422 if form.is_bound else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@of_endpoint
def endpoint_page(request: ActorRequest, public_id: str) -> HttpResponse:
    endpoint = queries.endpoints(request.actor.workspace).get(public_id=public_id)
    given = {"url": endpoint.url, "description": endpoint.description, "events": endpoint.events}
    form = EndpointForm(request.POST or None, initial=given)
    if request.method == "POST" and form.is_valid():
        try:
            endpoints.change(by=request.actor, public_id=public_id, **form.cleaned_data)
        except ValidationError as exc:
            form.add_error(None, exc)
        else:
            messages.success(request, "Saved.")
            return redirect("webhook_endpoint", public_id)
    deliveries = list(queries.deliveries(endpoint)[:SHOWN])
    context = {
        "form": form,
        "once": once.new_token(),
        "endpoint": endpoint,
        "deliveries": deliveries,
        "waiting": any(one.state == DeliveryState.PENDING for one in deliveries),
        "any_failed": any(one.state == DeliveryState.FAILED for one in deliveries),
    }
    return render(request, "webhooks/endpoint.html", context, status=422 if form.is_bound else 200)


@require_safe
@of_endpoint
def delivery_page(request: ActorRequest, public_id: str, delivery_id: str) -> HttpResponse:
    endpoint = queries.endpoints(request.actor.workspace).get(public_id=public_id)
    delivery = queries.deliveries(endpoint).get(public_id=delivery_id)
    return render(request, "webhooks/delivery.html", {"endpoint": endpoint, "delivery": delivery})


@require_safe
@workspace_required
def job_delivery_page(request: ActorRequest, delivery_id: str) -> HttpResponse:
    found = queries.deliveries_to_job_addresses(request.actor.workspace)
    delivery = found.filter(public_id=delivery_id).first()
    if delivery is None:
        raise Http404
    return render(request, "webhooks/delivery.html", {"delivery": delivery})


@never_cache
@require_POST
@of_endpoint
def rotate(request: ActorRequest, public_id: str) -> HttpResponse:
    with once.first_use(request) as is_first:
        if not is_first:
            messages.info(request, "The new secret was made already. It was shown once.")
            return redirect("webhook_endpoint", public_id)
        endpoint, secret = endpoints.rotate_secret(by=request.actor, public_id=public_id)
    return _show_secret(request, endpoint, secret)


@require_POST
@of_endpoint
def send_test(request: ActorRequest, public_id: str) -> HttpResponse:
    endpoints.send_test(by=request.actor, public_id=public_id)
    messages.success(request, "A test event is on its way.")
    return redirect("webhook_endpoint", public_id)


@require_POST
@of_endpoint
def switch(request: ActorRequest, public_id: str) -> HttpResponse:
    on = request.POST.get("enabled") == "on"
    endpoints.change(by=request.actor, public_id=public_id, enabled=on)
    messages.success(request, "The endpoint is switched on." if on else "It is switched off.")
    return redirect("webhook_endpoint", public_id)


@require_POST
@of_endpoint
def delete(request: ActorRequest, public_id: str) -> HttpResponse:
    endpoints.delete(by=request.actor, public_id=public_id)
    messages.success(request, "The endpoint is deleted.")
    return redirect("settings_webhooks")


@require_POST
@of_endpoint
def redeliver(request: ActorRequest, public_id: str, delivery_id: str) -> HttpResponse:
    endpoints.redeliver(by=request.actor, public_id=public_id, delivery_id=delivery_id)
    messages.success(request, "The message is on its way again.")
    return redirect("webhook_endpoint", public_id)


@require_POST
@of_endpoint
def redeliver_failed(request: ActorRequest, public_id: str) -> HttpResponse:
    since = timezone.now() - FAILED_SINCE
    count = endpoints.redeliver_failed(by=request.actor, public_id=public_id, since=since)
    messages.success(request, f"{count} failed of the last 7 days are on their way again.")
    return redirect("webhook_endpoint", public_id)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@workspace_required
def workspace_secret(request: ActorRequest) -> HttpResponse:
    if request.method == "POST":
        # A second rotation would end the secret that receivers still have.
        with once.first_use(request) as is_first:
            if is_first:
                endpoints.rotate_workspace_secret(by=request.actor)
        messages.success(request, "There is a new secret. The old one still signs for 24 hours.")
        return redirect("webhook_secret")
    context = {"shown": endpoints.workspace_secret(by=request.actor), "once": once.new_token()}
    return render(request, "webhooks/workspace_secret.html", context)


def _show_secret(
    request: HttpRequest, endpoint: Endpoint, secret: str, *, status: int = 200
) -> HttpResponse:
    # Answered at once, not after a redirect: it is shown this once.
    context = {"endpoint": endpoint, "secret": secret, "is_new": status == 201}
    return render(request, "webhooks/secret.html", context, status=status)
