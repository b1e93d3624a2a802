"""What devices report of spools: meters, which become entries of the ledger, and last reports."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, Max, Min, Q, Sum, Value
from django.db.models.functions import Coalesce, TruncDate

from inventory.models.ledger import InventoryTransaction
from inventory.models.spools import Spool
from tenants.accounts.models import DeviceToken, User
from tenants.operations.quantities import ReportedGramsField
from tenants.operations.sql_property import sql_property

NONE = Value(0, output_field=models.BigIntegerField())
ZERO_GRAMS = Value(0, output_field=ReportedGramsField())


class UsageMeterQuerySet(models.QuerySet):
    def open(self):
        return self.filter(closed_at__isnull=True)

    def outside_runs(self):
        return self.filter(run_material__isnull=True)

    def standing(self):
        """Open ones, and those whose entry was not reversed."""
        return self.filter(Q(closed_at=None) | Q(entry__isnull=False, entry__reversed_by=None))

    def dates_of_use(self, spools):
        """``{spool id: (first, last)}``: when devices reported of the spools, as far as what was
        reported stands."""
        standing = self.filter(spool__in=spools, entry__reversed_by__isnull=True)
        dates = standing.order_by().values("spool")
        dates = dates.values_list("spool", Min("started_at"), Max("last_report_at"))
        return {spool: (first, last) for spool, first, last in dates}


class UsageMeter(models.Model):
    """Grams that a device reports of a spool, of one line of a run or of none.

    While it is open its grams are in the spool's ``metered_grams``. Closed, it names the ``entry``
    that took them; several of a line may name one.
    """

    spool = models.ForeignKey(Spool, models.PROTECT, related_name="meters")
    token = models.ForeignKey(
        DeviceToken, models.PROTECT, null=True, related_name="+", db_index=False
    )
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    run_material = models.ForeignKey(
        "production.RunMaterial", models.PROTECT, null=True, related_name="meters"
    )
    printer_name = models.CharField(max_length=100, blank=True, help_text="As the device says.")
    grams = ReportedGramsField(default=0)
    reports = models.PositiveIntegerField(default=0)
    repeats = models.PositiveIntegerField(default=0, help_text="Reports that were counted before.")
    started_at = models.DateTimeField()
    last_report_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    is_apart = models.BooleanField(default=False, help_text="It was found to be of no run.")
    entry = models.ForeignKey(
        InventoryTransaction, models.PROTECT, null=True, related_name="meters"
    )

    objects = UsageMeterQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(
                fields=["closed_at"],
                condition=Q(run_material=None, is_apart=False),
                name="usage_meter_of_no_run",
            ),
            models.Index(
                fields=["started_at"],
                condition=Q(run_material=None),
                name="usage_meter_by_start",
            ),
            models.Index(fields=["token", "-id"], name="usage_meter_of_token"),
        ]
        constraints = [
            models.UniqueConstraint(
                "spool",
                Coalesce("token", NONE),
                Coalesce("run_material", NONE),
                condition=Q(closed_at=None),
                name="usage_meter_one_open",
            ),
            models.CheckConstraint(condition=Q(grams__gte=0), name="usage_meter_not_negative"),
            models.CheckConstraint(
                condition=Q(entry=None) | Q(closed_at__isnull=False),
                name="usage_meter_entry_closes_it",
            ),
        ]

    def __str__(self):
        return f"{self.spool_id}: {self.grams} g"


class DeviceReport(models.Model):
    """The last report of a device on a spool: a repeat is known by it.

    ``received_at`` is before any lock was taken, ``done_at`` just before the commit. ``gaps`` are
    the seconds before each of its last 20 reports, ``booked`` what was booked of its last 10, in
    their unit; the latest is last, and the very first is in neither. ``reports`` counts them.
    """

    MAX_GAPS, MAX_BOOKED = 20, 10

    class Unit(models.TextChoices):
        LENGTH = "length"  # mm
        WEIGHT = "weight"  # g

    token = models.ForeignKey(DeviceToken, models.CASCADE, related_name="reports", db_index=False)
    spool = models.ForeignKey(Spool, models.PROTECT, related_name="reports")
    unit = models.CharField(max_length=6, choices=Unit)
    amount = models.CharField(max_length=40, help_text="As it was reported.")
    received_at = models.DateTimeField()
    done_at = models.DateTimeField()
    gaps = ArrayField(models.DecimalField(max_digits=14, decimal_places=6), default=list)
    booked = ArrayField(ReportedGramsField(), default=list)
    reports = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["token", "spool"], name="device_report_one_a_spool")
        ]

    def __str__(self):
        return f"{self.token_id}, {self.spool_id}: {self.amount}"


class RecognisedRepeatQuerySet(models.QuerySet):
    def with_references(self):
        return self.select_related("token", "spool__filament", "entry__reversed_by")

    def on_days(self):
        """A row for each day, the latest first: how many repeats and how many "perhaps", and their
        grams."""
        is_perhaps = Q(rule=RecognisedRepeat.Rule.PERHAPS)
        days = self.order_by().annotate(day=TruncDate("received_at")).values("day")
        return days.annotate(
            repeats=Count("pk", filter=~is_perhaps),
            repeated_grams=Coalesce(Sum("grams", filter=~is_perhaps), ZERO_GRAMS),
            perhaps=Count("pk", filter=is_perhaps),
            perhaps_grams=Coalesce(Sum("grams", filter=is_perhaps), ZERO_GRAMS),
        ).order_by("-day")


class RecognisedRepeat(models.Model):
    """A report that was taken for one that repeats, or contains, the one ``before`` it.

    ``grams`` were not counted again; of one that only *perhaps* contains it they were counted with
    both. A person may have the last word: ``overruled_at``, by the ``entry`` of that.
    """

    class Rule(models.TextChoices):
        OVERLAP = "R1", "While the one before was worked on"
        CONTAINED = "R2", "Contains the one before"
        REPEATED = "R3", "Equals the one before"
        PERHAPS = "R4", "Perhaps contains the one before"

    token = models.ForeignKey(DeviceToken, models.PROTECT, related_name="repeats", db_index=False)
    spool = models.ForeignKey(Spool, models.PROTECT, related_name="repeats")
    rule = models.CharField(max_length=2, choices=Rule)
    unit = models.CharField(max_length=6, choices=DeviceReport.Unit)
    amount = models.CharField(max_length=40, help_text="As it was reported.")
    before = models.CharField(max_length=40, help_text="The report before it.")
    grams = ReportedGramsField()
    received_at = models.DateTimeField("received")
    overruled_at = models.DateTimeField("overruled", null=True)
    entry = models.ForeignKey(
        InventoryTransaction, models.PROTECT, null=True, related_name="+", db_index=False
    )

    objects = RecognisedRepeatQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["token", "received_at"], name="repeats_by_token")]

    def __str__(self):
        return f"{self.token}, {self.amount} {self.symbol}"

    @property
    def is_perhaps(self):
        return self.rule == self.Rule.PERHAPS

    @property
    def symbol(self):
        return {"length": "mm", "weight": "g"}[self.unit]

    @sql_property(Q(overruled_at__isnull=False, entry__reversed_by__isnull=True))
    def is_overruled(self):
        """Whether a person decided otherwise, and the entry of that stands."""
        is_reversed = self.entry is not None and hasattr(self.entry, "reversed_by")
        return self.overruled_at is not None and not is_reversed
