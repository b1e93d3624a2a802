"""Which spools fit what a line of a run needs, the best first, and why.

Where a print goes on, what is of its filament comes first, whatever else there is; then what no
other printer prints from. Of the rest, in this order: what has enough, or its twins in the printer
have the rest; of the filament that the line had before, where any of its material would do; what is
loaded in the run's printer, before what is on the shelf and what is in another printer; one lot
with the other runs of the order; opened before sealed; the smallest that suffices, and of those
that don't the one with most; what was dried last.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.models import Spool
from production.models import ProductionRun, RunItem, RunMaterial
from production.models.statuses import LIVE, of_run
from production.services.requirements import claims
from production.services.requirements.spool_places import ProposalReason, of_opening, of_place
from tenants.operations.compiled import IsOneOf
from tenants.operations.text import format_number

MOST = 3  # spools of a line
MOST_RUNS = 50  # of an order, the newest ones


class SpoolNeed(NamedTuple):
    """What a spool is looked for: ``grams``, None where that is not known, of the filaments with
    these ids, or where there are none of the material type or its family.

    ``own_id`` is the spool that the line has, ``own_filament_id`` its filament, ``own_grams`` are
    reserved of it for the line already. ``lots`` are the numbers of the runs of the order by
    ``(filament id, folded lot)``.
    """

    grams: Decimal | None
    filament_ids: tuple = ()
    material_type_id: int | None = None
    printer_id: int | None = None
    own_id: int | None = None
    own_filament_id: int | None = None
    own_grams: Decimal = Decimal(0)
    is_swapped: bool = False  # the print goes on from another spool than its own
    lots: dict = {}


class FreeSpool(NamedTuple):
    """A spool on the shelf with what it is chosen by, as values."""

    pk: int
    available: Decimal
    filament_id: int
    material_type_id: int
    family_id: int | None
    lot_number: str
    opened_at: datetime | None
    first_used_at: datetime | None
    dried_at: datetime | None
    printer_id: int | None
    is_printed_elsewhere: bool
    twins_grams: Decimal = Decimal(0)  # available of the same filament in its printer's other slots

    @property
    def is_sealed(self):
        return self.opened_at is None and self.first_used_at is None


COLUMNS = (
    *("pk", "available", "filament", "filament__material_type", "filament__material_type__family"),
    *("lot_number", "opened_at", "first_used_at", "dried_at", "printer_slot__printer"),
    "is_printed_elsewhere",
)


@dataclass(frozen=True, kw_only=True)
class FittingSpool:
    """A spool for a line, with its reasons; ``is_enough`` is None where the need is unknown."""

    spool: Spool
    available_grams: Decimal
    is_enough: bool | None
    missing_grams: Decimal
    reasons: tuple[ProposalReason, ...]


# -- criteria: of a SpoolNeed and a FreeSpool --------------------------------------------------


def meets(need, row):
    """Whether the spool is of what is needed."""
    if need.filament_ids:
        return row.filament_id in need.filament_ids
    return need.material_type_id in (row.material_type_id, row.family_id)


def is_other_filament(need, row):
    """Whether the line had another filament."""
    return need.own_filament_id not in (None, row.filament_id)


def available_for(need, row):
    """Grams that the line could take of it, what is reserved for it already included."""
    return row.available + (need.own_grams if row.pk == need.own_id else 0)


def is_enough(need, row):
    return need.grams is None or available_for(need, row) >= need.grams


def is_followed(need, row):
    """Whether what it has too little of is on its twins in the printer: the start reserves it."""
    if need.grams is None or need.printer_id is None or row.printer_id != need.printer_id:
        return False
    return row.twins_grams > 0 and available_for(need, row) + row.twins_grams >= need.grams


def enough_rank(need, row):
    """0 where it has enough, 1 where its twins follow, 2 where neither."""
    return 0 if is_enough(need, row) else 1 if is_followed(need, row) else 2


def place_rank(need, row):
    """0 in the printer, 1 on the shelf, 2 in another printer."""
    if row.printer_id is None:
        return 1
    return 0 if row.printer_id == need.printer_id else 2


def run_of_lot(need, row):
    """The number of a run of the order that takes the same lot; "" without one."""
    return need.lots.get((row.filament_id, row.lot_number.casefold()), "")


def size_rank(need, row):
    """The smallest that suffices first; of those that don't, the one with most."""
    available = available_for(need, row)
    return available if need.grams is not None and is_enough(need, row) else -available


