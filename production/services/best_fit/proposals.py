"""Proposes spools for all planned runs of the next days together, each with its reasons.

What is reserved already stays as it is: of a spool no more is proposed than is available.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.models import Spool
from production.models import RunMaterial
from production.services.best_fit.plan import SMALL
from production.services.best_fit.reading import Queue, grams, orders_of
from production.services.best_fit.search import best_plan
from production.services.best_fit.taking import MOST_SPOOLS
from production.services.requirements.spool_places import ProposalReason, of_opening, of_place
from tenants.operations.text import format_number

DAYS = 7  # unless another number is asked for
MOST_DAYS = 60
MOST_RUNS_NAMED = 3  # in a sentence


@dataclass(frozen=True, kw_only=True)
class SpoolShare:
    """``grams`` of a spool for a line; it has ``left_grams`` after all that is proposed."""

    spool: Spool
    grams: Decimal
    left_grams: Decimal


@dataclass(frozen=True, kw_only=True)
class LineProposal:
    """Spools for a line, in the order in which they follow each other; none where none suit.
    ``is_takeable`` says whether they can be reserved ahead of the start."""

    line: RunMaterial
    shares: tuple[SpoolShare, ...]
    reasons: tuple[ProposalReason, ...]

    @property
    def run(self):
        return self.line.run

    @property
    def wanted(self):
        return self.line.filament or self.line.material_type

    @property
    def is_takeable(self):
        return 0 < len(self.shares) <= MOST_SPOOLS

    @property
    def value(self):
        """What a form sends to take it."""
        return ":".join(map(str, (self.line.pk, *(share.spool.pk for share in self.shares))))


@dataclass(frozen=True, kw_only=True)
class BestFit:
    """The LineProposals of the lines without a spool of ``run_count`` planned runs, in the order
    of the queue. It ``is_cut`` where more runs are planned than are looked at together."""

    days: int
    run_count: int
    is_cut: bool
    proposals: list[LineProposal]

    @property
    def proposed(self):
        return [each for each in self.proposals if each.shares]

    @property
    def takeable(self):
        return [each for each in self.proposals if each.is_takeable]

    @property
    def without(self):
        """Lines for which there is nothing to propose."""
        return [each for each in self.proposals if not each.shares]

    @property
    def changes(self):
        """Changes of a spool during a print."""
        return sum(len(each.shares) - 1 for each in self.proposed)

    @property
    def small_rests(self):
        """Spools of which less than 50 g are left, but something."""
        shares = [share for each in self.proposed for share in each.shares]
        return len({share.spool.pk for share in shares if 0 < share.left_grams < grams(SMALL)})


def best_fit(*, days=DAYS, at=None):
    """The BestFit of the planned runs that begin within the ``days``, or have no date."""
    queue = Queue(days=days, at=at)
    plan = best_plan(queue.planned_lines(), queue.supplies(), queue.lots())
    ids = {queue.rows[place].pk for pieces in plan.taken for place, _grams in pieces}
    spools = Spool.objects.with_filament().select_related("printer_slot__printer").in_bulk(ids)
    found = [_proposal(queue, plan, place, spools) for place in range(len(queue.lines))]
    return BestFit(days=days, run_count=len(queue.runs), is_cut=queue.is_cut, proposals=found)


def _proposal(queue, plan, place, spools):
    shares = tuple(
        SpoolShare(
            spool=spools[queue.rows[spool].pk],
            grams=grams(amount),
            left_grams=grams(plan.left[spool]),
        )
        for spool, amount in plan.taken[place]
        if queue.rows[spool].pk in spools
    )
    if len(shares) < len(plan.taken[place]):  # removed a moment ago
        shares = ()
    line = queue.lines[place]
    why = _reasons(queue, plan, place, shares) if shares else [_missing(queue, plan, place)]
    return LineProposal(line=line, shares=shares, reasons=tuple(why))


def _reasons(queue, plan, place, shares):
    """Those of each spool, with its code where they are several."""
    line = queue.lines[place]
    for share, (spool, _amount) in zip(shares, plan.taken[place], strict=True):
        of_spool = [
            *_of_place(line.run, share.spool),
            *_of_others(queue, plan, place, spool),
            *_of_lot(queue, plan, place, spool),
        ]
        if len(shares) > 1:
            of_spool = [_of_code(share, reason) for reason in of_spool]
        yield from of_spool
        if share is shares[0] and len(shares) > 1:
            yield _of_change(shares)
    yield _of_rest(shares[-1])


def _of_code(share, reason):
    names = {"code": share.spool.code, "detail": reason.detail}
    return ProposalReason(reason.code, _("%(code)s: %(detail)s") % names)


def _of_place(run, spool):
    found = [*of_place(spool, printer_id=run.printer_id, is_any_printer=run.printer_id is None)]
    is_loaded = any(each.code == "loaded" for each in found)
    return found if is_loaded else [*found, of_opening(spool)]


def _of_change(shares):
    names = ", ".join(share.spool.code for share in shares[1:])
    text = _("No spool has enough for it: the print goes on from %(names)s.")
    return ProposalReason("change", text % {"names": names})


def _of_others(queue, plan, place, spool):
    others = {queue.lines[other].run.number for other in plan.drawn[spool] if other != place}
    if others:
        named = ", ".join(sorted(others)[:MOST_RUNS_NAMED])
        more = len(others) - MOST_RUNS_NAMED
        detail = _("Also for %(runs)s.") % {"runs": named}
        if more > 0:
            detail = ngettext(
                "Also for %(runs)s and %(count)s more run.",
                "Also for %(runs)s and %(count)s more runs.",
                more,
            ) % {"runs": named, "count": more}
        yield ProposalReason("shared", detail)


def _of_lot(queue, plan, place, spool):
    lot = queue.rows[spool].lot_number
    if lot and plan.is_shared_lot(place, spool):
        orders = ", ".join(orders_of(queue.lines[place].run))
        detail = _("Lot %(lot)s, as others of order %(orders)s.") % {"lot": lot, "orders": orders}
        yield ProposalReason("order_lot", detail)


def _of_rest(share):
    left = share.left_grams
    if left == 0:
        return ProposalReason("used_up", _("Nothing is left of it."))
    text = _("%(left)s g are left of it.") % {"left": format_number(left)}
    return ProposalReason("small_rest" if left < grams(SMALL) else "rest", text)


def _missing(queue, plan, place):
    """Why nothing is proposed for a line."""
    line, planned = queue.lines[place], plan.lines[place]
    suited = [spool for spool in planned.spools if plan.may_take(place, spool)]
    free = sum(plan.left[spool] for spool in suited)
    busy = [spool for spool in planned.spools if plan.prints_elsewhere(place, spool)]
    figures = {
        "needed": format_number(line.planned_total_grams),
        "wanted": line.filament or line.material_type,
        "free": format_number(grams(free)),
        "elsewhere": format_number(grams(sum(plan.left[spool] for spool in busy))),
    }
    if not planned.spools:
        text = _("No spool on the shelf suits %(wanted)s.")
        return ProposalReason("nothing_suits", text % figures)
    text = _("%(needed)s g of %(wanted)s are needed, %(free)s g are still free for it.")
    if any(plan.left[spool] for spool in busy):
        text = _(
            "%(needed)s g of %(wanted)s are needed, %(free)s g are still free for it; spools with "
            "%(elsewhere)s g print elsewhere at that time."
        )
    return ProposalReason("stock_insufficient", text % figures)
