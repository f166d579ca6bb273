"""Plans that every installation has, and moving a workspace to another one."""

from __future__ import annotations

from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps
from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.access import Actor
from accounts.models import Plan, Workspace

UNLIMITED = "unlimited"
MICRO = 1_000_000
GIGABYTE = 1000**3

# `daily_credits` in micro-credits.
PLANS: tuple[dict[str, Any], ...] = (
    {"slug": UNLIMITED, "name": "Unlimited"},
    {
        "slug": "free",
        "name": "Free",
        "running_jobs": 3,
        "daily_credits": 200 * MICRO,
        "storage_bytes": 2 * GIGABYTE,
        "retention_days": 90,
        "requests_per_minute": 60,
    },
    {
        "slug": "pro",
        "name": "Pro",
        "running_jobs": 20,
        "daily_credits": 5000 * MICRO,
        "storage_bytes": 200 * GIGABYTE,
        "retention_days": 365,
        "requests_per_minute": 600,
    },
)
FIRST_DEFAULT = "free"


class UnknownPlan(Exception):
    def __init__(self, slug: str) -> None:
        self.slug = slug
        super().__init__(f"There is no plan “{slug}”.")


def create_missing(*, using: str, apps: Apps = installed, **_: Any) -> None:
    """Create the plans that are not there yet; never touch what the operator has changed.

    Runs after every migrate and flush, so the plans are there in an emptied database too.
    """
    try:
        model = apps.get_model("accounts", "Plan")
    except LookupError:  # migrated back to nothing
        return
    plans = model._default_manager.using(using)
    for plan in PLANS:
        plans.get_or_create(slug=plan["slug"], defaults=plan)
    if not plans.filter(is_default=True).exists():
        plans.filter(slug=FIRST_DEFAULT).update(is_default=True)


def find_plan(slug: str | None) -> Plan:
    """The plan of that name; None: the one of people who sign up. Raises `UnknownPlan`."""
    wanted = {"is_default": True} if slug is None else {"slug": slug}
    try:
        return Plan.objects.get(**wanted)
    except Plan.DoesNotExist:
        raise UnknownPlan(slug or "default") from None


@transaction.atomic
def make_default(plan: Plan) -> None:
    """Give people who sign up this plan from now on. Only operators do this."""
    Plan.objects.filter(is_default=True).update(is_default=False)
    Plan.objects.filter(pk=plan.pk).update(is_default=True)


@transaction.atomic
def change_plan(*, by: Actor, plan: Plan) -> Workspace:
    """Move the actor's workspace to `plan`: operators in Django admin, and subscriptions."""
    workspace = Workspace.objects.select_for_update(of=("self",)).get(pk=by.workspace.pk)
    if workspace.plan_id != plan.pk:
        before = workspace.plan.slug
        workspace.plan, workspace.plan_changed_at = plan, timezone.now()
        workspace.save(update_fields=["plan", "plan_changed_at"])
        audit.record(by=by, action="plan.changed", before=before, after=plan.slug)
    return workspace
