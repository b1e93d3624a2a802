"""QuerySet methods of production runs."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Sum, Value, When, Window
from django.db.models.functions import Cast, Coalesce, NullIf, RowNumber
from django.utils import timezone

from inventory import codes
from inventory.models import HasCode, HoldingSpoolQuerySet, InventoryTransaction, Spool
from production.models.queue import next_first
from production.models.sources import UNMEASURED
from production.models.statuses import BOOKED, CLOSED, LIVE, OPEN, PRINTING, Status, of_run
from tenants.operations.compiled import IsOneOf
from tenants.operations.either_way import either, has_line, is_one_of
from tenants.operations.quantities import GramsField
from tenants.operations.searching import HasWord, all_parts, as_day

ORDER_WORDS = "words_of(order_reference)"
RUN_WORDS = "words_of(number || ' ' || coalesce(external_id, '') || ' ' || left(notes, 1000))"


class ProductionRunQuerySet(models.QuerySet):
    # -- which runs ----------------------------------------------------------------------------

    def live(self):
        return self.filter(LIVE)

    def open(self):
        return self.live().filter(status__in=OPEN)

    def closed(self):
        return self.live().filter(status__in=CLOSED)

    def planned(self):
        return self.live().filter(status=Status.PLANNED)

    def in_progress(self):
        return self.live().filter(status=Status.IN_PROGRESS)

    def printing(self):
        """In progress and not finished: those that keep their printers busy."""
        return self.filter(PRINTING)

    def by_number(self, number):
        return self.filter(number__iexact=number.strip())

    def between(self, first_day, last_day, *, timezone, moment="scheduled_at"):
        """Runs whose ``moment`` lies on the days, both included, of an IANA ``timezone``."""
        zone = ZoneInfo(timezone)
        runs = self
        if first_day is not None:
            runs = runs.filter(**{f"{moment}__gte": datetime.combine(first_day, time.min, zone)})
        if last_day is not None:
            after = datetime.combine(last_day + timedelta(days=1), time.min, zone)
            runs = runs.filter(**{f"{moment}__lt": after})
        return runs

    def on_printer(self, printer):
        return self.filter(printer=printer)

    def of_product(self, product):
        return self.with_line("RunItem", Q(product=product))

    def of_order(self, reference):
        return self.with_line("RunItem", Q(order_reference__iexact=reference))

    def of_spool(self, spool):
        return self.with_line("RunMaterial", Q(spool=spool))

    def of_filaments(self, filaments):
        return self.with_line("RunMaterial", Q(spool__filament__in=filaments))

    def of_lot(self, lot_number):
        return self.with_line("RunMaterial", Q(spool__lot_number__iexact=lot_number))

    def of_spool_code(self, code):
        return self.with_line("RunMaterial", Q(spool__code=code))

    def of_material_type(self, material_type):
        """That ask for the material type, or take a spool or filament of it."""
        return self.with_line(
            "RunMaterial",
            Q(material_type=material_type),
            Q(filament__material_type=material_type),
            Q(spool__filament__material_type=material_type),
        )

    def matching(self, word):
        """With all parts of the word at the beginning of words of their number, external id, notes,
        a product or its order; or the word as a spool is found by its code, or as a day."""
        found = all_parts(word, self.having)
        if code := codes.part(word):
            spools = Spool.objects.filter(HasCode(code)).order_by()
            taken = self._lines("RunMaterial").filter(spool__in=spools)
            found |= has_line(taken, parent="run")
        if day := as_day(word):
            found |= self._of_day(day)
        return self.filter(found)

    def having(self, part):
        """The condition of those with a word that begins with ``part``, in their number, external
        id or notes, an order or a product."""
        items = self._lines("RunItem")
        products = items.model._meta.get_field("product").related_model.objects
        products = products.filter(products.having(part)).order_by().values("pk")
        made = items.filter(IsOneOf("product", ArraySubquery(products)))
        ordered = items.filter(HasWord(ORDER_WORDS, part)).exclude(order_reference="")
        own = self.model.objects.filter(HasWord(RUN_WORDS, part)).order_by()
        return either(
            (Exists(own.filter(pk=OuterRef("pk"))), own.values("pk")),
            *(
                (Exists(each.filter(run=OuterRef("pk"))), each.values("run"))
                for each in (made, ordered)
            ),
        )

    def _of_day(self, day):
        """The condition of those planned on a day, as their numbers have it, due or finished."""
        zone = timezone.get_current_timezone()
        start = datetime.combine(day, time.min, zone)
        end = datetime.combine(day + timedelta(days=1), time.min, zone)
        numbered = HasWord(RUN_WORDS, f"{day:%Y%m%d}")
        finished = Q(finished_at__gte=start, finished_at__lt=end)
        return is_one_of(self.model.objects.all(), numbered, Q(due_on=day), finished)

    def with_outdated_plan(self):
        return self.planned().with_plan_state().filter(is_plan_outdated=True)

    # -- what comes with them ------------------------------------------------------------------

    def with_contents(self):
        """With what a list of runs displays of products and filaments."""
        return self.prefetch_related(
            "items__product",
            "materials__spool__filament__material_type",
            "materials__filament__material_type",
        )

    def for_paper(self):
        """With all rows that a traveller needs, in a constant number of queries."""
        runs = self.with_plate_picture().select_related("printer", "reprint_of", "sliced_file")
        return runs.prefetch_related(
            "items__product",
            "items__scrap_reason",
            "materials__spool__filament__manufacturer",
            "materials__spool__filament__material_type",
            "materials__spool__location",
            "materials__spool__printer_slot__printer",
            "materials__filament__manufacturer",
            "materials__filament__material_type",
            "materials__material_type",
            "materials__slot",
        )

    def with_totals(self):
        """Adds ``planned_total_grams``, ``actual_total_grams`` (by the ledger), of which
        nobody measured ``estimated_total_grams`` (as sliced, as planned or by percent), and
        ``minutes_taken``. The last three are null while the run is open, for drafts are no actuals,
        and the grams where it was cancelled and nothing was booked, or has no materials."""
        planned = F("planned_grams") + F("planned_purge_grams")
        lines = self._rows("RunMaterial")
        estimated = lines.filter(actual_source__in=UNMEASURED)
        no_grams = Value(0, output_field=GramsField())
        taken = F("actual_grams") + Coalesce(F("actual_purge_grams"), 0, output_field=GramsField())
        return self.annotate(
            planned_total_grams=_sum_of(lines, planned),
            estimated_total_grams=Case(
                When(status__in=BOOKED, then=_sum_of(estimated, taken)),
                When(status=Status.CANCELLED, then=NullIf(_sum_of(estimated, taken), no_grams)),
                output_field=GramsField(),
            ),
            actual_total_grams=Case(
                When(Exists(lines), then=_taken("status", production_run=OuterRef("pk"))),
                output_field=GramsField(),
            ),
            minutes_taken=Case(When(status__in=CLOSED, then=F("actual_minutes"))),
        )

    def with_plan_state(self):
        """Adds ``is_plan_outdated``: whether something that was typed of the plan of a planned run
        is older than what it would be derived from."""
        is_outdated = Q(plate_count_source="outdated") | Q(planned_minutes_source="outdated")
        materials = self._rows("RunMaterial").filter(planned_source="outdated")
        return self.annotate(
            is_plan_outdated=Q(status=Status.PLANNED) & (is_outdated | Q(Exists(materials)))
        )

    def with_plate_picture(self):
        """Adds ``plate_picture``: the hash of the picture of the first plate that it prints of its
        sliced file; null without one."""
        plates = self.model._meta.apps.get_model("production", "PlatePicture").objects
        plate = Cast(OuterRef("sliced_plates__0"), models.IntegerField())
        found = plates.filter(sliced_file=OuterRef("sliced_file"), plate=plate).order_by()
        return self.annotate(plate_picture=Subquery(found.values("picture")[:1]))

    # -- in which order ------------------------------------------------------------------------

    def newest_first(self):
        return self.order_by("-scheduled_at", "-pk")

    def queue(self):
        """What prints next: running first, then by priority and place."""
        return self.order_by("status", *next_first())

    def to_do(self, *, queue_length):
        """The first ``queue_length`` of each status, and the next of each printer, in order."""
        place = Window(RowNumber(), partition_by=["status"], order_by=next_first())
        of_printer = Window(
            RowNumber(), partition_by=["status", "printer", "finished_at"], order_by=next_first()
        )
        runs = self.annotate(place=place, place_of_printer=of_printer)
        is_next = Q(place_of_printer=1, printer__isnull=False)
        return runs.filter(Q(place__lte=queue_length) | is_next).queue()

    def with_line(self, name, *conditions):
        """Those that have a row of that model, RunItem or RunMaterial, of one of the conditions."""
        lines = [self._lines(name).filter(condition) for condition in conditions]
        return self.filter(has_line(*lines, parent="run"))

    def _rows(self, name):
        return self._lines(name).filter(run=OuterRef("pk"))

    def _lines(self, name):
        return self.model._meta.apps.get_model("production", name)._default_manager.order_by()


def _sum_of(rows, expression):
    total = rows.values("run").annotate(total=Sum(expression)).values("total")
    return Coalesce(Subquery(total, output_field=GramsField()), 0, output_field=GramsField())


def _taken(status, **of):
    """Net usage and waste by the ledger; 0 of what was booked and took nothing."""
    entries = InventoryTransaction.objects.consumption().filter(**of).order_by()
    summed = entries.values(next(iter(of))).annotate(taken=-Sum("grams")).values("taken")
    taken = Subquery(summed, output_field=GramsField())
    return Case(
        When(**{f"{status}__in": BOOKED}, then=Coalesce(taken, 0, output_field=GramsField())),
        When(**{status: "cancelled"}, then=taken),
        output_field=GramsField(),
    )


class RunMaterialQuerySet(HoldingSpoolQuerySet):
    def printed_elsewhere(self, printer):
        """With a spool that another printer than this one (None: any) prints from now."""
        lines = self.filter(
            of_run(PRINTING, "run"), run__printer__isnull=False, spool__isnull=False
        )
        return lines if printer is None else lines.exclude(run__printer=printer)

    def of_open_runs(self):
        return self.filter(of_run(LIVE, "run"), run__status__in=OPEN)

    def drawing(self):
        """What printing runs draw from its spool: what has no actual yet, or one that was saved
        while it prints."""
        goes_on = Q(actual_grams=None) | Q(metered_before_grams__isnull=False)
        return self.filter(of_run(PRINTING, "run"), goes_on)

    def with_taken(self):
        """Adds ``taken_grams``: what the run took of the line's spool, by the ledger; null while
        the run is open, or where it was cancelled and nothing was booked."""
        of_line = {"production_run": OuterRef("run"), "spool": OuterRef("spool")}
        return self.annotate(taken_grams=_taken("run__status", **of_line))
