"""Production runs, their items, materials and events."""

from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Upper

from inventory.models import Filament, MaterialType, Spool
from production.models.printers import Printer, PrinterSlot
from production.models.products import Product
from production.models.querysets import ProductionRunQuerySet, RunMaterialQuerySet
from production.models.queue import RankField
from production.models.reasons import Reason
from production.models.sliced_files import LineOfFile, PlannedByFile
from production.models.sources import REPORTED, ActualSource
from production.models.statuses import LIVE, PRINTING, HasStatus, Status
from tenants.operations.natural_order import natural
from tenants.operations.quantities import (
    CostPerGramField,
    GramsField,
    MinutesField,
    MoneyField,
    ReportedGramsField,
)
from tenants.operations.quantities import minutes as to_minutes
from tenants.operations.text import format_number, half_up


class PlanSource(models.TextChoices):
    """Where a figure of a plan is from: what is of the bills of materials follows them while the
    run is planned, what is of a sliced file follows the plates, what was typed stays. It is
    outdated once its source says otherwise."""

    BILL = "bill"
    FILE = "file"
    TYPED = "typed"
    OUTDATED = "outdated"


def plan_source_field():
    return models.CharField(
        max_length=8, choices=PlanSource, default=PlanSource.TYPED, editable=False
    )


class ProductionRun(HasStatus, PlannedByFile, models.Model):
    """One job on one printer: one or more plates, one after another.

    Rates are frozen at start: ``hour_rate`` and ``labour_rate`` in money per hour,
    ``energy_price_kwh`` in money per kWh, ``power_watts`` in watts.
    """

    number = models.CharField(max_length=40, editable=False)
    status = models.CharField(max_length=11, choices=Status, default=Status.PLANNED, editable=False)
    printer = models.ForeignKey(
        Printer, models.PROTECT, null=True, blank=True, related_name="runs", db_index=False
    )
    plate_count = models.PositiveIntegerField("plates", default=1)
    plate_count_source = plan_source_field()
    priority = models.SmallIntegerField(default=0, help_text="Higher is sooner.")
    due_on = models.DateField("due", null=True, blank=True)
    queue_rank = RankField(null=True, editable=False)
    planned_start_at = models.DateTimeField("planned start", null=True, blank=True)
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    reopened_at = models.DateTimeField(null=True, editable=False)
    planned_minutes = MinutesField(null=True, blank=True)
    planned_minutes_source = plan_source_field()
    actual_minutes = MinutesField(null=True, blank=True)
    actual_minutes_source = models.CharField(
        max_length=10, choices=ActualSource, blank=True, editable=False
    )
    progress_percent = models.DecimalField(
        max_digits=5, decimal_places=2, null=True, blank=True, editable=False
    )
    outcome_reason = models.ForeignKey(
        Reason, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    notes = models.TextField(blank=True)
    external_id = models.CharField("external ID", max_length=200, null=True, blank=True)
    reprint_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, related_name="reprints",
        db_index=False,
    )  # fmt: skip
    hour_rate = MoneyField(null=True, editable=False)
    power_watts = models.PositiveIntegerField(null=True, editable=False)
    energy_price_kwh = MoneyField(null=True, editable=False)
    labour_rate = MoneyField(null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+",
        db_index=False,
    )  # fmt: skip
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)
    scheduled_at = models.GeneratedField(
        expression=Coalesce("started_at", "planned_start_at", "created_at"),
        output_field=models.DateTimeField(),
        db_persist=True,
    )

    # Fields that a start and what follows set, and that `lifecycle.unstart` resets.
    RATES = ("hour_rate", "power_watts", "energy_price_kwh", "labour_rate")
    SINCE_START = ("started_at", "finished_at", "reopened_at", "progress_percent", *RATES)

    objects = ProductionRunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint("number", name="run_number_unique"),
            models.UniqueConstraint(
                fields=["external_id"],
                name="run_external_id_unique",
                condition=LIVE & Q(external_id__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["printer"], name="run_printer_runs_one", condition=PRINTING
            ),
            models.CheckConstraint(condition=Q(plate_count__gt=0), name="run_plate_count_positive"),
            models.CheckConstraint(
                condition=Q(planned_minutes__gte=0), name="run_planned_minutes_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(actual_minutes__gte=0), name="run_actual_minutes_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(actual_minutes=None, actual_minutes_source="")
                | Q(actual_minutes__isnull=False) & ~Q(actual_minutes_source=""),
                name="run_actual_minutes_have_a_source",
            ),
            models.CheckConstraint(
                condition=Q(progress_percent__range=(0, 100)), name="run_progress_is_a_percent"
            ),
            models.CheckConstraint(
                condition=Q(finished_at__gte=F("started_at")), name="run_finished_after_start"
            ),
        ]
        indexes = [
            models.Index(
                fields=["status", "scheduled_at", "id"], condition=LIVE, name="run_by_status"
            ),
            models.Index(
                fields=["created_by", "scheduled_at", "id"], condition=LIVE, name="run_by_planner"
            ),
            models.Index(fields=["scheduled_at", "id"], condition=LIVE, name="run_by_schedule"),
            models.Index(fields=["created_at", "id"], condition=LIVE, name="run_by_creation"),
            models.Index(fields=["scheduled_at", "id"], condition=~LIVE, name="run_deleted"),
            models.Index(fields=["finished_at", "id"], condition=LIVE, name="run_by_finish"),
            models.Index(fields=["printer", "finished_at"], condition=LIVE, name="run_by_printer"),
            models.Index(fields=["started_at", "id"], condition=LIVE, name="run_by_start"),
            models.Index(fields=["priority", "id"], condition=LIVE, name="run_by_priority"),
            models.Index(fields=["due_on", "id"], condition=LIVE, name="run_by_due_date"),
            models.Index(*natural("number"), "id", condition=LIVE, name="run_by_number_in_order"),
            # Of blocks of rows: it changes with each progress of a print, which changes no other.
            BrinIndex(fields=["updated_at"], pages_per_range=16, name="run_by_change"),
            models.Index(Upper("number"), name="run_by_number"),  # it is read in any case
            # Few runs have one, and the others need no place in an index for it.
            *(
                models.Index(fields=[name], condition=Q((f"{name}__isnull", False)), name=index)
                for name, index in (
                    ("outcome_reason", "run_by_outcome"),
                    ("reprint_of", "run_by_reprint"),
                    ("sliced_file", "run_by_sliced_file"),
                )
            ),
            # Beside run_by_words of the migration: words are found by their beginnings.
        ]

    def __str__(self):
        return self.number

    @property
    def is_deleted(self):
        return self.deleted_at is not None

    def set_actual_minutes(self, minutes, source=ActualSource.TYPED):
        """Set the minutes it printed, and their source; None is unknown. Does not save."""
        is_known = minutes is not None
        self.actual_minutes = to_minutes(minutes, field="actual_minutes") if is_known else None
        self.actual_minutes_source = source if is_known else ""


