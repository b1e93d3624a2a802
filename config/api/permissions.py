"""Each action of each view names its permission."""

from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission

from tenants.api import OPEN, SIGNED_IN


class ActionPermission(BasePermission):
    """The permission that the view's action needs; a view without one is for nobody.

    The refusal names the permission as ``me/`` and ``roles/`` do.
    """

    message = None

    def has_permission(self, request, view):
        needed = getattr(view, "permission_needed", lambda: None)()
        if needed == OPEN:
            return True
        if not request.user.is_authenticated or needed is None:
            return False
        values = {"permission": needed, "role": request.user.role}
        self.message = (
            _("This takes %(permission)s, which the role %(role)s does not include.") % values
        )
        return needed == SIGNED_IN or request.user.has_perm(needed)
