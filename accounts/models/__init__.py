from __future__ import annotations

from accounts.models.audit import AuditEvent
from accounts.models.invitations import Invitation
from accounts.models.keys import ApiKey, Scope
from accounts.models.rates import RequestCount
from accounts.models.users import User
from accounts.models.workspaces import Membership, Plan, Role, Workspace

__all__ = [
    "ApiKey",
    "AuditEvent",
    "Invitation",
    "Membership",
    "Plan",
    "RequestCount",
    "Role",
    "Scope",
    "User",
    "Workspace",
]