class RunItem(models.Model):
    """A product and how many of it the run makes.

    ``sliced_quantity`` of it are on the plates of the run's sliced file, each printed once. The
    start freezes ``planned_quantity`` and what one unit takes: ``bom``, a list of
    ``{material_type, filament, grams_per_unit}``, its sum, and a person's minutes.
    """

    run = models.ForeignKey(ProductionRun, models.PROTECT, related_name="items")
    product = models.ForeignKey(Product, models.PROTECT, related_name="run_items", db_index=False)
    quantity = models.PositiveIntegerField()
    planned_quantity = models.PositiveIntegerField(null=True, editable=False)
    sliced_quantity = models.PositiveIntegerField(null=True, editable=False)
    good_count = models.PositiveIntegerField("good", null=True, blank=True)
    good_count_source = models.CharField(
        max_length=10, choices=ActualSource, blank=True, editable=False
    )
    scrapped_count = models.PositiveIntegerField("scrapped", null=True, blank=True)
    scrap_reason = models.ForeignKey(
        Reason, models.PROTECT, null=True, blank=True, related_name="+"
    )
    bed_position = models.CharField(max_length=50, blank=True)
    order_reference = models.CharField(max_length=100, blank=True)
    bom = models.JSONField("bill of materials", null=True, editable=False)
    bom_grams_per_unit = GramsField(null=True, editable=False)
    labour_minutes_per_unit = MinutesField(null=True, editable=False)

    class Meta:
        ordering = ["run", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="run_item_quantity_positive"),
            models.CheckConstraint(
                condition=Q(
                    quantity__gte=Coalesce(F("good_count"), 0) + Coalesce(F("scrapped_count"), 0)
                ),
                name="run_item_counts_within_quantity",
            ),
        ]
        # An order is looked for in any case. Without figures of how rare one is, PostgreSQL goes
        # through all runs for it.
        indexes = [
            models.Index(Upper("order_reference"), name="run_item_by_order"),
            models.Index(fields=["product", "run"], name="run_item_by_product"),
        ]

    def __str__(self):
        return f"{self.quantity} x {self.product_id}"

    @property
    def printed_count(self):
        """Good and scrapped units together; 0 while they are not counted."""
        return (self.good_count or 0) + (self.scrapped_count or 0)


