"""When a workspace may not start jobs, and why. Inside the caller's transaction.

Each cause freezes once: a freeze that was lifted does not come back with the next look at the same
dispute. The workspace is frozen while one of its freezes is not lifted.
"""

from __future__ import annotations

from django.utils import timezone

from accounts.models import User, Workspace
from billing import credits
from billing.models import CreditAccount, Freeze, Order


def freeze(
    *,
    workspace: Workspace,
    cause: str,
    reason: str,
    order: Order | None = None,
    by: User | None = None,
) -> Freeze | None:
    """None if this cause has frozen it before. `reason` is shown to the customer."""
    _lock(workspace)
    row, is_new = Freeze.objects.get_or_create(
        cause=cause,
        defaults={
            "workspace": workspace,
            "reason": reason[:200],
            "order": order,
            "created_by": by,
        },
    )
    if not is_new:
        return None
    credits.freeze(workspace=workspace, reason=reason)
    return row


def lift(*, cause: str, because: str, by: User | None = None) -> None:
    """Nothing happens if there is no such freeze, or if it is lifted already."""
    row = Freeze.objects.filter(cause=cause, lifted_at=None).select_related("workspace").first()
    if row is None:
        return
    _lock(row.workspace)
    Freeze.objects.filter(pk=row.pk, lifted_at=None).update(
        lifted_at=timezone.now(), lifted_by=by, lifted_because=because[:200]
    )
    other = Freeze.objects.filter(workspace=row.workspace, lifted_at=None).first()
    if other is None:
        credits.unfreeze(workspace=row.workspace)
    else:
        credits.freeze(workspace=row.workspace, reason=other.reason)


def _lock(workspace: Workspace) -> None:
    # Else two freezes, one made and one lifted at once, would each not see the other.
    account = credits.account_of(workspace)
    CreditAccount.objects.select_for_update(of=("self",)).get(pk=account.pk)
