from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.ids import new_id
from accounts.models.users import User
from accounts.models.workspaces import Role, Workspace


def new_invitation_id() -> str:
    return new_id("inv")


class Invitation(models.Model):
    """Asks a person, by e-mail, to join a workspace. Open until accepted, withdrawn or too old."""

    public_id = models.CharField(
        max_length=40, unique=True, default=new_invitation_id, editable=False
    )
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField("e-mail")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    invited_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                "workspace",
                Lower("email"),
                condition=Q(accepted_at=None),
                name="invitation_one_open",
            ),
            models.CheckConstraint(
                condition=Q(role__in=[choice.value for choice in Role]), name="invitation_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.workspace}"

    def is_for(self, user: User) -> bool:
        return self.email.lower() == user.email.lower()
