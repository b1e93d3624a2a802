"""Completing a run, or giving it up as failed: what it took is booked, all or nothing."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from inventory.services import ledger
from production.models import ESTIMATED, ProductionRun, Reason
from production.services import explanation, run_state
from production.services.completion.actuals import (
    ITEM_FIELDS,
    LINE_FIELDS,
    MINUTE_FIELDS,
    apply_items,
    apply_materials,
    by_share,
    note_items,
)
from production.services.completion.plausibility import require_plausible
from production.services.reported import lines as reported
from production.services.requirements import claims, in_use
from production.services.variance import Variance
from tenants.operations.bulk import Update
from tenants.operations.operation import operation, with_dry_run
from tenants.operations.refusals import Invalid
from tenants.operations.text import format_moment, format_number

Status = ProductionRun.Status


class PercentAndGrams(Invalid):
    code = "percent_and_grams"
    title = "A percent was given, and the grams too"


@dataclass(kw_only=True)
class Completion:
    """A closed run, the ledger entries that were made, and its figures."""

    run: ProductionRun
    entries: list
    figures: Variance

    @property
    def items(self):
        return self.figures.items

    @property
    def lines(self):
        return [material.line for material in self.figures.materials]

    @cached_property
    def variance(self):
        return self.figures.as_dict()

    @cached_property
    def explanation(self):
        return explanation.of(self.figures)


@with_dry_run
@operation("production_run.complete")
def complete(
    run,
    *,
    by,
    at=None,
    materials=(),
    items=(),
    actual_minutes=None,
    finished_at=None,
    as_planned=False,
    confirm=False,
):
    """Complete a run in progress; returns a Completion.

    ``materials`` are MaterialActuals and ``items`` ItemCounts; what was saved before counts, and
    they override it. ``as_planned`` books the plan for what was not given, ``confirm`` accepts
    implausible actuals. ``actual_minutes`` and ``finished_at`` (by default the moment of booking)
    are of the print.

    Raises InvalidRunStatus, ActualsMissing, ActualImplausible, CountsExceedQuantity,
    AfterAboveBefore, TareUnknown, WeighingImplausible, InsufficientInventory with every shortage.
    """
    run = run_state.lock(run, "complete")
    lines, run_items = run_state.lock_lines(run), run_state.lock_items(run)
    percent = 100 if as_planned else None
    apply_items(run_items, items, as_planned=as_planned)
    apply_minutes(run, actual_minutes, percent=percent)
    with ledger.book([line.spool_id for line in lines], by=by, at=at) as book:
        settled = apply_materials(lines, materials, book.spools, percent=percent)
        if not confirm:
            require_plausible(run, lines, book.spools)
        take(book, book.consume, run, lines, settled)
    event = {"by": by, "at": book.at}
    _finish(run, run_items, lines, "complete", Status.COMPLETED, finished_at=finished_at, **event)
    return _outcome(run, run_items, lines, book)


@with_dry_run
@operation("production_run.fail")
def fail(
    run,
    *,
    by,
    reason,
    at=None,
    materials=(),
    items=(),
    actual_minutes=None,
    finished_at=None,
    progress_percent=None,
    note="",
    confirm=False,
):
    """Give a run up of which nothing usable came; returns a Completion.

    What it took is booked as waste: ``materials`` as in `complete`, and ``progress_percent`` of
    the plan for lines, and minutes, without. ``reason`` (a Reason for failure) is required. Where
    some parts are good, complete with the rest scrapped instead. Raises PercentAndGrams where no
    line is without, and as `complete` does.
    """
    if reason is None:
        raise Invalid(_("Why did it fail? Give a reason."), errors={"reason": [_("Required.")]})
    run = run_state.lock(run, "fail")
    named = {"kind": Reason.Kind.FAILURE, "named": run.outcome_reason_id, "field": "reason"}
    in_use.require_reason(reason, **named)
    lines, run_items = run_state.lock_lines(run), run_state.lock_items(run)
    _nothing_good(run_items, items)
    apply_minutes(run, actual_minutes, percent=progress_percent)
    with ledger.book([line.spool_id for line in lines], by=by, at=at) as book:
        settled = apply_materials(lines, materials, book.spools, percent=progress_percent)
        _require_use(progress_percent, lines)
        if not confirm:
            require_plausible(run, lines, book.spools, may_be_less=True)
        take(book, book.waste, run, lines, settled, reason=reason.code)
    run.outcome_reason = reason
    event = {"by": by, "at": book.at, "reason": note}
    _finish(run, run_items, lines, "fail", Status.FAILED, finished_at=finished_at, **event)
    return _outcome(run, run_items, lines, book)


def take(book, verb, run, lines, settled, **details):
    """Release the claims of the lines and book their actuals by ``verb`` of the ``book``."""
    claims.release(book, lines)
    entries = {}
    for line in lines:
        if grams := line.actual_total_grams:
            spool = book.spools[line.spool_id]
            how = {"settle": line.pk in settled, "is_reported": line.is_reported}
            how["is_counted"] = line.is_weighed
            entries[line.pk] = verb(spool, grams, run=run, **how, **details)
    reported.close(book, lines, entries)


def apply_minutes(run, given, *, percent=None):
    """Set how long it printed: what was given, else the draft, else ``percent`` of the plan."""
    if given is not None:
        run.set_actual_minutes(given)
    elif None not in (percent, run.planned_minutes) and run.actual_minutes is None:
        run.set_actual_minutes(run.planned_minutes * Decimal(percent) / 100, by_share(percent))


def set_finish(run, *, at, finished_at=None):
    """Set when the print ended. Raises Invalid unless start <= end <= at."""
    finished_at = finished_at or run.finished_at or at
    if not run.started_at <= finished_at <= at:
        raise Invalid(
            _(
                "A run that started %(started_at)s can't have finished %(finished_at)s: give a "
                "time between its start and now."
            )
            % {
                "started_at": format_moment(run.started_at),
                "finished_at": format_moment(finished_at),
            },
            errors={"finished_at": [_("Between the start and now.")]},
        )
    run.finished_at = finished_at


def _require_use(percent, lines):
    """Raise PercentAndGrams where a ``percent`` was given, and no line has taken it."""
    if percent is None or not lines or any(line.actual_source in ESTIMATED for line in lines):
        return
    figures = {
        "percent": format_number(Decimal(percent)),
        "grams": format_number(sum(line.actual_total_grams for line in lines)),
    }
    raise PercentAndGrams(
        _(
            "%(percent)s %% of the plan, or the %(grams)s g that were weighed or typed? Leave the "
            "percent out, or empty the grams."
        )
        % figures,
        errors={"progress_percent": [_("The grams are known already.")]},
        progress_percent=percent,
        actual_grams=sum(line.actual_total_grams for line in lines),
    )


def _nothing_good(items, given):
    note_items(items, given)
    for item in items:
        if item.good_count:
            raise Invalid(
                _(
                    "%(good_count)s good of %(product)s: complete the run with the rest "
                    "scrapped; a run fails when nothing usable came out."
                )
                % {"good_count": item.good_count, "product": item.product.sku},
                errors={"items": [_("A failed run has no good parts.")]},
            )
        item.good_count, item.scrapped_count = 0, item.scrapped_count or 0
        item.good_count_source = ""


def _finish(run, items, lines, verb, status, *, by, at, finished_at, reason=""):
    also = [Update(lines, LINE_FIELDS), Update(items, ITEM_FIELDS)]
    if run.printer and run.finished_at is None:  # else its bed was cleared since
        run.printer.needs_clearing = True
        also.append(Update([run.printer], ["needs_clearing"]))
    set_finish(run, at=at, finished_at=finished_at)
    fields = ("finished_at", *MINUTE_FIELDS, "outcome_reason")
    run_state.save(run, verb, *fields, to=status, by=by, at=at, also=also, reason=reason)


def _outcome(run, items, lines, book):
    figures = Variance(run, items, lines, book.entries)
    return Completion(run=run, entries=book.entries, figures=figures)
