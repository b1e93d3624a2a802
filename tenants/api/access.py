"""Authentication, permissions and throttles of the API."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.throttling import BaseThrottle

from tenants.accounts import attempts, known_browsers, roles, scopes, sign_ins, tokens
from tenants.api import FULL_SCOPE, NO_PERMISSION, OPEN, SIGNED_IN
from tenants.operations.refusals import TooMany
from tenants.web.request_limits import count_request
from tenants.web.requests import caller


class InsufficientScope(PermissionDenied):
    """``members`` are those of the problem, besides."""

    default_code = "insufficient_scope"

    def __init__(self, detail, **members):
        super().__init__(detail)
        self.members = members


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Token spb_...``

    Unknown, expired, revoked and of somebody who left: all are refused in the same words.
    """

    scheme = "Token"

    def authenticate(self, request):
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != self.scheme.lower().encode():
            return None
        if len(parts) != 2:
            raise self._refused()
        token = tokens.usable(parts[1].decode("latin-1"))
        if token is None:
            raise self._refused()
        token.user.token, token.user.scope = token, token.scope
        return token.user, token

    def authenticate_header(self, request):
        return self.scheme

    @staticmethod
    def _refused():
        return AuthenticationFailed("This token is not valid.")


class ActionPermission(BasePermission):
    """The permission that the view's action needs, of the role and of the token's scope; without
    one, nobody is permitted.

    The refusal names the permission as ``me/`` and ``roles/`` do, or both scopes.
    """

    refused = None

    @property
    def message(self):
        sentence = _("This takes %(permission)s, which the role %(role)s does not include.")
        return self.refused and sentence % self.refused

    def has_permission(self, request, view):
        """Raises InsufficientScope."""
        needed, user = self.permission_needed(view), request.user
        if needed == OPEN:
            return True
        if not user.is_authenticated or needed is None:
            return False
        self.refused = {"permission": needed, "role": user.role}
        if needed not in NO_PERMISSION and needed not in roles.permissions(user.role):
            return False
        require_scope(user.scope, scope_needed(needed))
        return needed in NO_PERMISSION or user.has_perm(needed)

    @staticmethod
    def permission_needed(view):
        return getattr(view, "permission_needed", lambda: None)()


class SignedInPermission(ActionPermission):
    """For a view that is no viewset of ours."""

    @staticmethod
    def permission_needed(view):
        return SIGNED_IN


def scope_needed(permission):
    """The narrowest scope of a token for a permission, or for what an action needs instead."""
    instead = {SIGNED_IN: scopes.READ, FULL_SCOPE: scopes.ALL}
    return instead.get(permission) or scopes.needed_for(permission)


def require_scope(scope, needed):
    """Raises InsufficientScope."""
    if scopes.includes(scope, needed):
        return
    sentence = _("This takes a token with the scope %(needed)s; this one has the scope %(scope)s.")
    if scope in (scopes.PRINTER, scopes.PRINTER_READ):
        sentence = _(
            "A token with the scope %(scope)s is for the addresses of printers only; this takes "
            "one with the scope %(needed)s."
        )
    values = {"scope": scope, "needed": needed}
    raise InsufficientScope(sentence % values, scope=scope, scope_needed=needed)


class RequestThrottle(BaseThrottle):
    """Keeps one runaway script from slowing down the rest of its farm, and one farm the others."""

    def allow_request(self, request, view):
        """Raises TooMany."""
        if request.user.is_authenticated:
            count_request(_who(request))
        return True


class SignInThrottle(BaseThrottle):
    """Before the password is looked at, and outside of every transaction."""

    def allow_request(self, request, view):
        """Raises TooManyTries."""
        body = request.data if isinstance(request.data, Mapping) else {}
        username = str(body.get("username", ""))
        browser = known_browsers.mark_of(request, attempts.canonical_username(username))
        try:
            attempts.count_sign_in(username=username, address=caller(request), browser=browser)
        except TooMany as refusal:
            person = sign_ins.named(username)
            sign_ins.refused(person, way="password", outcome=refusal.code)
            raise
        return True


def _who(request):
    token = getattr(request.auth, "pk", None)
    return f"token {token}" if token else f"user {request.user.pk}"
