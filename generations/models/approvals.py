from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import ApiKey, User
from generations.models.generations import Generation


class ApprovalRequest(models.Model):
    """That somebody has to approve a job, and what they said.

    `due_at` is its clock: when to mail the approvers, to give up, or to mail the answer. Nobody
    has decided yet where `decided_at` is empty; an answer without a person or key came by time.
    """

    generation = models.OneToOneField(
        Generation, on_delete=models.PROTECT, related_name="approval_request"
    )
    expires_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_key = models.ForeignKey(
        ApiKey, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decider = models.CharField(max_length=260, blank=True, help_text="As it was called then.")
    note = models.CharField(max_length=300, blank=True, help_text="Why it was rejected.")

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False), name="approval_request_due"
            ),
        ]

    def __str__(self) -> str:
        return f"Approval of {self.generation}"
