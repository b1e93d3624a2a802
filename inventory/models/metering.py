"""What devices report of spools: meters, which become entries of the ledger, and last reports."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Max, Min, Q, Value
from django.db.models.functions import Coalesce

from inventory.models.ledger import InventoryTransaction
from inventory.models.spools import Spool
from tenants.accounts.models import DeviceToken, User
from tenants.operations.quantities import ReportedGramsField

NONE = Value(0, output_field=models.BigIntegerField())


class UsageMeterQuerySet(models.QuerySet):
    def open(self):
        return self.filter(closed_at__isnull=True)

    def outside_runs(self):
        return self.filter(run_material__isnull=True)

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
    entry = models.ForeignKey(
        InventoryTransaction, models.PROTECT, null=True, related_name="meters"
    )

    objects = UsageMeterQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
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
    seconds between its last 20 reports, ``booked`` the grams of its last 10, the latest last.
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

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["token", "spool"], name="device_report_one_a_spool")
        ]

    def __str__(self):
        return f"{self.token_id}, {self.spool_id}: {self.amount}"
