"""Automatic top-up: the card that is charged, when, with what, and up to how much."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.decorators import ActorRequest, workspace_required
from accounts.models import Scope
from billing import cards, currencies, packs, portal, queries
from billing.errors import InvalidTopUp, NoSavedCard, PaymentUnavailable
from billing.fields import CreditsFormField
from billing.models import CardConsent, TopUpRule
from billing.top_ups import due, rules
from billing.views.leading_out import render_leading_out

SHOWN = 10


class RuleForm(forms.Form):
    threshold = CreditsFormField(
        label="Buy below",
        help_text="So many available credits; what running jobs hold is not available.",
    )
    pack = forms.ChoiceField(label="Pack")
    monthly_cap = forms.DecimalField(
        label="At most a month",
        min_value=0,
        max_digits=14,
        decimal_places=3,
        help_text="Money, in the currency of the pack. Months are those of UTC.",
    )

    def __init__(self, data: Any = None, *, rule: TopUpRule | None = None) -> None:
        super().__init__(data, initial=_initial(rule))
        field = self.fields["pack"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (f"{pack.slug} {price.currency}", f"{pack.name} for {_money(price)}")
            for pack in queries.packs_on_sale()
            for price in packs.prices_of(pack)
        ]
        self.fields["monthly_cap"].widget.attrs["step"] = "any"

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        slug, _, currency = values.get("pack", "").partition(" ")
        cap = values.get("monthly_cap")
        if slug and cap is not None:
            try:
                values["monthly_cap"] = currencies.from_decimal(cap, currency)
            except ValueError as exc:
                self.add_error("monthly_cap", str(exc))
        return values | {"pack": slug, "currency": currency}


def _initial(rule: TopUpRule | None) -> dict[str, Any]:
    if rule is None:
        return {}
    cap = currencies.to_decimal(rule.monthly_cap, rule.currency)
    return {
        "threshold": rule.threshold,
        "pack": f"{rule.pack} {rule.currency}",
        "monthly_cap": cap,
    }


def _money(price: packs.PriceTag) -> str:
    return currencies.to_text(price.amount, price.currency)


@require_http_methods(["GET", "HEAD", "POST"])
@workspace_required
def overview(request: ActorRequest) -> HttpResponse:
    rule = rules.rule_of(request.actor.workspace)
    if request.method != "POST":
        return _show(request, RuleForm(rule=rule), rule)
    request.actor.require(Scope.BILLING)
    form = RuleForm(request.POST, rule=rule)
    if form.is_valid():
        try:
            rules.order(by=request.actor, **form.cleaned_data)
        except InvalidTopUp as exc:
            form.add_error(exc.field, exc.reason)
        except NoSavedCard as exc:
            form.add_error(None, str(exc))
        else:
            messages.success(request, "Automatic top-up is on.")
            return redirect("top_up")
    return _show(request, form, rule, status=422)


@require_POST
@workspace_required
def switch_off(request: ActorRequest) -> HttpResponse:
    rules.switch_off(by=request.actor)
    messages.success(request, "Automatic top-up is off.")
    return redirect("top_up")


@require_POST
@workspace_required
def save_card(request: ActorRequest) -> HttpResponse:
    request.actor.require(Scope.BILLING)
    if not request.POST.get("agreed"):
        messages.error(request, "Please agree to the terms first.")
        return redirect("top_up")
    try:
        page = cards.begin(by=request.actor, address=get_adapter().get_client_ip(request))
    except PaymentUnavailable as exc:
        messages.error(request, str(exc))
        return redirect("top_up")
    return redirect(page)


@require_GET
@workspace_required
def card_return(request: ActorRequest, public_id: str) -> HttpResponse:
    consents = CardConsent.objects.filter(workspace=request.actor.workspace)
    consent = consents.filter(public_id=public_id).select_related("customer", "workspace").first()
    if consent is None:
        raise Http404
    try:
        card = cards.finish(consent)
    except PaymentUnavailable as exc:
        messages.error(request, str(exc))
    else:
        if card is None:
            messages.error(request, "No card was saved.")
        elif card.removed_at is None:
            messages.success(request, f"{card} is saved.")
    return redirect("top_up")


@require_POST
@workspace_required
def remove_card(request: ActorRequest) -> HttpResponse:
    cards.remove(by=request.actor)
    messages.success(request, "The card is removed.")
    return redirect("top_up")


def _show(
    request: ActorRequest, form: RuleForm, rule: TopUpRule | None, status: int = 200
) -> HttpResponse:
    workspace = request.actor.workspace
    context = {
        "form": form,
        "rule": rule,
        "spent": due.spent_this_month(rule) if rule else 0,
        "card": queries.card_of(workspace),
        "terms": cards.TERMS,
        "is_offered": rules.is_offered(),
        "may_buy": request.actor.may(Scope.BILLING),
        "has_portal": portal.customer_of(workspace) is not None,
        "top_ups": queries.top_ups_of(workspace)[:SHOWN],
    }
    return render_leading_out(request, "billing/top_up.html", context, status)
