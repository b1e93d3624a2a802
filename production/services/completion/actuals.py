"""What a run really took and made, typed or weighed, checked before it is booked.

Every line of the run ends up with part grams, purge grams and where they come from; every item
with good and scrapped counts. What was not given is missing, never taken as planned.
"""

from copy import copy
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from inventory.services.ledger import ZERO
from inventory.services.spools import scale
from production.models import ActualSource, Reason
from production.services.completion.estimates import estimates
from production.services.reported import lines as reported
from production.services.requirements import in_use
from production.services.requirements.readiness import refuse_without_spool
from production.services.run_state import NotInRun
from tenants.operations.quantities import grams as to_grams
from tenants.operations.refusals import Invalid, Refusal, located
from tenants.operations.text import format_number

FIGURES = ("actual_grams", "actual_purge_grams", "gross_before_grams", "gross_after_grams")
LINE_FIELDS = (
    *(*FIGURES, "actual_source", "reserved_grams"),
    *("metered_grams", "metered_before_grams", "added_grams"),
)
MINUTE_FIELDS = ("actual_minutes", "actual_minutes_source")
ITEM_FIELDS = ("good_count", "good_count_source", "scrapped_count", "scrap_reason")


class ActualsMissing(Refusal):
    code = "actuals_missing"
    title = "Some actual figures are missing"


class AfterAboveBefore(Invalid):
    code = "after_above_before"
    title = "The weight after is above the weight before"


class Contradiction(Invalid):
    code = "contradiction"
    title = "What was given contradicts itself"


class CountsExceedQuantity(Invalid):
    code = "counts_exceed_quantity"
    title = "More parts are counted than were to be made"


@dataclass(frozen=True, kw_only=True)
class MaterialActual:
    """What one material of the run took; ``line`` or ``spool`` (ids) is which.

    Either ``actual_grams`` (in the parts) and ``actual_purge_grams``, or the scale: gross after
    (used = the book minus net after), or gross before and after (used = before - after).
    ``settle`` counts the spool up first where the print used more than the book had;
    ``is_unknown`` forgets what was saved of it.
    """

    line: int | None = None
    spool: int | None = None
    actual_grams: Decimal | None = None
    actual_purge_grams: Decimal | None = None
    gross_before_grams: Decimal | None = None
    gross_after_grams: Decimal | None = None
    settle: bool = False
    is_unknown: bool = False


@dataclass(frozen=True, kw_only=True)
class ItemCount:
    """How many of one item of the run came out; ``item`` is its id."""

    item: int
    good_count: int
    scrapped_count: int = 0
    scrap_reason: Reason | None = None


def apply_materials(lines, given, spools, *, percent=None, books=None):
    """Write the actuals on the (locked) lines; returns the ids of those to settle.

    What is in ``given`` overrides the drafts saved on the lines, to which is added what devices
    reported since; where neither says anything, it is what they reported. ``percent`` estimates
    what was not given by that share of the plan: 100 is "as planned". ``books`` ({spool id: net
    grams}) is what a weight is compared with, where that is not what remains. Raises ActualsMissing
    for all that is missing at once, NotInRun, SpoolsMissing, AfterAboveBefore, Contradiction,
    TareUnknown, WeighingImplausible.
    """
    settled = note(lines, given) | reported.fill(lines)
    places = {line_of(lines, actual): ("materials", n) for n, actual in enumerate(given)}
    for line in lines:
        line.spool = spools.get(line.spool_id)  # the locked one, so that none is looked up again
    for line in lines:
        with located(*places.get(line, ())):
            _settle(line, spools, _book_of(line, spools, books or {}))
        reported.add_since(line)
    if percent is not None:
        _estimate(lines, percent)
    missing = [line for line in lines if None in (line.actual_grams, line.actual_purge_grams)]
    if missing:
        raise _missing(missing, spools, percent)
    refuse_without_spool([line for line in lines if line.actual_total_grams], field="materials")
    return settled


def outlook(lines):
    """Copies of the lines of a run in progress, with the actuals that `complete` would book now
    with ``as_planned``; None where it would ask. ``added_grams`` of them were reported after a
    figure was saved. A source that was reported is "metered"."""
    lines = [copy(line) for line in lines]
    spools = {line.spool_id: line.spool for line in lines if line.spool_id}
    for line in lines:
        if reported.is_by_meter(line):
            reported.fill_one(line)
    try:
        for line in lines:
            _settle(line, spools, _book_of(line, spools, {}))
            reported.add_since(line)
    except Refusal:
        return None
    _estimate(lines, 100)
    for line in lines:
        is_known = None not in (line.actual_grams, line.actual_purge_grams)
        if not is_known or line.actual_total_grams and not line.spool_id:
            return None
    return lines


