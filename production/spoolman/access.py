"""Who calls: by a token in the path or in a header, or by a session; and from which page."""

import base64
import binascii
from typing import NamedTuple

from django.utils.translation import gettext as _
from rest_framework.authentication import CSRFCheck

from production.spoolman.answers import Failure, not_signed_in
from tenants.accounts import attempts, roles, scopes, tokens
from tenants.accounts.models import DeviceToken, User
from tenants.web.printer_addresses import TOKEN
from tenants.web.printer_checks import is_foreign_page
from tenants.web.request_limits import count_request
from tenants.web.requests import caller


class Client(NamedTuple):
    """A person or a program, and what it may do here. ``token`` is None in a session."""

    user: User
    token: DeviceToken | None
    rights: frozenset

    def require(self, permission):
        """Raises Failure."""
        if permission in self.rights:
            return
        names = {"permission": permission, "role": self.user.role}
        if self.token is not None and permission in roles.permissions(self.user.role):
            names["scope"] = self.token.scope
            message = _("This takes %(permission)s, which the scope %(scope)s does not include.")
        else:
            message = _("This takes %(permission)s, which the role %(role)s does not include.")
        raise Failure(403, message % names)


def refuse_foreign_page(request):
    """Refuse a write that a page of another site sent, with whatever. Raises Failure."""
    if is_foreign_page(request):
        raise Failure(403, _("Pages of other sites may not change anything here."))


def find(request):
    """The Client of a request. Raises Failure, TooMany."""
    secret = secret_of(request)
    if secret is not None:
        return _by_token(request, secret)
    if not request.user.is_authenticated:
        raise not_signed_in(
            _("Put a token into the address of this server, as in http://farm.example.com/d/TOKEN.")
        )
    count_request(f"user {request.user.pk}")
    if request.method != "GET":
        _require_csrf_token(request)
    return Client(request.user, None, request.user.rights())


def secret_of(request):
    """The token that a request came with, or None."""
    if TOKEN in request.META:
        return request.META[TOKEN]
    if key := request.headers.get("X-Api-Key"):
        return key
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() in ("bearer", "token"):
        return given.strip()
    return _password_of(given) if scheme.lower() == "basic" else None


def _by_token(request, secret):
    token = tokens.usable(secret)
    if token is None:
        attempts.count_token(address=caller(request))
        raise not_signed_in(_("This token is not valid: it is unknown, expired or revoked."))
    user = request.user = token.user
    user.token, user.scope = token, token.scope
    count_request(f"token {token.pk}")
    if token.scope not in scopes.OF_PRINTERS:
        message = _(
            "This takes a token with the scope printer or printer_read; this one has the scope "
            "%(scope)s."
        )
        raise Failure(403, message % {"scope": token.scope})
    held = roles.permissions(user.role)
    return Client(user, token, scopes.limited_to_printers(held, token.scope))


def _password_of(given):
    try:
        text = base64.b64decode(given.strip(), validate=True).decode("latin-1")
    except (binascii.Error, ValueError):
        return ""
    return text.partition(":")[2]


def _require_csrf_token(request):
    check = CSRFCheck(lambda request: None)
    check.process_request(request)
    if reason := check.process_view(request, None, (), {}):
        raise Failure(403, _("CSRF failed: %(reason)s") % {"reason": reason})
