"""What slicers say against what was booked and measured, over completed runs of sliced files.

The factor is the sum of what was weighed or metered divided by the sum of what the slicer says for
the same slots: never a mean of ratios. A slot of a run is evidence if all of it was weighed or
metered, everything was printed, and nobody typed what the file says. By filament, a slot counts
that was printed from one filament. Queries only, a constant number of them.

What is proposed as a correction, and what is usual, is of the LATEST runs of the filament and the
printer, or both, that are evidence, among the newest NEWEST of the farm: what was measured years
ago says little of the spools of today, and takes seconds to be summed.
"""

from dataclasses import dataclass
from decimal import Decimal

from inventory.models import Filament
from production.models import Printer, ProductionRun
from production.services.statements import fetched
from production.services.variance import FACTOR_PLACES, GRAM_PLACES, rounded

# By what slots of runs are grouped, and the columns of the key.
GROUPS = {
    "filament": ("filament_id", "NULL::bigint", "NULL::text", "NULL::int"),
    "printer": ("NULL::bigint", "printer_id", "NULL::text", "NULL::int"),
    "filament_and_printer": ("filament_id", "printer_id", "NULL::text", "NULL::int"),
    "slot": ("NULL::bigint", "NULL::bigint", "filename", "slot"),
}
OF_ONE_FILAMENT = ("filament", "filament_and_printer")
NEWEST, LATEST = 10_000, 300
PLACE = "dense_rank() OVER (PARTITION BY {key}, is_evidence ORDER BY run_id DESC)"

STATEMENT = """
WITH chosen AS (
    SELECT run.id, run.printer_id, file.filename,
        plate_count::numeric / jsonb_array_length(sliced_plates) AS copies,
        -- No NOT EXISTS: for that, PostgreSQL reads the items of all runs.
        (SELECT coalesce(bool_and(coalesce(good_count, 0) + coalesce(scrapped_count, 0)
            >= quantity), true) FROM production_runitem item WHERE item.run_id = run.id) AS is_whole
    FROM production_productionrun run
    JOIN production_slicedfile file ON file.id = run.sliced_file_id
    WHERE run.status = 'completed' AND sliced_plates IS NOT NULL AND run.id IN ({runs})
), lines AS (
    SELECT line.run_id, line.sliced_slot AS slot, sliced_grams, sliced_source, actual_source,
        line.actual_grams + coalesce(line.actual_purge_grams, 0) AS grams, added_grams,
        spool.filament_id
    FROM production_runmaterial line JOIN chosen ON chosen.id = line.run_id
    LEFT JOIN inventory_spool spool ON spool.id = line.spool_id
    WHERE line.sliced_slot IS NOT NULL
), slots AS (
    SELECT run_id, slot, sum(sliced_grams) AS sliced, sum(grams) AS booked,
        sum(grams - added_grams) FILTER (WHERE actual_source = 'weighed') AS weighed,
        sum(grams) FILTER (WHERE actual_source = 'metered') AS metered,
        bool_and(actual_source IN ('weighed', 'metered') AND added_grams = 0 OR grams = 0)
            AS is_measured,
        bool_or(sliced_source = 'typed') AS is_typed,
        CASE WHEN min(filament_id) = max(filament_id) THEN min(filament_id) END AS filament_id
    FROM lines GROUP BY run_id, slot
), taken AS (
    SELECT slots.*, sliced * copies AS wanted, printer_id, filename,
        coalesce(is_whole AND is_measured AND NOT is_typed AND sliced > 0 AND booked > 0, false)
            AS is_evidence
    FROM slots JOIN chosen ON chosen.id = slots.run_id
), placed AS (
    SELECT taken.*, {place} AS place FROM taken WHERE {is_of_key}
)
SELECT {filament} AS filament, {printer} AS printer, {filename} AS filename, {slot} AS slot,
    count(DISTINCT run_id) AS runs, sum(wanted) AS sliced, sum(booked) AS booked,
    sum(weighed) AS weighed, sum(metered) AS metered,
    count(DISTINCT run_id) FILTER (WHERE is_evidence) AS evident_runs,
    sum(wanted) FILTER (WHERE is_evidence) AS evident_sliced,
    sum(booked) FILTER (WHERE is_evidence) AS evident_grams,
    min(booked / nullif(wanted, 0)) FILTER (WHERE is_evidence) AS lowest_factor,
    max(booked / nullif(wanted, 0)) FILTER (WHERE is_evidence) AS highest_factor
FROM placed WHERE place <= {latest} GROUP BY 1, 2, 3, 4 ORDER BY 3, 4, 1, 2
"""  # nosec B608


