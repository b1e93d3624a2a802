"""Products and their bills of materials."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from inventory.models import Filament, MaterialType
from production.models.pictures import picture_field
from tenants.operations.quantities import GramsField, MinutesField
from tenants.operations.searching import FoundByWords
from tenants.operations.text import format_number

PRODUCT_WORDS = "words_of(sku || ' ' || name)"


class ProductQuerySet(FoundByWords, models.QuerySet):
    contains, words = ("sku", "name"), PRODUCT_WORDS

    def active(self):
        return self.filter(is_active=True)

    def with_bom(self):
        return self.prefetch_related(
            "bom_lines__material_type", "bom_lines__filament__manufacturer"
        )


class Product(models.Model):
    """A printed part that can be made again. Minutes and purge grams are per plate (bed load)."""

    sku = models.CharField("SKU", max_length=60)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    units_per_plate = models.PositiveIntegerField("units on a plate", null=True, blank=True)
    plate_minutes = MinutesField("minutes a plate", null=True, blank=True)
    plate_purge_grams = GramsField("purge a plate, g", null=True, blank=True)
    height_mm = models.DecimalField(
        "height, mm", max_digits=7, decimal_places=2, null=True, blank=True
    )
    labour_minutes = MinutesField(
        "labour, minutes", null=True, blank=True, help_text="Of a person, per unit."
    )
    photo = picture_field("photo")
    is_active = models.BooleanField("in use", default=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ["sku"]
        constraints = [
            models.UniqueConstraint("sku", name="product_sku_unique"),
            models.CheckConstraint(condition=~Q(sku=""), name="product_sku_not_empty"),
            models.CheckConstraint(
                condition=Q(units_per_plate__gt=0), name="product_units_per_plate_positive"
            ),
            models.CheckConstraint(
                condition=Q(plate_minutes__gte=0), name="product_plate_minutes_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(plate_purge_grams__gte=0), name="product_plate_purge_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(labour_minutes__gte=0), name="product_labour_not_negative"
            ),
        ]

    def __str__(self):
        return f"{self.sku} {self.name}"

    @property
    def bom_grams(self):
        """Grams of filament in one unit, by its (prefetched) bill of materials."""
        return sum(line.grams_per_unit for line in self.bom_lines.all())


class BomLine(models.Model):
    """Grams of a material type, optionally one exact filament, in one unit of a product."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="bom_lines")
    material_type = models.ForeignKey(MaterialType, models.PROTECT, related_name="bom_lines")
    filament = models.ForeignKey(
        Filament, models.PROTECT, null=True, blank=True, related_name="bom_lines"
    )
    grams_per_unit = GramsField("grams in one unit")

    class Meta:
        ordering = ["product", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(grams_per_unit__gt=0), name="bom_line_grams_positive"
            ),
            models.UniqueConstraint(
                fields=["product", "material_type", "filament"],
                name="bom_line_material_unique",
                nulls_distinct=False,
            ),
        ]

    def __str__(self):
        return f"{format_number(self.grams_per_unit)} g {self.filament or self.material_type}"

    def clean(self):
        if self.filament is not None and self.filament.material_type_id != self.material_type_id:
            names = {"filament": self.filament, "material": self.filament.material_type}
            message = _("%(filament)s is %(material)s: choose another, or that material type.")
            raise ValidationError({"filament": message % names})
