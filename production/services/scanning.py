"""Decoding of scanned text to rows of this farm, for the floor and the API."""

import logging
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.models import Filament, Spool
from inventory.services import scanning
from production.models import Printer, PrinterSlot, ProductionRun
from tenants.operations.operation import observed


@dataclass(frozen=True, kw_only=True)
class Scan:
    """``kind`` is what was read: spool, printer, slot, run, filament, or, where nothing of this
    farm was found, the kind of the symbol (see ``scanning.Symbol``). ``rows`` are what it leads to:
    none, one, or several filaments of one GTIN. ``detail`` is a sentence about it and what to do
    next."""

    kind: str
    code: str
    detail: str
    rows: tuple = ()


@observed("scan.decode", level=logging.DEBUG)
def decode(text):
    """The Scan of whatever was scanned or typed; nothing is refused."""
    symbol = scanning.read(text)
    return _READERS.get(symbol.kind, _of_spoolman)(symbol)


def pair(scan, *, spool=None, printer=None, slot=None):
    """``(spool, slot, printer)`` of a Scan on the page of one of them: a spool and where it goes.

    The slot is None where the printer has none or several; all are None where the two are not a
    spool and a printer.
    """
    scanned = scan.rows[0] if len(scan.rows) == 1 else None
    if spool is not None and scan.kind in ("printer", "slot") and scanned is not None:
        return _placed(spool, **{scan.kind: scanned})
    if (printer or slot) and scan.kind == "spool" and scanned is not None:
        return _placed(scanned, printer=printer, slot=slot)
    return None, None, None


def unknown(text):
    """Why nothing was found for a text that should be the label of a spool."""
    symbol = scanning.read(text)
    if symbol.kind in ("text", "label"):
        return _no_label(symbol)
    scan = decode(text)
    if not scan.rows:
        return scan.detail
    return _("%(code)s is not the label of a spool: %(detail)s") % {
        "code": symbol.code,
        "detail": scan.detail,
    }


def _of_label(symbol):
    if spool := scanning.labelled(symbol.code):
        return _spool(spool)
    if printer := Printer.objects.active().labelled(symbol.code).first():
        return _scan("printer", printer.code, _("Printer %(name)s."), printer, name=printer)
    return Scan(kind="label", code=symbol.code, detail=_no_label(symbol))


def _of_slot(symbol):
    printers = Printer.objects.active().labelled(symbol.code)
    slots = list(PrinterSlot.objects.filter(printer__in=printers).select_related("printer"))
    name = symbol.slot.lower()
    if slot := next((slot for slot in slots if slot.label.lower() == name), None):
        code = f"{symbol.code}/{slot.label}"
        return Scan(
            kind="slot", code=code, detail=_("Slot %(slot)s.") % {"slot": slot}, rows=(slot,)
        )
    return Scan(
        kind="slot",
        code=f"{symbol.code}/{symbol.slot[:20]}",
        detail=_no_slot(symbol, printers.first(), slots),
    )


def _of_run(symbol):
    if run := ProductionRun.objects.live().by_number(symbol.code).first():
        return _scan("run", run.number, _("Run %(code)s."), run)
    return _scan("run", symbol.code, _("No run of this farm has the number %(code)s."))


def _of_text(symbol):
    """A label that was typed wrongly, or the number of a run."""
    of_label = _of_label(symbol)
    if of_label.rows:
        return of_label
    of_run = _of_run(symbol)
    return of_run if of_run.rows else Scan(kind="text", code=symbol.code, detail=of_label.detail)


def _of_gtin(symbol):
    found = scanning.of_gtin(symbol.code)[:20] if symbol.is_sound else []
    if not found and (spool := scanning.tagged(symbol)):
        return _spool(spool)
    if not symbol.is_sound:
        detail = _("%(code)s is misread: the check digit of a GTIN doesn't fit. Scan it again.")
        return _scan("gtin", symbol.code, detail)
    if not found:
        detail = _("No filament of this farm has the GTIN %(code)s: enter it at the filament.")
        return _scan("gtin", symbol.code, detail)
    detail = ngettext(
        "GTIN %(code)s: %(name)s.", "%(count)d filaments have the GTIN %(code)s.", len(found)
    )
    return _scan("filament", symbol.code, detail, *found, count=len(found), name=found[0])


def _of_spoolman(symbol):
    if symbol.kind == "spoolman_spool":
        if spool := scanning.numbered(Spool.objects.with_filament(), symbol):
            return _spool(spool)
        detail = _(
            "This is Spoolman's spool %(code)s, which is not known here: find the spool by the "
            "code under its own label, or receive it and give it one."
        )
    else:
        if filament := scanning.numbered(Filament.objects.with_makers(), symbol):
            detail = _("Filament %(name)s.")
            return _scan("filament", symbol.code, detail, filament, name=filament)
        detail = _(
            "This is Spoolman's filament %(code)s, which is not known here: find the filament by "
            "its name."
        )
    return _scan(symbol.kind, symbol.code, detail)


def _placed(spool, *, printer=None, slot=None):
    if slot is None:
        found = list(printer.slots.select_related("printer").order_by("pk")[:2])
        slot = found[0] if len(found) == 1 else None
    return spool, slot, printer or slot.printer


def _spool(spool):
    detail = _("Spool %(code)s: %(filament)s.")
    return _scan("spool", spool.code, detail, spool, filament=spool.filament)


def _scan(kind, code, detail, *rows, **figures):
    return Scan(kind=kind, code=code, rows=rows, detail=detail % {"code": code, **figures})


def _no_label(symbol):
    code = symbol.code[:20]
    if symbol.kind == "label" and symbol.is_sound:
        return _("No spool of this farm has the label %(code)s.") % {"code": code}
    return _("%(code)s is not a spool code; was it mistyped?") % {"code": code}


def _no_slot(symbol, printer, slots):
    if printer is None:
        code = symbol.code[:20]
        if symbol.is_sound:
            return _("No printer of this farm has the label %(code)s.") % {"code": code}
        return _("%(code)s is not the code of a printer; was it mistyped?") % {"code": code}
    figures = {"printer": printer, "slot": symbol.slot[:20]}
    figures["slots"] = ", ".join(sorted(slot.label for slot in slots))
    if not slots:
        return _("%(printer)s has no slot %(slot)s: it has no slots.") % figures
    return _("%(printer)s has no slot %(slot)s: it has %(slots)s.") % figures


_READERS = {
    "label": _of_label,
    "slot": _of_slot,
    "run": _of_run,
    "gtin": _of_gtin,
    "text": _of_text,
}
