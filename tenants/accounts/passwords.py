"""Passwords: which ones are refused, and that of somebody who is signed in already."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _

from tenants.accounts import attempts, hashing, sign_ins
from tenants.operations.refusals import Invalid, Refusal, TooMany

PRODUCT = "spoolbook"
MIN_NAME_LENGTH = 4  # a shorter name is found in words that have nothing to do with it


class PasswordNeeded(Invalid):
    code = "password_needed"
    title = "This takes the password of whoever asks for it"


class WrongPassword(Refusal):
    code = "wrong_password"
    status = 403
    title = "That is not the password"


class NameValidator:
    """Refuses passwords that contain the name of the product or of the farm, however written."""

    def validate(self, password, user=None):
        farm = connection.tenant
        names = {
            PRODUCT: _("The password contains the name of the program."),
            getattr(farm, "slug", ""): _("The password contains the name of the farm."),
            getattr(farm, "name", ""): _("The password contains the name of the farm."),
        }
        text = _letters(password)
        for name, message in names.items():
            if len(_letters(name)) >= MIN_NAME_LENGTH and _letters(name) in text:
                raise ValidationError(message, code="password_has_name")

    def get_help_text(self):
        return _("Your password can’t contain the name of the farm or of the program.")


@hashing.of_known()
def confirm(user, *, password, address, token=None):
    """Check the password of somebody who is signed in already.

    The try is counted before the password is looked at, by ``token`` or else by person, and by
    ``address``, so it is not to be called in a transaction.
    Raises PasswordNeeded, WrongPassword, TooManyTries.
    """
    if not isinstance(password, str) or not password:
        detail = _("Send the password of %(user)s as well, as current_password.")
        raise PasswordNeeded.of("current_password", detail % {"user": user.username})
    try:
        attempts.count_confirmation(user, address=address, token=token)
    except TooMany as refusal:
        sign_ins.refused(user, way="confirmation", outcome=refusal.code, by=user)
        raise
    if not user.check_password(password):
        sign_ins.refused(user, way="confirmation", outcome=WrongPassword.code, by=user)
        detail = _("That is not the password of %(user)s.") % {"user": user.username}
        raise WrongPassword.of("current_password", detail)
    attempts.forgive_confirmation(user, token=token)


def _letters(text):
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text).casefold())
