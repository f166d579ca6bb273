"""Inviting people to a workspace by e-mail. The link is the proof: whoever has it, got the mail."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import audit, wall
from accounts.access import Actor
from accounts.models import AuditEvent, Invitation, Membership, Role, User, Workspace

LIFETIME = timedelta(days=7)
# A workspace must not become a way to send mail to half the world.
MOST_OPEN = 50
# Of one person in all their workspaces: a withdrawn or replaced invitation was an e-mail, too.
MOST_A_DAY = 100
INVITED = "member.invited"


class NotInvited(Exception):
    """The invitation is meant for another address."""

    def __init__(self, email: str) -> None:
        self.email = email
        super().__init__(f"This invitation is for {email}. Sign in with that address to join.")


@transaction.atomic
def invite(*, by: Actor, email: str, role: Role) -> Invitation:
    """Ask a person to join; asking again replaces the older invitation.

    Needs the role admin. Raises `ValidationError` with `email` or `role`.
    """
    by.require_role(Role.ADMIN)
    email = email.strip().lower()
    if role == Role.OWNER:
        raise ValidationError({"role": "Owners are made from members. Choose another role."})
    if by.workspace.memberships.filter(user__email__iexact=email).exists():
        raise ValidationError({"email": f"{email} is a member already."})
    # Locked: two admins who invite one person would meet at the unique constraint, and two who
    # invite at once would both find room for one more.
    workspace = Workspace.objects.select_for_update(of=("self",)).get(pk=by.workspace.pk)
    if _sent_today(by.user) >= MOST_A_DAY:
        raise ValidationError({"email": "Too many invitations today. Try again tomorrow."})
    workspace.invitations.filter(email__iexact=email, accepted_at=None).delete()
    # Not those that are too old: nobody sees them, to withdraw them.
    if open_invitations().filter(workspace=workspace).count() >= MOST_OPEN:
        raise ValidationError({"email": "Too many invitations are open. Withdraw some first."})
    invitation = workspace.invitations.create(email=email, role=role, invited_by=by.user)
    audit.record(by=by, action=INVITED, email=email, role=role)
    return invitation


def _sent_today(user: User | None) -> int:
    day_ago = timezone.now() - timedelta(days=1)
    sent = AuditEvent.objects.filter(user=user, action=INVITED, created_at__gt=day_ago)
    with wall.lifted():  # from all of the person's workspaces
        return sent.count()


@transaction.atomic
def withdraw(*, by: Actor, public_id: str) -> None:
    """Needs the role admin. Raises `Invitation.DoesNotExist`, also for another workspace's."""
    by.require_role(Role.ADMIN)
    invitation = by.workspace.invitations.get(public_id=public_id, accepted_at=None)
    invitation.delete()
    audit.record(by=by, action="invitation.withdrawn", email=invitation.email)


def open_invitations() -> QuerySet[Invitation]:
    fresh = timezone.now() - LIFETIME
    return Invitation.objects.filter(accepted_at=None, created_at__gt=fresh).select_related(
        "workspace__plan", "invited_by"
    )


@transaction.atomic
def accept(*, public_id: str, user: User) -> Actor:
    """Make `user` a member. Raises `NotInvited` and `Invitation.DoesNotExist` (also: too old)."""
    # Locked and read again: accepted in two tabs at once it must not count twice.
    locked = open_invitations().select_for_update(of=("self",))
    invitation = locked.get(public_id=public_id)
    if not invitation.is_for(user):
        raise NotInvited(invitation.email)
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    membership, is_new = Membership.objects.get_or_create(
        workspace=invitation.workspace, user=user, defaults={"role": invitation.role}
    )
    actor = Actor(workspace=invitation.workspace, user=user, role=Role(membership.role))
    if is_new:
        audit.record(by=actor, action="member.joined", member=user.email, role=membership.role)
    return actor
