"""Workspaces: created, renamed, and the people in them."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from accounts import audit
from accounts.access import Actor, role_to_change
from accounts.models import Membership, Plan, Role, User, Workspace

NAME_LENGTH = 80
# Unicode's control characters, line and paragraph separators, halves of characters. Not Cf: its
# joiners belong to Persian words and to emoji.
UNFIT_FOR_NAMES = {"Cc", "Zl", "Zp", "Cs"}


class LastOwner(Exception):
    """The workspace would have nobody left who may do everything."""

    def __init__(self) -> None:
        super().__init__("A workspace needs an owner. Make somebody else owner first.")


@transaction.atomic
def create_workspace(*, name: str, owner: User, plan: Plan) -> Actor:
    """A new workspace, and `owner` acting in it. Raises `ValidationError` with `name`."""
    workspace = Workspace.objects.create(name=clean_name(name), plan=plan)
    Membership.objects.create(workspace=workspace, user=owner, role=Role.OWNER)
    actor = Actor(workspace=workspace, user=owner, role=Role.OWNER)
    audit.record(by=actor, action="workspace.created", name=workspace.name, plan=plan.slug)
    return actor


@transaction.atomic
def rename_workspace(*, by: Actor, name: str) -> Workspace:
    """Needs the role admin. Raises `ValidationError` with `name`."""
    by.require_role(Role.ADMIN)
    workspace = Workspace.objects.select_for_update(of=("self",)).get(pk=by.workspace.pk)
    before, workspace.name = workspace.name, clean_name(name)
    if workspace.name != before:
        workspace.save(update_fields=["name"])
        audit.record(by=by, action="workspace.renamed", before=before, after=workspace.name)
    return workspace


@transaction.atomic
def set_approval_above(*, by: Actor, credits: int | None) -> Workspace:
    """Have jobs that cost more micro-credits wait for an admin; None: no job waits.

    Needs the role admin. Jobs that wait already go on waiting.
    """
    by.require_role(Role.ADMIN)
    workspace = Workspace.objects.select_for_update(of=("self",)).get(pk=by.workspace.pk)
    before, workspace.approval_above = workspace.approval_above, credits
    if workspace.approval_above != before:
        workspace.save(update_fields=["approval_above"])
        audit.record(by=by, action="approval.changed", before=before, after=credits)
    return workspace


@transaction.atomic
def change_role(*, by: Actor, member: int, role: Role) -> Membership:
    """Give the membership with id `member` another role.

    Needs the role admin; making or unmaking an owner needs an owner. Raises `LastOwner` and
    `Membership.DoesNotExist`, also for a member of another workspace.
    """
    membership = _membership_to_change(by=by, member=member, role=role)
    before = membership.role
    if before != role:
        _keep_an_owner(membership)
        membership.role = role
        membership.save(update_fields=["role"])
        person = membership.user.email
        audit.record(by=by, action="member.changed", member=person, before=before, after=role)
    return membership


@transaction.atomic
def remove_member(*, by: Actor, member: int) -> User:
    """Take the membership with id `member` away; everybody may leave. Raises as `change_role`."""
    membership = _locked(by.workspace).get(pk=member)
    if membership.user != by.user:
        _membership_to_change(by=by, member=member, role=Role.VIEWER)
    _keep_an_owner(membership)
    membership.delete()
    audit.record(by=by, action="member.removed", member=membership.user.email)
    return membership.user


def name_for(owner: User) -> str:
    """What the workspace of somebody who signs up is called: "Ada's workspace"."""
    # A name that `clean_name` refuses would end the sign-up of somebody who never chose it.
    own, address = map(_without_unfit, (owner.name, owner.email))
    first = own or address.partition("@")[0].partition("+")[0]
    first = (first[:1].upper() + first[1:])[: NAME_LENGTH - len("'s workspace")]
    return f"{first}'s workspace"


def clean_name(name: str) -> str:
    # Before the spaces are tidied: that would turn a line break into one.
    if any(_is_unfit(char) for char in name):
        message = "A name is one line of text, without tabs or other control characters."
        raise ValidationError({"name": message})
    name = " ".join(name.split())
    if len(name) > NAME_LENGTH or not any(char.isprintable() for char in name):
        raise ValidationError({"name": f"Give the workspace a name of 1 to {NAME_LENGTH} letters."})
    return name


def _is_unfit(char: str) -> bool:
    return unicodedata.category(char) in UNFIT_FOR_NAMES


def _without_unfit(text: str) -> str:
    text = " ".join("".join(" " if _is_unfit(char) else char for char in text).split())
    return text if any(char.isprintable() for char in text) else ""


def _membership_to_change(*, by: Actor, member: int, role: Role) -> Membership:
    by.require_role(Role.ADMIN)
    membership = _locked(by.workspace).get(pk=member)
    by.require_role(role_to_change(membership.role, role))
    return membership


def _locked(workspace: Workspace) -> QuerySet[Membership]:
    # Two owners who step down at once would each still see the other one.
    Workspace.objects.select_for_update(of=("self",)).get(pk=workspace.pk)
    return workspace.memberships.select_related("user")


def _keep_an_owner(membership: Membership) -> None:
    owners = Membership.objects.filter(workspace=membership.workspace, role=Role.OWNER)
    if membership.role == Role.OWNER and not owners.exclude(pk=membership.pk).exists():
        raise LastOwner
