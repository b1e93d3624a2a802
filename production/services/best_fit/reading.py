"""What the best fit is looked for among: the planned runs of the next days, and the shelf.

Queries only, as many whatever the number of runs and spools.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db.models import Exists, F, OuterRef, Prefetch, Q
from django.db.models.functions import Upper
from django.utils import timezone

from inventory.models import Filament
from production.models import ProductionRun, RunItem, RunMaterial, SlicerCorrection
from production.services import schedule
from production.services.best_fit.plan import MICROGRAMS, PlannedLine, Supply
from production.services.requirements import corrected, limits
from production.services.sliced_files import contents, proposals
from production.services.sliced_files.proposals import WantedSlot
from production.services.sliced_files.shelf_rows import shelf_rows

MOST_RUNS = 200
NEVER = datetime.max.replace(tzinfo=UTC)
ANOTHER_COLOR = 2  # the rank of a filament for a slot of a file


class Queue:
    """The planned runs that begin within the ``days``, or have no date, and have a line without a
    spool: at most 200 in the order of the queue. ``lines`` are those without one, ``rows`` the
    shelf that they could take."""

    def __init__(self, *, days, at=None):
        self.at = at or timezone.now()
        until = self.at + timedelta(days=days)
        self.runs = list(_planned(until)[: MOST_RUNS + 1])
        self.is_cut = len(self.runs) > MOST_RUNS
        self.runs = self.runs[:MOST_RUNS]
        self.lines = [
            line
            for run in self.runs
            for line in run.materials.all()
            if line.spool_id is None and line.planned_total_grams > 0
        ]
        self.rows = self._shelf() if self.lines else []
        self.windows = schedule.windows(self.at)

    def _shelf(self):
        kinds = {line.material_type or line.filament.material_type for line in self.lines}
        rows = shelf_rows(printer=None, material_types=kinds, besides=())
        return [row for row in rows if row.available > 0 and row.archived_at is None]

    def planned_lines(self):
        """A PlannedLine for each of the ``lines``, by places in ``rows``."""
        found = _Candidates(self)
        return [self._planned_line(line, found) for line in self.lines]

    def _planned_line(self, line, candidates):
        run = line.run
        own = {other.spool_id for other in run.materials.all()}
        needs, spools = {}, []
        for place, row in candidates.of_requirement(line):
            if row.pk not in own and candidates.fits(line, row):
                needs.setdefault(row.filament_id, candidates.need(line, row))
                spools.append(place)
        return PlannedLine(
            run=run.pk,
            needs=needs,
            spools=tuple(spools),
            printer=run.printer_id,
            window=self.windows.get(run.pk),
            groups=tuple(groups_of(line)),
        )

    def supplies(self):
        """A Supply for each of the ``rows``."""
        drawn = list(_drawn())
        uses, printing = self._uses(drawn), {spool: printer for spool, printer, *_ in drawn}
        return [
            Supply(
                available=micrograms(row.available),
                filament=row.filament_id,
                lot=lot_of(row.pk, row.filament_id, row.lot_number),
                printer=row.printer_id,
                is_sealed=row.is_sealed,
                uses=tuple(uses[row.pk]),
                printing_on=printing.get(row.pk),
            )
            for row in self.rows
        ]

    def _uses(self, drawn):
        """``{spool id: [(printer, window)]}`` of the open runs that have it."""
        uses = defaultdict(list)
        for run, spool, printer in _reserved() if self.lines else ():
            uses[spool].append((printer, self.windows.get(run)))
        for spool, printer, started_at, minutes in drawn:
            window = started_at, schedule.end(started_at, minutes, self.at) or NEVER
            uses[spool].append((printer, window))
        return uses

    def lots(self):
        """``{group: {lot}}`` of what runs of the orders have taken, or have a spool for."""
        orders = {order for line in self.lines for order in orders_of(line.run)}
        found = defaultdict(set)
        for order, filament, kind, *spool in _taken_for(orders) if orders else ():
            found[order, filament, kind].add(lot_of(*spool))
        return found


class _Candidates:
    """Which rows of the shelf lines could take, and how many grams of them."""

    def __init__(self, queue):
        self.of_filament, self.of_kind = defaultdict(list), defaultdict(list)
        for place, row in enumerate(queue.rows):
            self.of_filament[row.filament_id].append((place, row))
            for kind in {row.material_type_id, row.family_id} - {None}:
                self.of_kind[kind].append((place, row))
        ids = set(self.of_filament)
        kinds = Filament.objects.select_related("material_type", "manufacturer")
        self.filaments = kinds.in_bulk(ids)
        printers = {line.run.printer_id for line in queue.lines if corrected.is_open(line)}
        pairs = {(filament, printer) for filament in ids for printer in printers}
        self.factors = SlicerCorrection.objects.factors(pairs) if pairs else {}
        self._slots, self._looks, self._able, self._needs = {}, {}, {}, {}

    def of_requirement(self, line):
        if line.filament_id:
            return self.of_filament[line.filament.merged_into_id or line.filament_id]
        return self.of_kind[line.material_type_id]

    def fits(self, line, row):
        """Whether the printer can print it, and it is of no other colour than in the file."""
        printer, key = line.run.printer, (line.run.printer_id, row.filament_id)
        if printer is not None and key not in self._able:
            filament = self.filaments[row.filament_id]
            self._able[key] = not any(limits.of_filament(printer, filament, line))
        return self._able.get(key, True) and self.color_rank(line, row) < ANOTHER_COLOR

    def color_rank(self, line, row):
        if line.filament_id or line.sliced_slot is None:
            return 0
        wanted = self.wanted(line)
        if wanted is None or not wanted.color_hex:
            return 0
        key = wanted.color_hex, row.filament_id
        if key not in self._looks:
            self._looks[key] = proposals.suits(wanted, None, row).color_rank
        return self._looks[key]

    def wanted(self, line):
        """The WantedSlot of a line of a file; None where it is of none."""
        run = line.run
        if run.sliced_file is None:
            return None
        key = run.sliced_file_id, tuple(run.sliced_plates or ())
        if key not in self._slots:
            plates = contents.plates_of(run.sliced_file)
            self._slots[key] = {
                slot.slot: WantedSlot(slot.slot, None, slot.material, slot.color_hex)
                for plate in reversed(plates)
                if plate.index in key[1]
                for slot in plate.slots
            }
        return self._slots[key].get(line.sliced_slot)

    def need(self, line, row):
        key = line.pk, row.filament_id
        if key not in self._needs:
            planned = corrected.as_started(line.run, line, row, self.factors)
            self._needs[key] = micrograms(planned.planned_total_grams)
        return self._needs[key]


def micrograms(grams):
    return int(grams * MICROGRAMS)


def grams(amount):
    """Grams of so many micrograms."""
    return Decimal(amount) / MICROGRAMS


def lot_of(spool, filament, lot_number):
    """What a lot is compared by; without a number each spool may be of its own."""
    return (filament, lot_number.casefold()) if lot_number else spool


def orders_of(run):
    """The orders that a run is for, as they are compared."""
    found = (item.order_reference.strip().upper() for item in run.items.all())
    return sorted({order for order in found if order})


def groups_of(line):
    """The orders that a line is for, each with the material that it asks for."""
    return ((order, line.filament_id, line.material_type_id) for order in orders_of(line.run))


# --- Queries -----------------------------------------------------------------------------------


def _planned(until):
    lines = RunMaterial.objects.select_related(
        "filament__material_type", "filament__manufacturer", "material_type"
    )
    runs = ProductionRun.objects.planned().queue()
    bare = RunMaterial.objects.filter(run=OuterRef("pk"), spool=None)
    is_bare = Exists(bare.filter(Q(planned_grams__gt=0) | Q(planned_purge_grams__gt=0)))
    runs = runs.filter(is_bare, Q(planned_start_at=None) | Q(planned_start_at__lt=until))
    runs = runs.select_related("printer", "sliced_file").defer("sliced_file__lines")
    return runs.prefetch_related(
        Prefetch("materials", lines.order_by("pk")),
        Prefetch("items", RunItem.objects.select_related("product").order_by("pk")),
    )


def _reserved():
    """``(run, spool, printer)`` of lines of planned runs that have a spool."""
    lines = RunMaterial.objects.filter(run__in=ProductionRun.objects.planned().order_by())
    return lines.filter(spool__isnull=False).values_list("run", "spool", "run__printer")


def _drawn():
    """``(spool, printer, started at, minutes)`` of what printing runs draw from."""
    lines = RunMaterial.objects.drawing().filter(spool__isnull=False, run__printer__isnull=False)
    return lines.values_list("spool", "run__printer", "run__started_at", "run__planned_minutes")


def _taken_for(orders):
    """``(order, filament, material type, spool, its filament, lot)`` of lines with a spool for the
    orders."""
    order = Upper(F("run__items__order_reference"))
    lines = RunMaterial.objects.filter(spool__isnull=False, run__deleted_at=None)
    lines = lines.annotate(order=order).filter(order__in=orders)
    columns = ("filament", "material_type", "spool", "spool__filament", "spool__lot_number")
    lines = lines.exclude(run__status=ProductionRun.Status.CANCELLED)
    return lines.values_list("order", *columns).distinct()