def drying_rank(row):
    """What was dried last first; last what was not, as far as is known."""
    return -row.dried_at.timestamp() if row.dried_at else 0


def rank(need, row):
    """What spools that meet the need are sorted by, best first."""
    return (
        need.is_swapped and is_other_filament(need, row),
        row.is_printed_elsewhere,
        enough_rank(need, row),
        is_other_filament(need, row),
        place_rank(need, row),
        not run_of_lot(need, row),
        row.is_sealed,
        size_rank(need, row),
        drying_rank(row),
        row.pk,
    )


# -- what is needed ----------------------------------------------------------------------------


def need_of(run, line, *, lots=None, is_swapped=False):
    """The SpoolNeed of a line of the run: all that it is planned with; of one that ``is_swapped``
    what the spool that it has leaves to do."""
    own = line.spool
    filaments = (line.filament_id, line.filament.merged_into_id) if line.filament_id else ()
    return SpoolNeed(
        grams=needed_grams(line, is_swapped=is_swapped),
        filament_ids=tuple(pk for pk in filaments if pk),
        material_type_id=line.material_type_id,
        printer_id=run.printer_id,
        own_id=line.spool_id,
        own_filament_id=own and own.filament_id,
        own_grams=line.reserved_grams,
        is_swapped=is_swapped,
        lots=lots or {},
    )


def needed_grams(line, *, is_swapped=False):
    """Grams that the line needs of a spool; None where that is not known."""
    grams = rest_of(line) if is_swapped else line.planned_total_grams
    return grams if grams > 0 else None


def rest_of(line):
    """Grams that a run in progress still takes on a line: what is reserved, less what it gave so
    far by what was saved; at least what its spool has too little of."""
    saved = max((line.so_far_grams or 0) - line.metered_grams, Decimal(0))
    left = max(line.reserved_grams - saved, Decimal(0))
    return max(left, line.planned_total_grams - line.metered_grams - line.spool.live_grams)


def lots_of_order(run):
    """The lots that other runs of the run's orders take: ``{(filament id, folded lot): number}``,
    of the newest run. One query."""
    folded = Upper("order_reference")
    mine = RunItem.objects.filter(run=run.pk).exclude(order_reference="").order_by()
    items = RunItem.objects.filter(IsOneOf(folded, ArraySubquery(mine.values(folded=folded))))
    # Not by the id itself, in whose order PostgreSQL may look through all items.
    runs = items.exclude(run=run.pk).order_by((F("run_id") + 0).desc()).values("run_id")
    lines = RunMaterial.objects.filter(IsOneOf("run", ArraySubquery(runs[:MOST_RUNS])))
    lines = lines.filter(of_run(LIVE, "run"), spool__isnull=False).exclude(spool__lot_number="")
    lines = lines.exclude(run__status=ProductionRun.Status.CANCELLED).order_by("run_id", "pk")
    rows = lines.values_list("spool__filament", "spool__lot_number", "run__number")
    return {(filament, lot.casefold()): number for filament, lot, number in rows}


# -- what fits ---------------------------------------------------------------------------------


def of_lines(run, lines, *, most=MOST, is_swapped=False):
    """FittingSpools of each line, its own first: ``{line id: [FittingSpool]}``; of lines that
    are swapped those that they could go on from, first what is reserved to follow them. Three
    queries, or four."""
    if not lines:
        return {}
    lots = lots_of_order(run)
    needs = {line.pk: need_of(run, line, lots=lots, is_swapped=is_swapped) for line in lines}
    besides = set() if is_swapped else {line.spool_id for line in lines} - {None}
    rows = free_spools(list(needs.values()), printer_id=run.printer_id, besides=besides)
    best = {pk: best_of(need, rows, most=most, is_swapped=is_swapped) for pk, need in needs.items()}
    spools = Spool.objects.with_filament().select_related("printer_slot__printer")
    found = spools.in_bulk({row.pk for each in best.values() for row in each})
    reserved = following(run, lines) if is_swapped else {}
    return {
        pk: [
            *reserved.get(pk, ()),
            *(proposed(needs[pk], row, found[row.pk]) for row in each if row.pk in found),
        ][:most]
        for pk, each in best.items()
    }


