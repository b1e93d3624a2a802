"""Who may: each action of each view names its permission."""

from rest_framework.permissions import BasePermission

from tenants.api import OPEN, SIGNED_IN


class ByVerb(BasePermission):
    """Asks for what the view's action needs; a view that doesn't say is for nobody."""

    def has_permission(self, request, view):
        needed = getattr(view, "permission_needed", lambda: None)()
        if needed == OPEN:
            return True
        if not request.user.is_authenticated or needed is None:
            return False
        return needed == SIGNED_IN or request.user.has_perm(needed)
