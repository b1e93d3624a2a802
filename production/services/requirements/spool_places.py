"""Why a spool is proposed, or not, by where it is and whether it was opened: the same sentences
wherever spools are proposed."""

from typing import NamedTuple

from django.utils.translation import gettext as _


class ProposalReason(NamedTuple):
    """Why a spool is proposed, or what speaks against it: a stable code and a sentence."""

    code: str
    detail: str


def of_place(spool, *, printer_id, printing=None, is_any_printer=False):
    """Where the spool is, seen from the printer with this id: in a slot, or at its location.

    ``printing`` is the other Printer that prints from it, or True where that is not known. With
    ``is_any_printer`` a run that has no printer may start where the spool is.
    """
    slot = getattr(spool, "printer_slot", None)
    if printing:
        printer = slot.printer if printing is True and slot is not None else printing
        detail = _("Another printer prints from it.")
        if printer is not True:
            detail = _("%(printer)s prints from it.") % {"printer": printer}
        yield ProposalReason("printing_elsewhere", detail)
    elif slot is not None and slot.printer_id == printer_id:
        yield ProposalReason("loaded", _("Loaded in %(slot)s.") % {"slot": slot})
    elif slot is not None:
        detail = _("Loaded in another printer, %(slot)s.")
        if is_any_printer:
            detail = _("Loaded in %(slot)s, where the run can start.")
        yield ProposalReason("loaded_elsewhere", detail % {"slot": slot})
    elif spool.location:
        yield ProposalReason("location", _("From %(place)s.") % {"place": spool.location})


def of_opening(spool):
    """Whether it was opened; ``spool`` is one, or a row of the shelf with its values."""
    if spool.is_sealed:
        return ProposalReason("sealed", _("Sealed."))
    return ProposalReason("opened", _("Opened already."))
