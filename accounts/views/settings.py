from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import plans, workspaces
from accounts.decorators import (
    ActorRequest,
    PersonRequest,
    role_required,
    sign_in_required,
    workspace_required,
)
from accounts.forms import InvitationForm, ProfileForm, WorkspaceForm
from accounts.invitations import open_invitations
from accounts.middleware import SESSION_KEY
from accounts.models import Role


@require_safe
@sign_in_required
def settings(request: PersonRequest) -> HttpResponse:
    return redirect("settings_workspace" if request.actor else "settings_profile")


@require_http_methods(["GET", "HEAD", "POST"])
@sign_in_required
def profile(request: PersonRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.instance.save(update_fields=list(form.cleaned_data))
        messages.success(request, "Your profile is saved.")
        return redirect("settings_profile")
    return render(request, "accounts/profile.html", {"form": form})


@require_safe
@workspace_required
def workspace(request: ActorRequest) -> HttpResponse:
    return show_workspace(request)


@require_POST
@role_required(Role.ADMIN)
def rename(request: ActorRequest) -> HttpResponse:
    form = WorkspaceForm(request.POST)
    if form.is_valid():
        try:
            workspaces.rename_workspace(by=request.actor, name=form.cleaned_data["name"])
        except ValidationError as exc:
            form.add_error(None, exc)
        else:
            messages.success(request, "The name is saved.")
            return redirect("settings_workspace")
    return show_workspace(request, rename_form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@sign_in_required
def create(request: PersonRequest) -> HttpResponse:
    form = WorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name, plan = form.cleaned_data["name"], plans.find_plan(None)
        actor = workspaces.create_workspace(name=name, owner=request.user, plan=plan)
        request.session[SESSION_KEY] = actor.workspace.public_id
        messages.success(request, f"“{actor.workspace.name}” is ready.")
        return redirect("settings_workspace")
    return render(request, "accounts/workspace_create.html", {"form": form})


@require_POST
@sign_in_required
def switch(request: PersonRequest) -> HttpResponse:
    """Work in another of the person's workspaces from now on, in this browser."""
    wanted = request.POST.get("workspace", "")
    if wanted not in {membership.workspace.public_id for membership in request.memberships}:
        raise Http404
    request.session[SESSION_KEY] = wanted
    # Not back to where they were: what that page showed belongs to the other workspace.
    return redirect("studio")


def show_workspace(
    request: ActorRequest,
    *,
    rename_form: WorkspaceForm | None = None,
    invitation_form: InvitationForm | None = None,
) -> HttpResponse:
    """The workspace page, also with a form that was refused (then 422)."""
    workspace = request.actor.workspace
    context = {
        "workspace": workspace,
        "members": [
            (member, request.actor.may_change(member))
            for member in workspace.memberships.select_related("user").order_by("created_at", "pk")
        ],
        "invitations": open_invitations().filter(workspace=workspace),
        "roles": Role.choices,
        "rename_form": rename_form or WorkspaceForm(initial={"name": workspace.name}),
        "invitation_form": invitation_form or InvitationForm(),
    }
    status = 422 if rename_form or invitation_form else 200
    return render(request, "accounts/workspace.html", context, status=status)
