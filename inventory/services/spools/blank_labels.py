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
        message = _("Not the code of a label: %(codes)s. Scan it again.")
        errors = _at_codes(codes, wrong, _("Not the code of a label."))
        raise InvalidSpoolCode(message % names, errors=errors)
    if twice := [code for code, times in Counter(codes).items() if times > 1]:
        names = {"codes": _named(twice)}
        message = _("Scanned more than once: %(codes)s. Each label is for one spool.")
        raise InvalidSpoolCode(message % names, errors=_at_codes(codes, twice, _("Twice here.")))
    if taken := sorted(Spool.objects.taken_codes(codes)):
        names = {"codes": _named(taken)}
        message = _("On a spool already: %(codes)s. Take labels that are new.")
        errors = _at_codes(codes, taken, _("On a spool already."))
        raise Duplicate(message % names, errors=errors)
    return codes


def _at_codes(codes, wrong, text):
    """The text as the error of each of ``codes`` that is one of the wrong."""
    return {f"codes.{place}": [text] for place, code in enumerate(codes) if code in wrong}


def _named(codes):
    named = ", ".join(code[:20] for code in codes[:MAX_NAMED])
    if len(codes) <= MAX_NAMED:
        return named
    return _("%(codes)s and %(count)s more") % {"codes": named, "count": len(codes) - MAX_NAMED}