def _missing(lines, spools, percent):
    """The refusal of a completion without the grams of lines, or without their purge alone."""
    missing = [line for line in lines if line.actual_grams is None]
    questions, errors = [], []
    if missing:
        question = _(
            "What did it take? Give actual grams (and purge where it was planned) or weights for: "
            "%(names)s. Or book it as planned."
        )
        if percent is not None:
            question = _(
                "What did it take? Of the plan nothing is left for: %(names)s. Give actual grams "
                "or weights."
            )
        questions.append(question % {"names": ", ".join(named(line, spools) for line in missing)})
    for line in lines:
        if line in missing:
            error = _("Material %(id)s has no actual.")
        else:
            error = _("Material %(id)s has no actual purge.")
            question = _(
                "How much was flushed? %(grams)s g of %(line)s were planned as purge: give its "
                "actual purge too, 0 if there was none."
            )
            grams = format_number(line.planned_purge_grams)
            questions.append(question % {"grams": grams, "line": named(line, spools)})
        errors.append(error % {"id": line.pk})
    ids = [line.pk for line in lines]
    return ActualsMissing(" ".join(questions), errors={"materials": errors}, material_ids=ids)


def note(lines, given):
    """Write what was given on the lines, as a draft; returns the ids of those to settle."""
    settled = set()
    for index, actual in enumerate(given):
        with located("materials", index):
            line = line_of(lines, actual)
            figures = {name: getattr(actual, name) for name in FIGURES}
            if actual.is_unknown or any(value is not None for value in figures.values()):
                for name, value in figures.items():
                    setattr(line, name, None if value is None else to_grams(value, field=name))
                line.actual_source = ""
                reported.keep_meter(line)
            if actual.settle:
                settled.add(line.pk)
    return settled


def apply_items(items, given, *, as_planned):
    """Write the counts on the (locked) items. Raises ActualsMissing, CountsExceedQuantity."""
    note_items(items, given)
    for item in items:
        if item.good_count is None and as_planned:
            item.good_count = item.quantity - (item.scrapped_count or 0)
            item.good_count_source = ActualSource.AS_PLANNED
        if item.good_count is not None:
            item.scrapped_count = item.scrapped_count or 0
    missing = [item for item in items if item.good_count is None]
    if missing:
        planned = _("%(product)s (%(quantity)s planned)")
        items = [
            planned % {"product": each.product.sku, "quantity": each.quantity} for each in missing
        ]
        raise ActualsMissing(
            _("How many came out good? Count: %(items)s. Or book all of them as good, as planned.")
            % {"items": ", ".join(items)},
            errors={
                "items": [_("Item %(id)s has no counts.") % {"id": each.pk} for each in missing]
            },
            item_ids=[item.pk for item in missing],
        )


def note_items(items, given):
    """Write the given counts on the items. Raises NotInRun, CountsExceedQuantity, Invalid,
    ReasonInactive."""
    by_id = {item.pk: item for item in items}
    for index, count in enumerate(given):
        with located("items", index):
            if count.item not in by_id:
                message = _("Item %(item)s is not of this run.") % {"item": count.item}
                raise NotInRun(message, errors={"id": [message]}, item_id=count.item)
            item = by_id[count.item]
            reason = {"kind": Reason.Kind.SCRAP, "named": item.scrap_reason_id}
            in_use.require_reason(count.scrap_reason, **reason)
            item.good_count, item.scrapped_count = count.good_count, count.scrapped_count
            item.good_count_source = ActualSource.TYPED
            item.scrap_reason = count.scrap_reason
            _check_counts(item)


def line_of(lines, actual):
    """The line of the run that an actual is about. Raises NotInRun."""
    for line in lines:
        if line.pk == actual.line or (actual.line is None and line.spool_id == actual.spool):
            return line
    no_spool, no_line = _("This run has no spool %(id)s."), _("This run has no line %(id)s.")
    raise NotInRun(
        (no_line if actual.line else no_spool) % {"id": actual.line or actual.spool},
        errors={"id" if actual.line else "spool": [_("Not a material of this run.")]},
        material_id=actual.line,
        spool_id=actual.spool,
    )


def _book_of(line, spools, books):
    """Net grams that a weight is compared with."""
    spool = spools.get(line.spool_id)
    if spool is None or spool.pk in books:
        return books.get(line.spool_id)
    return reported.remaining_for(line, spool)