@dataclass(frozen=True, kw_only=True)
class SlicedAndTaken:
    """A group of slots of completed runs. Sums are of what is known. ``evident_`` figures and the
    factors are of the runs that are evidence; the factor is None where there are none."""

    filament: Filament | None
    printer: Printer | None
    filename: str | None
    slot: int | None
    runs: int
    sliced: Decimal | None
    booked: Decimal | None
    weighed: Decimal | None
    metered: Decimal | None
    evident_runs: int
    evident_sliced: Decimal | None
    evident_grams: Decimal | None
    lowest_factor: Decimal | None
    highest_factor: Decimal | None

    @property
    def factor(self):
        return self.evident_grams / self.evident_sliced if self.evident_sliced else None

    @property
    def percent(self):
        """By how much more than the slicer says was measured."""
        return None if self.factor is None else (self.factor - 1) * 100

    def as_dict(self):
        names = ("sliced", "booked", "weighed", "metered", "evident_sliced", "evident_grams")
        factors = ("factor", "percent", "lowest_factor", "highest_factor")
        return {
            "filament": self.filament and self.filament.pk,
            "filament_name": self.filament and str(self.filament),
            "printer": self.printer and self.printer.pk,
            "printer_name": self.printer and self.printer.name,
            "filename": self.filename,
            "slot": self.slot,
            "runs": self.runs,
            "evident_runs": self.evident_runs,
            **{name: rounded(getattr(self, name), GRAM_PLACES) for name in names},
            **{name: rounded(getattr(self, name), FACTOR_PLACES) for name in factors},
        }


def of_runs(runs, *, group_by, latest=None):
    """SlicedAndTaken of the completed runs of a queryset that are planned by a file, a list in
    order of the key; of each, the ``latest`` runs that are evidence, and as many that are none.
    Three queries at most."""
    statement, params = _statement(group_by, is_bounded=latest is not None), {"latest": latest}
    rows = fetched(statement, params, runs=runs)
    filaments = _found(rows, "filament", Filament.objects.with_makers())
    printers = _found(rows, "printer", Printer.objects.all())
    return [
        SlicedAndTaken(
            **row
            | {
                "filament": filaments.get(row["filament"]),
                "printer": printers.get(row["printer"]),
            }
        )
        for row in rows
    ]


def newest():
    """The completed runs by a sliced file that say what is usual by now: the NEWEST of them. They
    are looked for from the end of all runs. One query."""
    runs = ProductionRun.objects.live().filter(status=ProductionRun.Status.COMPLETED)
    runs = runs.filter(sliced_plates__isnull=False)
    oldest = runs.order_by("-pk").values_list("pk", flat=True)[NEWEST - 1 : NEWEST].first()
    return runs if oldest is None else runs.filter(pk__gte=oldest)


def factor(*, filament=None, printer=None):
    """The SlicedAndTaken of the latest runs of a filament, of a printer, or of both; None where no
    run is of it."""
    runs = newest()
    if printer is not None:
        runs = runs.on_printer(printer)
    if filament is not None:
        runs = runs.of_filaments([filament])
    group_by = "printer" if filament is None else "filament"
    if None not in (filament, printer):
        group_by = "filament_and_printer"
    found = of_runs(runs, group_by=group_by, latest=LATEST)
    return next((row for row in found if filament in (None, row.filament)), None)


def _statement(group_by, *, is_bounded):
    """The STATEMENT for the groups of GROUPS[group_by]."""
    columns = GROUPS[group_by]
    is_of_key = "filament_id IS NOT NULL" if group_by in OF_ONE_FILAMENT else "true"
    if group_by in ("printer", "filament_and_printer"):
        is_of_key += " AND printer_id IS NOT NULL"
    parts = dict(zip(("filament", "printer", "filename", "slot"), columns, strict=True))
    parts |= {"is_of_key": is_of_key, "place": "0", "latest": "0"}
    if is_bounded:
        parts |= {"place": PLACE.replace("{key}", ", ".join(columns)), "latest": "%(latest)s"}
    statement = STATEMENT
    for name, part in parts.items():
        statement = statement.replace(f"{{{name}}}", part)
    return statement


def _found(rows, name, queryset):
    return queryset.in_bulk({row[name] for row in rows} - {None})
