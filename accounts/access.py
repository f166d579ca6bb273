"""Who acts, on whose behalf, and may they: the one door of every action."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import ApiKey, Role, Scope, User, Workspace

RANKS = {Role.VIEWER: 0, Role.MEMBER: 1, Role.ADMIN: 2, Role.OWNER: 3}

# What a person's role and a key's scope must be for each permission.
NEEDED_ROLE = {Scope.READ: Role.VIEWER, Scope.WRITE: Role.MEMBER, Scope.BILLING: Role.ADMIN}


class NotPermitted(Exception):
    """The actor is known but may not do this. `.needed` is the missing scope."""

    def __init__(self, needed: Scope) -> None:
        self.needed = needed
        super().__init__(f"This needs the permission “{needed.label}”.")


@dataclass(frozen=True)
class Actor:
    """A person or a program acting in one workspace."""

    workspace: Workspace
    user: User | None = None
    role: Role | None = None
    api_key: ApiKey | None = None

    def may(self, scope: Scope) -> bool:
        if self.api_key is not None:
            return scope.value in self.api_key.scopes
        return self.role is not None and RANKS[self.role] >= RANKS[NEEDED_ROLE[scope]]

    def require(self, scope: Scope) -> None:
        if not self.may(scope):
            raise NotPermitted(scope)
