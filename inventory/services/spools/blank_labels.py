"""Labels that were printed before there was a spool to put them on: bound when it is received."""

from collections import Counter

from django.utils.translation import gettext as _

from inventory import codes as spool_codes
from inventory.models import Spool, SpoolEvent
from inventory.services import scanning
from inventory.services.spools.shelf import InvalidSpoolCode
from tenants.operations.refusals import Duplicate

MAX_NAMED = 10


def require_blank(texts):
    """The codes of scanned or typed labels, in order, if each may become a new spool's.

    Raises InvalidSpoolCode (not a code, or there twice), Duplicate (a spool has it, or had it).
    """
    codes = [scanning.read(text).code for text in texts]
    wrong = [code for code in codes if not spool_codes.is_valid(code)]
    if wrong:
        raise InvalidSpoolCode(
            _("Not the code of a label: %(wrong)s. Scan it again.") % {"wrong": _named(wrong)},
            errors={"codes": [_("Not the code of a label: %(wrong)s.") % {"wrong": _named(wrong)}]},
        )
    twice = [code for code, times in Counter(codes).items() if times > 1]
    if twice:
        raise InvalidSpoolCode(
            _("Scanned more than once: %(twice)s. Each label is for one spool.")
            % {"twice": _named(twice)},
            errors={"codes": [_("More than once: %(twice)s.") % {"twice": _named(twice)}]},
        )
    taken = _taken(codes)
    if taken:
        raise Duplicate(
            _("On a spool already: %(taken)s. Take labels that are new.")
            % {"taken": _named(taken)},
            errors={"codes": [_("On a spool already: %(taken)s.") % {"taken": _named(taken)}]},
        )
    return codes


def _taken(codes):
    now = Spool.objects.filter(code__in=codes).values_list("code", flat=True)
    events = SpoolEvent.objects.filter(verb=SpoolEvent.Verb.RELABELLED, before__in=codes)
    return sorted({*now, *events.values_list("before", flat=True)})


def _named(codes):
    named = ", ".join(code[:20] for code in codes[:MAX_NAMED])
    if len(codes) <= MAX_NAMED:
        return named
    return _("%(codes)s and %(count)s more") % {"codes": named, "count": len(codes) - MAX_NAMED}
