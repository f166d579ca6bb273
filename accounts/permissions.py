from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.access import Actor, NotPermitted
from accounts.models import Scope

if TYPE_CHECKING:  # rest_framework.views itself imports the default permission: this module
    from rest_framework.views import APIView


class ScopePermission(BasePermission):
    """Reading needs `read`, the rest `write`; a view may name another as `required_scope`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, Actor):
            return False
        usual = Scope.READ if request.method in SAFE_METHODS else Scope.WRITE
        needed: Scope = getattr(view, "required_scope", None) or usual
        self.message = str(NotPermitted(needed))
        return request.auth.may(needed)
