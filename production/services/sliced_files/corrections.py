"""Corrections of what slicers say, by what was measured: proposed, and accepted by a manager.

Plans by a file multiply the slicer's grams by the factor that was accepted for the filament on the
printer, else for the filament, else for the printer. Plans that there are already stay as they are,
until they are printed with another filament or on another printer. A withdrawn correction gives way
to the one that it took the place of. One of a filament that was merged leads on to the one that is
kept, until that has one of its own.
"""

from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.services import doubles
from production.models import SlicerCorrection
from production.models.corrections import factor_text
from production.services import slicer_factors
from production.services.variance import FACTOR_PLACES, rounded
from tenants.accounts.audited import audit
from tenants.operations.operation import operation
from tenants.operations.refusals import Invalid, Refusal
from tenants.operations.text import format_number

LEAST, MOST = Decimal("0.5"), Decimal(2)
LOCK = {"no_key": True, "of": ("self",)}


class NothingMeasured(Refusal):
    code = "nothing_measured"
    title = "No run that was weighed or metered says what a correction should be"


class ImplausibleFactor(Refusal):
    code = "implausible_factor"
    title = "The slicer and the scale are too far apart"


class AlreadyCorrected(Refusal):
    code = "already_corrected"
    title = "It is corrected by that factor already"


class CorrectionWithdrawn(Refusal):
    code = "correction_withdrawn"
    title = "This correction was withdrawn already"


def proposed(*, group_by):
    """What `accept` would accept for each group, as `compared`. Five queries at most."""
    return _compared(slicer_factors.newest(), group_by=group_by, latest=slicer_factors.LATEST)


def compared(runs, *, group_by):
    """What slicers say of all runs of a queryset and what was measured, as dicts, with the
    correction that is current for each group. Four queries at most."""
    return _compared(runs, group_by=group_by)


def _compared(runs, **how):
    current = SlicerCorrection.objects.current().by_key()
    rows = [each.as_dict() for each in slicer_factors.of_runs(runs, **how)]
    for row in rows:
        correction = current.get((row["filament"], row["printer"]))
        row["correction"] = correction and correction.pk
        row["correction_factor"] = correction and correction.factor
    return rows


@operation("slicer_correction.accept")
def accept(filament, *, by, printer=None, at=None):
    """Correct plans by what was measured lately of a Filament, on a Printer if one is named; of
    None, by what was measured on the printer. Returns the SlicerCorrection.

    Raises Invalid where neither is named, NothingMeasured, ImplausibleFactor, AlreadyCorrected.
    """
    if filament is None and printer is None:
        error = _("Name a filament, a printer, or both.")
        raise Invalid(error, errors={"filament": [error], "printer": [error]})
    printer, filament = _locked(printer), filament and doubles.present(filament)
    evidence = slicer_factors.factor(filament=filament, printer=printer)
    factor = evidence and rounded(evidence.factor, FACTOR_PLACES)
    _require_evidence(evidence, factor)
    current = SlicerCorrection.objects.current().select_for_update(**LOCK)
    former = current.filter(filament=filament, printer=printer).first()
    _require_another(former, factor)
    at = at or timezone.now()
    if former is not None:
        _end(former, by=by, at=at)
    correction = SlicerCorrection.objects.create(
        filament=filament,
        printer=printer,
        factor=factor,
        run_count=evidence.evident_runs,
        sliced_grams=evidence.evident_sliced,
        measured_grams=evidence.evident_grams,
        accepted_by=by,
        accepted_at=at,
        former=former,
    )
    changes = {"factor": [former and str(former.factor), str(factor)]}
    audit("accept", correction, by=by, at=at, changes=changes)
    return correction


@operation("slicer_correction.withdraw")
def withdraw(correction, *, by, at=None):
    """Correct no longer by it; returns it fresh. What it took the place of is current again, as
    before it was accepted. Raises CorrectionWithdrawn."""
    _locked(correction.printer)
    _locked(correction.filament)
    fresh = SlicerCorrection.objects.with_names().select_for_update(**LOCK).get(pk=correction.pk)
    if not fresh.is_current:
        raise CorrectionWithdrawn(
            _("%(correction)s was withdrawn already.") % {"correction": fresh},
            correction_id=fresh.pk,
        )
    at = at or timezone.now()
    _end(fresh, by=by, at=at)
    former = fresh.former
    if former is not None:
        former.withdrawn_at = former.withdrawn_by = None
        former.save(update_fields=["withdrawn_at", "withdrawn_by"])
    changes = {"factor": [str(fresh.factor), former and str(former.factor)]}
    audit("withdraw", fresh, by=by, at=at, changes=changes)
    return fresh


def _locked(row):
    """The row, fresh and locked, so that one correction of it is made at a time; None of None."""
    return row and type(row).objects.select_for_update(**LOCK).get(pk=row.pk)


def _end(correction, *, by, at):
    correction.withdrawn_at, correction.withdrawn_by = at, by
    correction.save(update_fields=["withdrawn_at", "withdrawn_by"])


def _require_evidence(evidence, factor):
    if factor is None:
        raise NothingMeasured(
            _("No completed run of a sliced file was weighed or metered of it yet.")
        )
    if not LEAST <= factor <= MOST:
        figures = {
            "measured": format_number(evidence.evident_grams),
            "sliced": format_number(evidence.evident_sliced),
            "runs": evidence.evident_runs,
        }
        raise ImplausibleFactor(
            _(
                "%(measured)s g were measured in %(runs)s runs where the slicer says %(sliced)s g: "
                "look for a wrong weight or another spool first."
            )
            % figures,
            factor=factor,
            run_count=evidence.evident_runs,
        )


def _require_another(former, factor):
    if former is not None and former.factor == factor:
        raise AlreadyCorrected(
            _("It is corrected by %(factor)s already.") % {"factor": factor_text(factor)},
            correction_id=former.pk,
        )