def _settle(line, spools, book_grams):
    """Set part and purge grams of a line from the given figures."""
    if line.gross_after_grams is not None and not line.actual_source:  # else it was compared once
        _split(line, _weighed(line, spools, book_grams), spools)
    elif line.actual_grams is not None:
        line.actual_source = line.actual_source or ActualSource.TYPED
        if line.actual_purge_grams is None and not line.planned_purge_grams:
            line.actual_purge_grams = ZERO


def by_share(percent):
    """The ActualSource of what is taken from the plan: ``percent`` of it."""
    return ActualSource.AS_PLANNED if percent == 100 else ActualSource.PERCENT


def _estimate(lines, percent):
    found = estimates(lines, percent)
    for line in lines:
        if line.pk in found:
            line.actual_grams, line.actual_purge_grams = found[line.pk]
            line.actual_source = by_share(percent)


def _weighed(line, spools, before_grams):
    refuse_without_spool([line], field="spool")
    spool, before = spools[line.spool_id], line.gross_before_grams
    if before is not None:
        used = before - line.gross_after_grams
        message = _(
            "Spool %(spool)s weighs %(after)s g after the print and %(before)s g before: that is "
            "%(more)s g more. Weigh again, or count the spool first."
        )
    else:
        before, net = before_grams, scale.net_of_gross(spool, line.gross_after_grams)
        if net < 0:
            raise scale.below_reel(spool, line.gross_after_grams, _("give the grams it took"))
        used = before - net
        message = _(
            "Spool %(spool)s weighs %(after)s g after the print, but the book has %(before)s g "
            "net: that is %(more)s g more. Weigh again, or count the spool first."
        )
    if used < 0:
        raise AfterAboveBefore(
            message
            % {
                "spool": spool.code,
                "after": format_number(line.gross_after_grams),
                "before": format_number(before),
                "more": format_number(-used),
            },
            errors={"gross_after_grams": [_("Above the weight before.")]},
            spool_id=spool.pk,
            gross_after_grams=line.gross_after_grams,
            surplus_grams=-used,
        )
    return used


def _split(line, used, spools):
    """The scale can't tell part from purge: without an actual, purge is what was planned."""
    purge = line.actual_purge_grams
    if line.actual_grams is not None:
        _require_agreement(line, used, spools)
        purge = used - line.actual_grams
    purge = min(line.planned_purge_grams if purge is None else purge, used)
    line.actual_grams, line.actual_purge_grams = used - purge, purge
    line.actual_source = ActualSource.WEIGHED


def _require_agreement(line, used, spools):
    """Raise Contradiction if the given grams differ from those by the weight."""
    purge = line.actual_purge_grams
    purges = (ZERO, min(line.planned_purge_grams, used)) if purge is None else (purge,)
    if used - line.actual_grams not in purges:
        figures = {
            "spool": named(line, spools),
            "typed": format_number(line.actual_total_grams),
            "weighed": format_number(used),
        }
        raise Contradiction(
            _(
                "%(typed)s g were typed for %(spool)s, by its weight it took %(weighed)s g: give "
                "one of the two."
            )
            % figures,
            errors={"gross_after_grams": [_("Either the grams or the weight, not both.")]},
            material_id=line.pk,
            actual_grams=line.actual_total_grams,
            weighed_grams=used,
        )


def _check_counts(item):
    counts = {"good_count": item.good_count, "scrapped_count": item.scrapped_count}
    if min(item.good_count or 0, item.scrapped_count or 0) < 0:
        message = _("A count can't be negative.")
        name = "good_count" if (item.good_count or 0) < 0 else "scrapped_count"
        raise CountsExceedQuantity(message, errors={name: [message]})
    if item.printed_count > item.quantity:
        counts["quantity"] = item.quantity
        message = _(
            "%(product)s: %(good_count)s good and %(scrapped_count)s scrapped are more than the "
            "%(quantity)s of this run. Correct the counts, or the quantity."
        )
        error = _("At most %(quantity)s for item %(id)s.") % {"id": item.pk, **counts}
        raise CountsExceedQuantity(
            message % {"product": item.product.sku, **counts},
            errors={"good_count": [error]},
            item_id=item.pk,
            **counts,
        )


def named(line, spools):
    """The line for a sentence: its spool's code, or its id."""
    if spool := spools.get(line.spool_id):
        return _("spool %(code)s") % {"code": spool.code}
    return _("material %(id)s") % {"id": line.pk}