class RunMaterial(LineOfFile, models.Model):
    """What the run takes: a requirement, the spool that meets it, and grams planned and actual.

    ``planned_grams`` and ``actual_grams`` are in the parts, the purge grams come on top of them;
    ``reserved_grams`` are those of its spool that are reserved for this line, ``metered_grams``
    those that devices reported of it: they are the sum of its meters, of which
    ``metered_before_grams`` were there when its actual or weight was saved while it printed: what
    is reported later comes on top, and is ``added_grams`` of its actual once that is booked. The
    start freezes ``planned_spool`` and ``planned_cost_per_gram``: null on lines added later, which
    are no part of the plan, and are to take ``expected_grams`` (0: what is left of their
    requirement). What its spools were of when the run was closed is kept in
    ``planned_spool_filament`` and ``spool_filament`` where filaments were merged since, and the run
    took both.
    """

    run = models.ForeignKey(ProductionRun, models.PROTECT, related_name="materials")
    filament = models.ForeignKey(
        Filament, models.PROTECT, null=True, blank=True, related_name="run_materials"
    )
    material_type = models.ForeignKey(
        MaterialType, models.PROTECT, null=True, blank=True, related_name="run_materials"
    )
    spool = models.ForeignKey(
        Spool, models.PROTECT, null=True, blank=True, related_name="run_materials"
    )
    slot = models.ForeignKey(
        PrinterSlot, models.PROTECT, null=True, blank=True, related_name="run_materials"
    )
    planned_spool = models.ForeignKey(
        Spool, models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )
    planned_spool_filament = models.ForeignKey(
        Filament, models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )
    spool_filament = models.ForeignKey(
        Filament, models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )
    planned_grams = GramsField("planned, g", default=0)
    planned_purge_grams = GramsField("purge, g", default=0)
    planned_cost_per_gram = CostPerGramField(null=True, editable=False)
    planned_source = plan_source_field()
    expected_grams = GramsField(null=True, editable=False)
    reserved_grams = GramsField(default=0, editable=False)
    metered_grams = ReportedGramsField(default=0, editable=False)
    metered_before_grams = ReportedGramsField(null=True, editable=False)
    added_grams = GramsField(default=0, editable=False)
    actual_grams = GramsField(null=True, blank=True)
    actual_purge_grams = GramsField(null=True, blank=True)
    gross_before_grams = GramsField(null=True, blank=True)
    gross_after_grams = GramsField(null=True, blank=True)
    actual_source = models.CharField(
        max_length=10, choices=ActualSource, blank=True, editable=False
    )

    objects = RunMaterialQuerySet.as_manager()

    class Meta:
        ordering = ["run", "pk"]
        constraints = [
            models.UniqueConstraint("run", "spool", name="run_material_spool_unique"),
            models.CheckConstraint(
                condition=Q(filament=None, material_type__isnull=False)
                | Q(filament__isnull=False, material_type=None),
                name="run_material_one_requirement",
            ),
            models.CheckConstraint(
                condition=Q(
                    planned_grams__gte=0, planned_purge_grams__gte=0, reserved_grams__gte=0
                ),
                name="run_material_plan_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(metered_grams__gte=0), name="run_material_metered_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(actual_grams__gte=0), name="run_material_actual_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(actual_purge_grams__gte=0),
                name="run_material_actual_purge_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(reserved_grams=0) | Q(spool__isnull=False),
                name="run_material_claims_a_spool",
            ),
        ]
        indexes = [
            models.Index(
                fields=["run"], condition=Q(planned_source="outdated"), name="run_material_outdated"
            )
        ]

    def __str__(self):
        return f"run {self.run_id}: {format_number(self.planned_grams)} g"

    @property
    def has_plan(self):
        """Whether it has planned grams of its own: not what was added after the start."""
        return self.expected_grams is None

    @property
    def is_reported(self):
        """Whether its actual is what devices reported."""
        return self.actual_source in REPORTED

    @property
    def is_weighed(self):
        """Whether its actual is what a weight leaves of the book; not the difference of two."""
        return self.actual_source == ActualSource.WEIGHED and self.gross_before_grams is None

    @property
    def is_swapped_out(self):
        """Whether the run in progress goes on without it. What was saved of it while it prints is
        no such actual: what is reported later is added."""
        return self.actual_grams is not None and self.metered_before_grams is None

    @property
    def reported_since_grams(self):
        """What was reported of a run in progress after its figure was saved."""
        if self.metered_before_grams is None:
            return Decimal(0)
        since = self.metered_grams - self.metered_before_grams
        return max(half_up(since, GramsField.places), Decimal(0))

    @property
    def so_far_grams(self):
        """What it took so far, as was saved and reported; None where neither says."""
        if self.actual_grams is not None:
            return self.actual_total_grams + self.reported_since_grams
        is_weighed = self.gross_after_grams is not None
        return None if is_weighed or not self.metered_grams else self.metered_grams

    def lower_metered(self, grams):
        """Take back of what was reported of it; not saved."""
        self.metered_grams -= grams
        if self.metered_before_grams is not None:
            self.metered_before_grams = min(self.metered_before_grams, self.metered_grams)
        if self.is_reported:
            reported = half_up(self.metered_grams, GramsField.places)
            self.actual_grams = max(reported - (self.actual_purge_grams or 0), Decimal(0))

    @property
    def planned_total_grams(self):
        return self.planned_grams + self.planned_purge_grams

    @property
    def actual_total_grams(self):
        """Part and purge together; None while the line has no actual."""
        if self.actual_grams is None:
            return None
        return self.actual_grams + (self.actual_purge_grams or 0)
