"""Spending caps of a workspace, its members and its keys: set, raised and removed by admins.

Amounts are micro-credits; None is no cap, 0 lets through only what is free. What was spent is
counted where the jobs are (generations.spending).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from django.db import transaction

from accounts import audit
from accounts.access import Actor, role_to_change
from accounts.models import ApiKey, Membership, Role, Workspace
from accounts.models.caps import Capped
from accounts.quotas import Quota

Period = Literal["day", "month"]

QUOTAS: dict[type[Capped], tuple[Quota, Quota]] = {
    Workspace: ("workspace_daily_cap", "workspace_monthly_cap"),
    Membership: ("member_daily_cap", "member_monthly_cap"),
    ApiKey: ("key_daily_cap", "key_monthly_cap"),
}


@dataclass(frozen=True)
class Cap:
    """One limit on what somebody spends. `quota` is its name in the API."""

    quota: Quota
    limit: int
    period: Period
    holder: Capped


def caps_on(actor: Actor) -> Iterator[Cap]:
    """Those that bind a job of this actor. Costs no query: they came with whoever acts."""
    for holder in (actor.workspace, actor.membership, actor.api_key):
        if holder is not None:
            yield from caps_of(holder)


def caps_of(holder: Capped) -> Iterator[Cap]:
    daily, monthly = QUOTAS[type(holder)]
    if holder.daily_cap is not None:
        yield Cap(daily, holder.daily_cap, "day", holder)
    if holder.monthly_cap is not None:
        yield Cap(monthly, holder.monthly_cap, "month", holder)


@transaction.atomic
def cap_workspace(*, by: Actor, daily: int | None, monthly: int | None) -> Workspace:
    """Needs the role admin, as all of these."""
    by.require_role(Role.ADMIN)
    workspace = Workspace.objects.select_for_update(of=("self",)).get(pk=by.workspace.pk)
    _set(workspace, by=by, daily=daily, monthly=monthly, what="workspace")
    return workspace


@transaction.atomic
def cap_member(*, by: Actor, member: int, daily: int | None, monthly: int | None) -> Membership:
    """Cap the membership with id `member`; an owner's only by an owner.

    Raises `Membership.DoesNotExist`, also for a member of another workspace.
    """
    by.require_role(Role.ADMIN)
    rows = by.workspace.memberships.select_for_update(of=("self",)).select_related("user")
    membership = rows.get(pk=member)
    by.require_role(role_to_change(membership.role))
    _set(membership, by=by, daily=daily, monthly=monthly, what=membership.user.email)
    return membership


@transaction.atomic
def cap_key(*, by: Actor, prefix: str, daily: int | None, monthly: int | None) -> ApiKey:
    """Raises `ApiKey.DoesNotExist`, also for a revoked key and for one of another workspace."""
    by.require_role(Role.ADMIN)
    rows = by.workspace.api_keys.select_for_update(of=("self",)).filter(revoked_at=None)
    key = rows.get(prefix=prefix)
    _set(key, by=by, daily=daily, monthly=monthly, what=f"key {key.prefix}")
    return key


def _set(holder: Capped, *, by: Actor, daily: int | None, monthly: int | None, what: str) -> None:
    before = (holder.daily_cap, holder.monthly_cap)
    if before == (daily, monthly):
        return
    holder.daily_cap, holder.monthly_cap = daily, monthly
    holder.save(update_fields=["daily_cap", "monthly_cap"])
    audit.record(
        by=by,
        action="cap.changed",
        of=what,
        daily_before=before[0],
        monthly_before=before[1],
        daily=daily,
        monthly=monthly,
    )
