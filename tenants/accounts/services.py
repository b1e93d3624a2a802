"""People, their devices, and the settings of the farm."""

import secrets

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django_tenants.utils import get_public_schema_name

from tenants.accounts import attempts, audited, hashing, roles, scopes
from tenants.accounts.models import DeviceToken, FarmSettings, User
from tenants.live.announcing import announce
from tenants.operations.operation import operation
from tenants.operations.refusals import Invalid, Refusal

TOKEN_PREFIX = "spb_"
SAME_PASSWORD = _lazy("That is the password you have: choose another one.")
TOP = {roles.MANAGER, roles.ADMINISTRATOR}  # who can let others in


class WeakPassword(Invalid):
    code = "weak_password"
    title = "Choose a stronger password"


class InvalidRole(Invalid):
    """A role that means nothing here: the platform's in a farm, or a farm's on the platform."""

    code = "invalid_role"
    title = "There is no such role here"


class LastManager(Refusal):
    code = "last_manager"
    title = "This is the last active manager"


class UserInactive(Refusal):
    code = "user_inactive"
    title = "This person has been deactivated"


class OldPasswordNeeded(Refusal):
    code = "old_password_needed"
    title = "One's own password is changed with the old one"


class TokenRevoked(Refusal):
    code = "token_revoked"
    title = "This token has been revoked already"


@operation("user.add")
def add_user(*, username, password, role, by, name="", email=""):
    """Let somebody into the farm. Raises Invalid, InvalidRole, WeakPassword, Duplicate."""
    _check_role(role)
    user = new_user(username=username, password=password, name=name, email=email, role=role)
    return audited.create(user, by=by)


def new_user(*, username, password, **fields):
    """Somebody with a password, not saved. Raises WeakPassword."""
    user = User(username=username.strip().lower(), **fields)
    _set_password(user, password)
    return user


@operation("user.change")
def change(user, *, by, role=None, **fields):
    """Change the name, the email, the role. Raises Invalid, InvalidRole, LastManager."""
    if role is not None:
        user = set_role(user, role=role, by=by)
    return audited.update(user, by=by, **fields)


@operation("user.set_password")
def set_password(user, *, password, by, end_tokens=True):
    """Give somebody else a new password: their sessions end, and their tokens, and tries at the
    old one are forgotten. Raises OldPasswordNeeded, WeakPassword."""
    if by is not None and by.pk == user.pk:
        raise OldPasswordNeeded(
            _("Use “Change password” in the admin, or POST me/password/ of the API.")
        )
    return _replace_password(user, password, by=by, end_tokens=end_tokens)


@operation("user.change_own_password")
@hashing.of_known()
def change_own_password(user, *, password, end_tokens):
    """Once the old one was confirmed (`passwords.confirm`): sessions end. Raises WeakPassword."""
    if user.check_password(password):
        raise WeakPassword.of("password", str(SAME_PASSWORD))
    return _replace_password(user, password, by=user, end_tokens=end_tokens)


@hashing.of_known()
def require_other_password(user, password, *, address):
    """Refuse the password that somebody who is signed in has. Each try is counted, as in
    `passwords.confirm`, so that nobody else finds it so: not to be called in a transaction.
    Raises WeakPassword, TooManyTries."""
    attempts.count_confirmation(user, address=address)
    if user.check_password(password):
        raise WeakPassword.of("password", _("Choose another password than the one you use here."))


@operation("user.unlock")
def unlock(user, *, by):
    """Forget the wrong passwords typed for somebody: they may sign in again at once."""
    attempts.forgive_person(user)
    audited.audit("unlock", user, by=by)
    return user


@operation("user.set_role")
def set_role(user, *, role, by):
    """Raises InvalidRole, LastManager."""
    _check_role(role)
    _keep_a_manager(user, still=role in TOP)
    return audited.update(user, by=by, role=role)


@operation("user.deactivate")
def deactivate(user, *, by):
    """Shut somebody out: their sessions and tokens end for good. What they did keeps their name.

    Raises LastManager.
    """
    _keep_a_manager(user, still=False)
    changed = audited.update(user, by=by, is_active=False, sessions_ended_at=timezone.now())
    _end_tokens(user, by=by)
    return changed


@operation("user.reactivate")
def reactivate(user, *, by):
    """Let somebody in again, with the password and the PIN that they had."""
    return audited.update(user, by=by, is_active=True)


