"""What a scanner read: what it is in this farm, and what to say of it. For the floor and the API
alike."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.services import scanning
from production.models import Printer, ProductionRun


@dataclass(frozen=True, kw_only=True)
class Scan:
    """``kind`` is what was read: spool, printer, run, filament, or, where nothing of this farm was
    found, what it claims to be (see ``scanning.Symbol``). ``rows`` are what it leads to: none,
    one, or several filaments of one GTIN. ``detail`` says so, and what to do next."""

    kind: str
    code: str
    detail: str
    rows: tuple = ()


def decode(text):
    """The Scan of whatever a scanner read or somebody typed; nothing is refused."""
    symbol = scanning.read(text)
    return _READERS.get(symbol.kind, _of_spoolman)(symbol)


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
        detail = _("Spool %(code)s: %(filament)s.")
        return _one("spool", spool.code, spool, detail, filament=spool.filament)
    if printer := Printer.objects.active().labelled(symbol.code).first():
        return _one("printer", printer.code, printer, _("Printer %(name)s."), name=printer)
    return Scan(kind="label", code=symbol.code, detail=_no_label(symbol))


def _of_run(symbol):
    if run := ProductionRun.objects.live().by_number(symbol.code).first():
        return _one("run", run.number, run, _("Run %(code)s."))
    detail = _("No run of this farm has the number %(code)s.") % {"code": symbol.code}
    return Scan(kind="run", code=symbol.code, detail=detail)


def _of_text(symbol):
    """A label that was typed wrongly, or the number of a run."""
    of_label = _of_label(symbol)
    if of_label.rows:
        return of_label
    of_run = _of_run(symbol)
    return of_run if of_run.rows else Scan(kind="text", code=symbol.code, detail=of_label.detail)


def _of_gtin(symbol):
    numbers = {"code": symbol.code}
    if not symbol.is_sound:
        detail = _("%(code)s is misread: the check digit of a GTIN doesn't fit. Scan it again.")
        return Scan(kind="gtin", detail=detail % numbers, **numbers)
    found = tuple(scanning.of_gtin(symbol.code)[:20])
    if not found:
        detail = _("No filament of this farm has the GTIN %(code)s: enter it at the filament.")
        return Scan(kind="gtin", detail=detail % numbers, **numbers)
    detail = ngettext(
        "GTIN %(code)s: %(name)s.", "%(count)d filaments have the GTIN %(code)s.", len(found)
    ) % {"count": len(found), "name": found[0], **numbers}
    return Scan(kind="filament", detail=detail, rows=found, **numbers)


def _of_spoolman(symbol):
    detail = {
        "spoolman_spool": _(
            "This is Spoolman's spool %(code)s, which is not known here: find the spool by the "
            "code under its own label, or receive it and give it one."
        ),
        "spoolman_filament": _(
            "This is Spoolman's filament %(code)s, which is not known here: find the filament by "
            "its name."
        ),
    }[symbol.kind] % {"code": symbol.code}
    return Scan(kind=symbol.kind, code=symbol.code, detail=detail)


def _one(kind, code, row, detail, **words):
    return Scan(kind=kind, code=code, rows=(row,), detail=detail % {"code": code, **words})


def _no_label(symbol):
    code = symbol.code[:20]
    if symbol.kind == "label" and symbol.is_sound:
        return _("No spool of this farm has the label %(code)s.") % {"code": code}
    return _("%(code)s is not a spool code; was it mistyped?") % {"code": code}


_READERS = {"label": _of_label, "run": _of_run, "gtin": _of_gtin, "text": _of_text}
