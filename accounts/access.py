"""Who acts, on whose behalf, and may they: the one door of every action."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import ApiKey, Membership, Role, Scope, User, Workspace

RANKS = {Role.VIEWER: 0, Role.MEMBER: 1, Role.ADMIN: 2, Role.OWNER: 3}

# What a person's role must be for each permission of a key.
NEEDED_ROLE = {
    Scope.READ: Role.VIEWER,
    Scope.WRITE: Role.MEMBER,
    Scope.BILLING: Role.ADMIN,
    Scope.APPROVE: Role.ADMIN,
}


def role_to_change(*roles: str) -> Role:
    """What it takes to give members these roles, or to change those who have them."""
    return Role.OWNER if Role.OWNER in roles else Role.ADMIN


class NotPermitted(Exception):
    """The actor is known but may not do this. `.needed` is the missing scope or role."""

    def __init__(self, needed: Scope | Role) -> None:
        self.needed = needed
        kind = "permission" if isinstance(needed, Scope) else "role"
        super().__init__(f"This needs the {kind} “{needed.label}”.")


@dataclass(frozen=True)
class Actor:
    """A person or a program acting in one workspace.

    `membership` carries the person's spending caps; an operator acts without one.
    """

    workspace: Workspace
    user: User | None = None
    role: Role | None = None
    api_key: ApiKey | None = None
    membership: Membership | None = None

    def may(self, scope: Scope) -> bool:
        if self.api_key is not None:
            return scope.value in self.api_key.scopes
        return self.is_at_least(NEEDED_ROLE[scope])

    def require(self, scope: Scope) -> None:
        if not self.may(scope):
            raise NotPermitted(scope)

    def is_at_least(self, role: Role) -> bool:
        """Whether this is a person with that role or a higher one. A key has no role."""
        return self.role is not None and RANKS[self.role] >= RANKS[role]

    def require_role(self, role: Role) -> None:
        if not self.is_at_least(role):
            raise NotPermitted(role)

    def may_change(self, membership: Membership) -> bool:
        """Its role and its caps."""
        return self.is_at_least(role_to_change(membership.role))

    @property
    def may_write(self) -> bool:
        return self.may(Scope.WRITE)

    @property
    def may_buy(self) -> bool:
        return self.may(Scope.BILLING)

    @property
    def may_approve(self) -> bool:
        """Jobs above the workspace's threshold, its own included."""
        return self.may(Scope.APPROVE)

    @property
    def name(self) -> str:
        """Who that is, in a history or a mail."""
        if self.api_key is not None:
            return f"API key {self.api_key.prefix}"
        return self.user.email if self.user else "the system"

    @property
    def may_manage(self) -> bool:
        """Members, keys and the workspace's name."""
        return self.is_at_least(Role.ADMIN)


def operator(user: User, workspace: Workspace) -> Actor:
    """Somebody who runs the installation: may do in a workspace what its owner may."""
    return Actor(workspace=workspace, user=user, role=Role.OWNER)
