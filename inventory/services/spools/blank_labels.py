"""Labels that are printed before their spools are received."""

from collections import Counter

from django.utils.translation import gettext as _

from inventory import codes as spool_codes
from inventory.models import Spool
from inventory.services import scanning
from inventory.services.spools.shelf import InvalidSpoolCode
from tenants.operations.refusals import Duplicate

MAX_NAMED = 10


def require_blank(texts):
    """The codes of scanned or typed labels, in order, if each may become a new spool's.

    Raises InvalidSpoolCode (not a code, or there twice), Duplicate (a spool has it, or had it).
    """
    codes = [scanning.read(text).code for text in texts]
    if wrong := [code for code in codes if not spool_codes.is_valid(code)]:
        names = {"codes": _named(wrong)}
        error = _("Not the code of a label: %(codes)s.") % names
        message = _("Not the code of a label: %(codes)s. Scan it again.")
        raise InvalidSpoolCode(message % names, errors={"codes": [error]})
    if twice := [code for code, times in Counter(codes).items() if times > 1]:
        names = {"codes": _named(twice)}
        error = _("More than once: %(codes)s.") % names
        message = _("Scanned more than once: %(codes)s. Each label is for one spool.")
        raise InvalidSpoolCode(message % names, errors={"codes": [error]})
    if taken := sorted(Spool.objects.taken_codes(codes)):
        names = {"codes": _named(taken)}
        error = _("On a spool already: %(codes)s.") % names
        message = _("On a spool already: %(codes)s. Take labels that are new.")
        raise Duplicate(message % names, errors={"codes": [error]})
    return codes


def _named(codes):
    named = ", ".join(code[:20] for code in codes[:MAX_NAMED])
    if len(codes) <= MAX_NAMED:
        return named
    return _("%(codes)s and %(count)s more") % {"codes": named, "count": len(codes) - MAX_NAMED}
