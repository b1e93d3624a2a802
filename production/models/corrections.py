"""Corrections of what slicers say, accepted by a manager."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.formats import number_format

from inventory.models import Filament
from production.models.printers import Printer
from tenants.operations.quantities import GramsField
from tenants.operations.sql_property import sql_property


def factor_field(**options):
    """What grams of a slicer are multiplied by."""
    return models.DecimalField(max_digits=8, decimal_places=4, editable=False, **options)


def factor_text(factor):
    """A factor for a sentence: ``1.0325``, ``1.03``."""
    return number_format(f"{factor.normalize():f}", use_l10n=True)


class SlicerCorrectionQuerySet(models.QuerySet):
    def current(self):
        return self.filter(withdrawn_at=None)

    def by_key(self):
        """``{(filament id, printer id): correction}`` of these; one of a filament that was merged
        into another is that one's, where that has none of its own: of several the newest."""
        rows = self.annotate(present=Coalesce("filament__merged_into", "filament"))
        rows = sorted(rows, key=lambda each: (each.filament_id == each.present, each.pk))
        return {(each.present, each.printer_id): each for each in rows}

    def factors(self, pairs):
        """What to multiply the slicer's grams by: ``{(filament id, printer id): factor}`` of these
        pairs, of which either may be None; 1 without a correction. One query."""
        filaments, printers = ({pair[place] for pair in pairs} - {None} for place in (0, 1))
        concerned = Q(filament__in=filaments) | Q(filament__merged_into__in=filaments)
        concerned |= Q(filament=None, printer__in=printers)
        known = self.current().filter(concerned).by_key()
        found = {}
        for filament, printer in pairs:
            keys = (filament, printer), (filament, None), (None, printer)
            first = next((known[key].factor for key in keys if key in known), Decimal(1))
            found[filament, printer] = first
        return found

    def with_names(self):
        return self.select_related("filament__manufacturer", "filament__material_type", "printer")


class SlicerCorrection(models.Model):
    """What plans multiply a slicer's grams by, for a filament, a printer, or one on the other.

    It is of ``run_count`` runs in which ``measured_grams`` were weighed or metered where the slicer
    says ``sliced_grams``. ``former`` is the one that it took the place of.
    """

    filament = models.ForeignKey(
        Filament, models.CASCADE, null=True, editable=False, related_name="slicer_corrections"
    )
    printer = models.ForeignKey(
        Printer, models.CASCADE, null=True, editable=False, related_name="slicer_corrections"
    )
    factor = factor_field()
    run_count = models.PositiveIntegerField("runs", editable=False)
    sliced_grams = GramsField("by the slicer, g", editable=False)
    measured_grams = GramsField("measured, g", editable=False)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
    )
    accepted_at = models.DateTimeField("accepted", editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
    )
    withdrawn_at = models.DateTimeField("withdrawn", null=True, editable=False)
    former = models.ForeignKey(
        "self", models.SET_NULL, null=True, editable=False, related_name="successors"
    )

    objects = SlicerCorrectionQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["filament", "printer"],
                condition=Q(withdrawn_at=None),
                name="slicer_correction_current_unique",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(filament__isnull=False) | Q(printer__isnull=False),
                name="slicer_correction_of_something",
            ),
            models.CheckConstraint(
                condition=Q(factor__gt=0), name="slicer_correction_factor_positive"
            ),
        ]

    def __str__(self):
        names = " · ".join(str(each) for each in (self.filament, self.printer) if each)
        return f"{names} × {factor_text(self.factor)}"

    @sql_property(Q(withdrawn_at=None))
    def is_current(self):
        return self.withdrawn_at is None
