"""Labels that were printed before there was a spool to put them on: bound when it is received."""

from collections import Counter

from inventory import codes as spool_codes
from inventory.models import Spool, SpoolEvent
from inventory.services import scanning
from inventory.services.spools.shelf import InvalidSpoolCode
from tenants.operations.refusals import Duplicate

SHOWN = 10


def require_blank(texts):
    """The codes of scanned or typed labels, in order, if each may become a new spool's.

    Raises InvalidSpoolCode (not a code, or there twice), Duplicate (a spool has it, or had it).
    """
    codes = [scanning.read(text).code for text in texts]
    wrong = [code for code in codes if not spool_codes.is_valid(code)]
    if wrong:
        raise InvalidSpoolCode(
            f"Not the code of a label: {_named(wrong)}. Scan it again.",
            errors={"codes": [f"Not the code of a label: {_named(wrong)}."]},
        )
    twice = [code for code, times in Counter(codes).items() if times > 1]
    if twice:
        raise InvalidSpoolCode(
            f"Scanned more than once: {_named(twice)}. Each label is for one spool.",
            errors={"codes": [f"More than once: {_named(twice)}."]},
        )
    taken = _taken(codes)
    if taken:
        raise Duplicate(
            f"On a spool already: {_named(taken)}. Take labels that are new.",
            errors={"codes": [f"On a spool already: {_named(taken)}."]},
        )
    return codes


def _taken(codes):
    now = Spool.objects.filter(code__in=codes).values_list("code", flat=True)
    events = SpoolEvent.objects.filter(verb=SpoolEvent.Verb.RELABELLED, before__in=codes)
    return sorted({*now, *events.values_list("before", flat=True)})


def _named(codes):
    named = ", ".join(code[:20] for code in codes[:SHOWN])
    return named if len(codes) <= SHOWN else f"{named} and {len(codes) - SHOWN} more"
