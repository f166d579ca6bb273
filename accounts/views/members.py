from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts import invitations, mails, workspaces
from accounts.decorators import (
    ActorRequest,
    PersonRequest,
    role_required,
    sign_in_required,
    workspace_required,
)
from accounts.forms import InvitationForm, RoleForm
from accounts.invitations import open_invitations
from accounts.middleware import SESSION_KEY
from accounts.models import Invitation, Membership, Role
from accounts.views.settings import show_workspace


@require_POST
@role_required(Role.ADMIN)
def change_role(request: ActorRequest, member: int) -> HttpResponse:
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the roles.")
        return redirect("settings_workspace")
    try:
        changed = workspaces.change_role(
            by=request.actor, member=member, role=form.cleaned_data["role"]
        )
        messages.success(request, f"{changed.user} is {changed.get_role_display()} now.")
    except workspaces.LastOwner as exc:
        messages.error(request, str(exc))
    except Membership.DoesNotExist:
        raise Http404 from None
    return redirect("settings_workspace")


@require_POST
@workspace_required
def remove(request: ActorRequest, member: int) -> HttpResponse:
    try:
        removed = workspaces.remove_member(by=request.actor, member=member)
    except workspaces.LastOwner as exc:
        messages.error(request, str(exc))
        return redirect("settings_workspace")
    except Membership.DoesNotExist:
        raise Http404 from None
    if removed == request.user:
        messages.success(request, f"You have left “{request.actor.workspace}”.")
        return redirect("settings")
    messages.success(request, f"{removed} is no longer a member.")
    return redirect("settings_workspace")


@require_POST
@role_required(Role.ADMIN)
def invite(request: ActorRequest) -> HttpResponse:
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return show_workspace(request, invitation_form=form)
    try:
        invitation = invitations.invite(by=request.actor, **form.cleaned_data)
    except ValidationError as exc:
        form.add_error(None, exc)
        return show_workspace(request, invitation_form=form)
    link = request.build_absolute_uri(reverse("invitation", args=[invitation.public_id]))
    if mails.send_invitation(invitation, link=link):
        messages.success(request, f"{invitation.email} is invited.")
    else:
        messages.warning(request, "The e-mail could not be sent. Pass the link on yourself.")
    return redirect("settings_workspace")


@require_POST
@role_required(Role.ADMIN)
def withdraw(request: ActorRequest, public_id: str) -> HttpResponse:
    try:
        invitations.withdraw(by=request.actor, public_id=public_id)
    except Invitation.DoesNotExist:
        raise Http404 from None
    messages.success(request, "The invitation is withdrawn.")
    return redirect("settings_workspace")


@require_safe
def invitation(request: HttpRequest, public_id: str) -> HttpResponse:
    """Where the link of the e-mail leads, signed in or not."""
    found = open_invitations().filter(public_id=public_id).first()
    is_mine = found is not None and request.user.is_authenticated and found.is_for(request.user)
    context = {"invitation": found, "is_mine": is_mine}
    return render(request, "accounts/invitation.html", context, status=200 if found else 404)


@require_POST
@sign_in_required
def accept(request: PersonRequest, public_id: str) -> HttpResponse:
    try:
        actor = invitations.accept(public_id=public_id, user=request.user)
    except (ObjectDoesNotExist, invitations.NotInvited):
        # The page itself says why.
        return redirect("invitation", public_id)
    request.session[SESSION_KEY] = actor.workspace.public_id
    messages.success(request, f"Welcome to “{actor.workspace}”.")
    return redirect("studio")
