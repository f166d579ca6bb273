from __future__ import annotations

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.access import Actor, NotPermitted
from accounts.models import Scope


class ScopePermission(BasePermission):
    """Reading needs `read`, the rest `write`; a view may name another as `required_scope`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, Actor):
            return False
        usual = Scope.READ if request.method in SAFE_METHODS else Scope.WRITE
        needed: Scope = getattr(view, "required_scope", None) or usual
        self.message = str(NotPermitted(needed))
        return request.auth.may(needed)