def following(run, lines):
    """What is reserved for lines of the run that follow these: ``{line id: [FittingSpool]}``. One
    query."""
    others = run.materials.filter(spool__isnull=False).with_spool()
    others = list(others.select_related("spool__location").order_by("pk"))
    return {
        line.pk: [
            FittingSpool(
                spool=each.spool,
                available_grams=each.reserved_grams,
                is_enough=None,
                missing_grams=Decimal(0),
                reasons=(_of_follower(each),),
            )
            for each in others
            if claims.follows(each, line)
        ]
        for line in lines
    }


def _of_follower(line):
    text = _("Reserved to follow it: %(grams)s g.")
    return ProposalReason("follows", text % {"grams": format_number(line.reserved_grams)})


def best_of(need, rows, *, most=MOST, is_swapped=False):
    """The best FreeSpools of a need, and before them the one that it has, unless that
    ``is_swapped``."""
    own = [row for row in rows if row.pk == need.own_id and not is_swapped]
    others = [row for row in rows if row.pk != need.own_id and row.available > 0]
    others = sorted((row for row in others if meets(need, row)), key=lambda row: rank(need, row))
    return [*own, *others][:most]


def free_spools(needs, *, printer_id=None, besides=()):
    """FreeSpools that meet any of the needs, and those with the ids ``besides``. One query."""
    filaments = {pk for need in needs for pk in need.filament_ids}
    types = {need.material_type_id for need in needs} - {None}
    kind = "filament__material_type"
    wanted = Q(filament__in=filaments)
    if types:
        wanted |= Q(**{f"{kind}__in": types}) | Q(**{f"{kind}__family__in": types})
    printed = RunMaterial.objects.printed_elsewhere(printer_id).values("spool")
    rows = Spool.objects.with_available().annotate(is_printed_elsewhere=Q(pk__in=printed))
    free = Q(wanted, archived_at=None, is_held=False, available__gt=0)
    rows = rows.filter(free | Q(pk__in=besides))
    found = [FreeSpool(*values) for values in rows.order_by("pk").values_list(*COLUMNS)]
    loaded = [row for row in found if row.printer_id and row.printer_id == printer_id]
    return [_with_twins(row, loaded) if row in loaded else row for row in found]


def _with_twins(row, loaded):
    twins = [each for each in loaded if each.filament_id == row.filament_id and each.pk != row.pk]
    return row._replace(twins_grams=sum((each.available for each in twins), Decimal(0)))


def proposed(need, row, spool):
    """The FittingSpool of a row, with its reasons."""
    available = available_for(need, row)
    reasons = (
        *_of_hold(spool),
        *of_place(spool, printer_id=need.printer_id, printing=row.is_printed_elsewhere),
        *_of_choice(row, need),
        *_of_drying(row),
    )
    return FittingSpool(
        spool=spool,
        available_grams=available,
        is_enough=None if need.grams is None else is_enough(need, row),
        missing_grams=max((need.grams or 0) - available, Decimal(0)),
        reasons=(*reasons, _of_grams(need, row)),
    )


def _of_hold(spool):
    if spool.is_held:  # which only the line's own can be
        yield ProposalReason("held", _("Held: its page says why."))


def _of_choice(row, need):
    if number := run_of_lot(need, row):
        figures = {"lot": row.lot_number, "run": number}
        detail = _("Of the same lot as run %(run)s of the order, %(lot)s.") % figures
        yield ProposalReason("order_lot", detail)
    yield of_opening(row)


def _of_drying(row):
    if row.dried_at is None:
        return
    days = (timezone.localdate() - timezone.localdate(row.dried_at)).days
    detail = _("Dried today.")
    if days > 0:
        detail = ngettext("Dried %(days)s day ago.", "Dried %(days)s days ago.", days)
        detail %= {"days": format_number(days)}
    yield ProposalReason("dried", detail)


def _of_grams(need, row):
    figures = {"available": format_number(available_for(need, row))}
    if need.grams is None:
        detail = _("%(available)s g available.") % figures
        return ProposalReason("need_unknown", detail)
    figures["needed"] = format_number(need.grams)
    if is_enough(need, row):
        detail = _("%(available)s g available, %(needed)s g needed.") % figures
        return ProposalReason("enough", detail)
    if is_followed(need, row):
        text = _("%(available)s g available, %(needed)s g needed: its twins have the rest.")
        return ProposalReason("twins_follow", text % figures)
    detail = _("Only %(available)s g available, %(needed)s g needed.") % figures
    return ProposalReason("too_little", detail)
