"""Who may: each action of each view names its permission."""

from rest_framework.permissions import BasePermission

from tenants.api import OPEN, SIGNED_IN


class ByVerb(BasePermission):
    """Asks for what the view's action needs; a view that doesn't say is for nobody.

    Who may not is told what it takes, as ``me/`` and ``roles/`` name it.
    """

    message = None

    def has_permission(self, request, view):
        needed = getattr(view, "permission_needed", lambda: None)()
        if needed == OPEN:
            return True
        if not request.user.is_authenticated or needed is None:
            return False
        self.message = f"This takes {needed}, which the role {request.user.role} does not include."
        return needed == SIGNED_IN or request.user.has_perm(needed)
