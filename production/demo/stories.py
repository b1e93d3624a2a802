"""Histories of a run or spool, as generators that yield the moment of the next event."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F, Sum

from inventory.models import Filament, Location, Spool
from inventory.services import receiving
from inventory.services.spools import scale
from production.demo import data
from production.models import Printer, Product, Reason
from production.services import completion
from production.services.completion.actuals import ItemCount, MaterialActual
from production.services.requirements import bom
from production.services.runs import lifecycle
from production.services.runs.lines import NewItem, NewMaterial

MARGIN = Decimal("1.25")  # people avoid a spool that the print would just empty


@dataclass(frozen=True, kw_only=True)
class DemoRun:
    """One run: when, where, what, and how far off the plan it ends (``factor``).

    ``source`` is that of its actuals: typed, weighed or as_planned.
    """

    printer: str
    sku: str
    plates: int
    created_at: datetime
    started_at: datetime
    finished_at: datetime
    booked_at: datetime
    factor: Decimal = Decimal(1)
    source: str = "typed"
    scrapped: int = 0
    scrap_reason: str = ""
    order_reference: str = ""
    notes: str = ""

    @property
    def minutes(self):
        return (self.finished_at - self.started_at).total_seconds() / 60


class Farm:
    """What the farm has, read once: ``products`` by SKU, ``printers`` and ``places`` by name,
    ``filaments`` by the name that ``data`` has for them, ``reasons`` by kind and code."""

    def __init__(self, *, manager, operator):
        self.manager, self.operator = manager, operator
        self.in_use = set()
        self.products = {product.sku: product for product in Product.objects.all()}
        self.printers = {printer.name: printer for printer in Printer.objects.all()}
        self.places = {location.name: location for location in Location.objects.all()}
        self.reasons = {(each.kind, each.code): each for each in Reason.objects.all()}
        ids = {external_id: name for name, (external_id, _price) in data.FILAMENTS.items()}
        filaments = Filament.objects.filter(external_id__in=ids)
        self.filaments = {ids[each.external_id]: each for each in filaments}

    def spool_for(self, material_type, filament, grams):
        """The emptiest free spool that has enough, as people use them up; None: buy one.

        A filament that the bill of materials of a product names is used for it alone.
        """
        suitable = {"filament__material_type": material_type, "filament__bom_lines": None}
        if filament:
            suitable = {"filament": filament}
        free = Spool.objects.on_shelf().filter(**suitable).exclude(pk__in=self.in_use)
        enough = free.filter(remaining_grams__gte=F("reserved_grams") + grams * MARGIN)
        return enough.order_by("remaining_grams", "pk").first()

    def plan(self, *, sku, quantity, printer, at, with_spools=True, **fields):
        """Create a run with spools for what it needs; None when one of them is missing."""
        product = self.products[sku]
        reference = fields.pop("order_reference", "")
        item = NewItem(product=product, quantity=quantity, order_reference=reference)
        materials = [self._material(*need, with_spools) for need in bom.requirements([item])]
        if with_spools and any(material.spool is None for material in materials):
            return None
        return lifecycle.create(
            by=self.manager,
            at=at,
            items=[item],
            materials=materials,
            printer=printer and self.printers[printer],
            plate_count=bom.plates(product, quantity),
            **fields,
        )

    def _material(self, material_type, filament, grams, purge, with_spool):
        return NewMaterial(
            spool=self.spool_for(material_type, filament, grams + purge) if with_spool else None,
            filament=filament,
            material_type=None if filament else material_type,
            planned_grams=grams,
            planned_purge_grams=purge,
        )


def delivery(farm, rows, at):
    yield at
    for name, grams, price, lot, place in rows:
        _receive(farm, farm.filaments[name], place, lot, at, grams=grams, price=price)


def restocking(farm, lot, at):
    """One spool arrives of each filament that has fallen below its reorder point."""
    yield at
    for name, *_, place in {row[0]: row for row in data.FIRST_SPOOLS}.values():
        filament = farm.filaments[name]
        on_shelf = filament.spools.on_shelf().aggregate(grams=Sum("remaining_grams"))["grams"]
        if on_shelf < filament.reorder_point_grams:
            _receive(farm, filament, place, lot, at)


def _receive(farm, filament, place, lot, at, *, grams=None, price=None):
    receiving.receive(
        filament=filament,
        initial_grams=grams and Decimal(grams),
        price=price,
        lot_number=lot,
        supplier=data.SUPPLIER,
        location=farm.places[place],
        by=farm.manager,
        at=at,
    )


def weighing(farm, lot, off, at):
    """The first spool of a lot is put on the scale, and is ``off`` grams from the book."""
    yield at
    spool = Spool.objects.filter(lot_number=lot).with_filament().order_by("pk").first()
    gross = spool.remaining_grams + spool.tare() + off
    scale.weigh(spool, gross_grams=max(gross, spool.tare()), by=farm.operator, at=at)


def print_job(farm, job):
    """A run is planned, printed and booked; without filament for it nothing happens."""
    run = yield from _printed(farm, job)
    if run is not None:
        book(farm, job, run, at=job.booked_at)


def mistyped_job(farm, job, *, wrong_factor, minutes_later):
    """The same, but booked with a slip, which the manager finds and puts right."""
    run = yield from _printed(farm, job)
    if run is not None:
        book(farm, job, run, at=job.booked_at, factor=wrong_factor)
        found_at = job.booked_at + timedelta(minutes=minutes_later)
        yield found_at
        completion.revert(run, by=farm.manager, at=found_at, reason="Two digits were swapped.")
        book(farm, job, run, at=found_at)


def failed_job(farm, job, *, reason, progress_percent):
    """A run is stopped, and what it took is waste."""
    run = yield from _printed(farm, job)
    if run is not None:
        completion.fail(
            run,
            by=farm.operator,
            at=job.booked_at,
            reason=farm.reasons[Reason.Kind.FAILURE, reason],
            progress_percent=progress_percent,
            actual_minutes=round(job.minutes * progress_percent / 100),
        )


def _printed(farm, job):
    yield job.created_at
    run = _plan(farm, job)
    if run is None:
        return None
    spool_ids = {line.spool_id for line in run.materials.all()}
    farm.in_use |= spool_ids
    yield job.started_at
    lifecycle.start(run, by=farm.operator, at=job.started_at, printer_cleared=True)
    yield job.booked_at
    farm.in_use -= spool_ids
    return run


def withdrawn_job(farm, job, *, reason):
    """A run is planned and given up before it starts."""
    yield job.created_at
    run = _plan(farm, job)
    yield job.started_at
    if run is not None:
        lifecycle.cancel(run, by=farm.manager, at=job.started_at, reason=reason)


def book(farm, job, run, *, at, factor=None):
    source = "typed" if factor else job.source
    completion.complete(
        run,
        by=farm.operator,
        at=at,
        materials=[
            _actual(line, factor or job.factor, source)
            for line in run.materials.with_spool()
            if source != "as_planned"
        ],
        items=[_count(farm, item, job) for item in run.items.all()],
        actual_minutes=round(job.minutes),
        finished_at=job.finished_at,
        as_planned=source == "as_planned",
    )


def _plan(farm, job):
    return farm.plan(
        sku=job.sku,
        quantity=job.plates * farm.products[job.sku].units_per_plate,
        printer=job.printer,
        at=job.created_at,
        planned_start_at=job.started_at,
        order_reference=job.order_reference,
        notes=job.notes,
    )


def _actual(line, factor, source):
    grams = (line.planned_grams * factor).quantize(Decimal("0.1"))
    purge = (line.planned_purge_grams * factor).quantize(Decimal("0.1"))
    if source == "weighed":
        left = line.spool.remaining_grams - grams - purge
        gross = (left + line.spool.tare()).quantize(Decimal(1))  # a kitchen scale
        return MaterialActual(line=line.pk, gross_after_grams=gross)
    return MaterialActual(line=line.pk, actual_grams=grams, actual_purge_grams=purge)


def _count(farm, item, job):
    scrapped = min(job.scrapped, item.quantity)
    reason = farm.reasons[Reason.Kind.SCRAP, job.scrap_reason] if scrapped else None
    return ItemCount(
        item=item.pk,
        good_count=item.quantity - scrapped,
        scrapped_count=scrapped,
        scrap_reason=reason,
    )
