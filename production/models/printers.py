"""Printers and their slots."""

import re
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, FilteredRelation, OuterRef, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from inventory import codes
from inventory.models import HoldingSpoolQuerySet, Location, Spool
from production.models.statuses import PRINTING, of_run
from tenants.operations.quantities import MoneyField
from tenants.operations.searching import FoundByWords, HasWord

MOONRAKER_URL = re.compile(r"http://[A-Za-z0-9._:\[\]-]+(/[A-Za-z0-9._~/-]*)?")


def validate_moonraker_url(value):
    """Scheme, host and port, perhaps with a path, and no user."""
    try:
        parts = urlsplit(value)
        is_one = parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one or not MOONRAKER_URL.fullmatch(value):
        message = _("Like http://192.168.1.31:7125, without a user.")
        raise ValidationError(message, code="invalid_address")


class PrinterQuerySet(FoundByWords, models.QuerySet):
    contains = ("name", "manufacturer", "model", "location__name")
    words = "words_of(name || ' ' || manufacturer || ' ' || model)"

    def having(self, part):
        places = Location.objects.filter(HasWord("words_of(name)", part))
        return super().having(part) | Q(location__in=places.order_by().values("pk"))

    def active(self):
        return self.filter(is_active=True)

    def with_running(self):
        """Adds ``running``: the run that the printer is busy with, or None."""
        running = FilteredRelation("runs", condition=of_run(PRINTING, "runs"))
        return self.annotate(running=running).select_related("running")

    def labelled(self, code):
        return self.filter(code=codes.normalise(code))


class Printer(models.Model):
    """A machine: bed in mm, temperatures in degrees Celsius, hour rate in money, power in watts."""

    name = models.CharField(max_length=100)
    manufacturer = models.CharField(max_length=100, blank=True)
    model = models.CharField(max_length=100, blank=True)
    bed_x_mm = models.DecimalField("bed x, mm", max_digits=7, decimal_places=2)
    bed_y_mm = models.DecimalField("bed y, mm", max_digits=7, decimal_places=2)
    bed_z_mm = models.DecimalField("bed z, mm", max_digits=7, decimal_places=2)
    nozzle_diameter_mm = models.DecimalField(
        "nozzle, mm", max_digits=4, decimal_places=2, default="0.4"
    )
    has_hardened_nozzle = models.BooleanField("hardened nozzle", default=False)
    max_nozzle_temp = models.PositiveSmallIntegerField("nozzle, at most °C", null=True, blank=True)
    max_bed_temp = models.PositiveSmallIntegerField("bed, at most °C", null=True, blank=True)
    hour_rate = MoneyField(
        "rate an hour", null=True, blank=True, help_text="The farm's machine rate if left out."
    )
    power_watts = models.PositiveIntegerField("power, W", null=True, blank=True)
    location = models.ForeignKey(
        Location, models.PROTECT, null=True, blank=True, related_name="printers"
    )
    needs_clearing = models.BooleanField(default=False, editable=False)
    is_active = models.BooleanField("in use", default=True)
    code = models.CharField(
        max_length=9, default=codes.generate, editable=False, help_text="What its label carries."
    )
    moonraker_url = models.CharField(
        "address of Moonraker",
        max_length=200,
        blank=True,
        validators=[validate_moonraker_url],
        help_text="Like http://192.168.1.31:7125. What is loaded into its only slot is then its "
        "active spool.",
    )
    notes = models.TextField(blank=True)

    objects = PrinterQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="printer_name_unique"),
            models.UniqueConstraint("code", name="printer_code_unique"),
            models.CheckConstraint(
                condition=Q(bed_x_mm__gt=0, bed_y_mm__gt=0, bed_z_mm__gt=0),
                name="printer_bed_positive",
            ),
            models.CheckConstraint(condition=Q(hour_rate__gte=0), name="printer_rate_not_negative"),
        ]

    def __str__(self):
        return self.name


class PrinterSlotQuerySet(HoldingSpoolQuerySet):
    def with_printer(self):
        """Adds ``is_only``: whether its printer has no other slot."""
        others = self.model.objects.filter(printer=OuterRef("printer")).exclude(pk=OuterRef("pk"))
        return self.select_related("printer").annotate(is_only=~Exists(others))


class PrinterSlot(models.Model):
    """A place on a printer that holds one spool: "1", "A1"."""

    printer = models.ForeignKey(Printer, models.PROTECT, related_name="slots")
    label = models.CharField(max_length=20)
    spool = models.OneToOneField(
        Spool, models.PROTECT, null=True, blank=True, related_name="printer_slot"
    )

    objects = PrinterSlotQuerySet.as_manager()

    class Meta:
        ordering = ["printer", "label"]
        constraints = [
            models.UniqueConstraint("printer", Lower("label"), name="printer_slot_label_unique")
        ]

    def __str__(self):
        return f"{self.printer} {self.label}"