@operation("token.issue")
def issue_token(
    user, *, name, scope, by, kind="", printer=None, counts_up=False, makes_spools=False,
    expires_at=None, made_with=None,
):  # fmt: skip
    """Make a token; returns ``(device_token, secret)``, and the secret is never seen again.

    ``kind`` is the kind of program, ``printer`` the one whose it is; with ``counts_up`` more than
    a spool has is believed of a bridge, and with ``makes_spools`` a tag that it reads on none makes
    one. ``made_with`` is the token of whoever makes it. Raises
    UserInactive, TokenRevoked, Invalid.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if made_with is not None:
        _locked(made_with, TokenRevoked)
    if expires_at and expires_at <= timezone.now():
        detail = _("The token would have expired already: name a moment to come, or none.")
        raise Invalid.of("expires_at", detail)
    if printer is not None and scope not in scopes.OF_PRINTERS:
        detail = _("The token of a printer has the scope printer or printer_read.")
        raise Invalid.of("scope", detail)
    if not user.is_active:
        raise UserInactive(
            _("%(user)s has been deactivated and can't have a token.") % {"user": user.username}
        )
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    fields = {"name": name, "scope": scope, "expires_at": expires_at}
    fields |= {"kind": kind, "printer": printer, "counts_up": counts_up}
    fields["makes_spools"] = makes_spools
    fields |= {"hash": DeviceToken.hash_of(secret), "made_with": made_with}
    return audited.create(DeviceToken, by=by, user=user, **fields), secret


@operation("token.revoke")
def revoke_token(token, *, by, at=None):
    """Revoke a token and those that were made with it. Raises TokenRevoked."""
    revoked = revoke(token, TokenRevoked, by=by, at=at)
    for made in revoked.made.not_revoked().order_by("pk"):
        revoke_token(made, by=by, at=at)
    return revoked


@operation("settings.change")
def change_settings(farm_settings, *, by, at=None, **fields):
    """Change the farm's settings; the next request follows them. Raises Invalid."""
    changed = audited.update(farm_settings, by=by, at=at, **fields)
    for name in FarmSettings.ANNOUNCED_AS.keys() & fields.keys():
        announce("setting", key=FarmSettings.ANNOUNCED_AS[name])
    FarmSettings.copy_to_public()
    return changed


def revoke(row, refusal, *, by, at=None):
    """Revoke a token or a device; raises ``refusal`` if that was done before."""
    fresh = _locked(row, refusal)
    return audited.update(fresh, by=by, revoked_at=at or timezone.now())


def _locked(row, refusal):
    fresh = type(row).objects.select_for_update(no_key=True).get(pk=row.pk)
    if fresh.revoked_at:
        raise refusal(
            _("%(name)s was revoked at %(at)s UTC.")
            % {"name": fresh.name, "at": f"{fresh.revoked_at:%Y-%m-%d %H:%M}"}
        )
    return fresh


def _end_tokens(user, *, by):
    while token := DeviceToken.objects.not_revoked().filter(user=user).order_by("pk").first():
        revoke_token(token, by=by)


def _replace_password(user, password, *, by, end_tokens):
    _set_password(user, password)
    changed = audited.update(user, by=by, password=user.password)
    if end_tokens:
        _end_tokens(user, by=by)
    attempts.forgive_person(user)
    return changed


@hashing.of_known()
def _set_password(user, password):
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise WeakPassword(" ".join(error.messages), errors={"password": error.messages}) from error
    user.set_password(password)


def _check_role(role):
    in_public = connection.schema_name == get_public_schema_name()
    allowed = [roles.ADMINISTRATOR] if in_public else roles.FARM_ROLES
    if role not in allowed:
        detail = _("%(role)s is not one of %(allowed)s.") % {
            "role": repr(role),
            "allowed": ", ".join(allowed),
        }
        raise InvalidRole.of("role", detail)


def _keep_a_manager(user, *, still):
    """Refuse to take the rights of the last one who has them all; the rows are locked in order."""
    active = User.objects.active().filter(role__in=TOP).order_by("pk")
    holders = dict(active.select_for_update(no_key=True).values_list("pk", "role"))
    if not still and holders.keys() == {user.pk}:
        detail = _("%(user)s is the last active %(role)s; name another first.")
        raise LastManager(detail % {"user": user.username, "role": holders[user.pk]})
