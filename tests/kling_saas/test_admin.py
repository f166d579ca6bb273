"""The operator sees every kind of thing that the product keeps."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from generations.models import ProviderAccount
from tests.conftest import Person
from tests.generations.test_main_job import SOUND, create
from tests.working import finish

pytestmark = pytest.mark.django_db
OURS = {"accounts", "billing", "webhooks", "generations", "worker"}
# Shown on the page of what they belong to.
INLINE = {
    "accounts.Membership",
    "billing.UnitPrice",
    "billing.Margin",
    "billing.OperationRate",
    "billing.OrderChange",
    "billing.Refund",
    "billing.Dispute",
    "billing.PackPrice",
    "billing.LotDraw",
    "billing.SubscriptionChange",
    "billing.SubscriptionGrant",
    "billing.TopUpChange",
}
# Counted up with each request and gone a minute later: nothing to look at.
NOT_SHOWN = {"accounts.RequestCount"}
MODELS = [model for model in apps.get_models() if model._meta.app_label in OURS]


def test_it_shows_every_model() -> None:
    missing = {model._meta.label for model in MODELS if model not in admin.site._registry}
    assert missing == INLINE | NOT_SHOWN


def test_its_lists_and_pages_open(
    operator: Client, ada: Person, cloudsway: ProviderAccount
) -> None:
    finish(create(ada.api, SOUND)["id"])
    for model in MODELS:
        if model not in admin.site._registry:
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert operator.get(reverse(f"{name}_changelist")).status_code == 200, model
        if row := model._default_manager.first():
            page = operator.get(reverse(f"{name}_change", args=[row.pk]))
            assert page.status_code == 200, model


def test_it_is_closed_to_customers(ada: Person) -> None:
    assert ada.browser.get("/admin/generations/generation/").status_code in {302, 403}
