"""Sliced files: what was read out of them, and which products own them. No file is kept."""

from decimal import Decimal
from fractions import Fraction

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import JSONObject, Upper

from production.models.corrections import factor_field
from production.models.pictures import picture_field
from production.models.printers import Printer
from production.models.products import Product
from tenants.operations.quantities import GramsField
from tenants.operations.searching import FoundByWords


class GramsSource(models.TextChoices):
    """Where grams of a slot are from: the slicer, a length and a density, or somebody who typed
    them as the file's were doubtful."""

    SLICER = "slicer"
    DERIVED = "derived"
    TYPED = "typed"


class FileSlot(models.Model):
    """Material of one slot, as the slicer counts them, from 1. Purge grams are a part of grams."""

    slot = models.PositiveIntegerField()
    grams = GramsField(null=True)
    purge_grams = GramsField(null=True)
    length_mm = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    source = models.CharField(max_length=7, choices=GramsSource, default=GramsSource.SLICER)
    material = models.CharField(max_length=100, blank=True)
    color_hex = models.CharField(max_length=6, blank=True)
    profile = models.CharField(max_length=100, blank=True)

    class Meta:
        abstract = True


FILE_WORDS = "words_of(left(filename, 200))"


class SlicedFileQuerySet(FoundByWords, models.QuerySet):
    contains, words = ("filename", "printer_model", "slicer"), FILE_WORDS

    def planned(self):
        """By which runs are planned, whatever became of these; not those that were deleted."""
        return self.filter(Exists(self._runs()))

    def not_planned(self):
        return self.filter(~Exists(self._runs()))

    def _runs(self):
        runs = self.model._meta.get_field("runs").related_model.objects.live()
        return runs.filter(sliced_file=OuterRef("pk")).order_by()

    def with_pictures(self):
        """Adds ``plate_pictures``, for `pictured_plates`."""
        return self.annotate(plate_pictures=plate_pictures())


def plate_pictures():
    """Of a SlicedFile: ``[{plate, picture}]``, the hashes of its pictures."""
    rows = PlatePicture.objects.filter(sliced_file=OuterRef("pk")).order_by("plate")
    return ArraySubquery(rows.values(each=JSONObject(plate="plate", picture="picture")))


class SlicedFile(models.Model):
    """What was read out of a sliced file that somebody sent, and from which lines.

    ``plates`` are ``[{index, name, seconds, slots, objects}]`` as the API shows them, with
    ``purge_grams`` of all slots, slots with ``volume_mm3`` besides; ``doubts`` are
    ``[{plate, slot, code, detail}]``. ``printer`` is that of the token it was sent with.
    ``is_new`` where it is made by who has it at hand.
    """

    is_new = False

    filename = models.CharField(max_length=255)
    sha256 = models.CharField("SHA-256", max_length=64)
    size_bytes = models.PositiveBigIntegerField("size, bytes")
    slicer = models.CharField(max_length=100)
    slicer_version = models.CharField(max_length=60, blank=True)
    printer_model = models.CharField(max_length=200, blank=True)
    nozzle_mm = models.DecimalField("nozzle, mm", max_digits=6, decimal_places=3, null=True)
    layer_height_mm = models.DecimalField(
        "layer height, mm", max_digits=6, decimal_places=3, null=True
    )
    plates = models.JSONField(default=list)
    doubts = models.JSONField(default=list)
    lines = models.TextField("lines that were read", blank=True)
    printer = models.ForeignKey(Printer, models.SET_NULL, null=True, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField("received")

    objects = SlicedFileQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = "sliced file"
        indexes = [
            models.Index(fields=["sha256"], name="sliced_file_by_hash"),
            models.Index(Upper("filename"), name="sliced_file_by_name"),
        ]

    def __str__(self):
        return self.filename

    @property
    def is_doubtful(self):
        return bool(self.doubts)

    @property
    def pictured_plates(self):
        """Its plates, each with ``picture_id``, the hash of its picture or None. Of a row that was
        read `with_pictures`."""
        found = {each["plate"]: each["picture"] for each in self.plate_pictures}
        return [{**plate, "picture_id": found.get(plate["index"])} for plate in self.plates]

    @property
    def picture(self):
        """The hash of the first of them; None without one."""
        return next(filter(None, (each["picture_id"] for each in self.pictured_plates)), None)


class PlatePictureQuerySet(models.QuerySet):
    def of_run(self, run):
        """Those of the plates that a run prints of its file."""
        if run.sliced_file_id is None:
            return self.none()
        rows = self.filter(sliced_file=run.sliced_file_id, plate__in=run.sliced_plates)
        return rows.order_by("plate")


class PlatePicture(models.Model):
    """The slicer's picture of a plate of a file, where it made one that can be read."""

    sliced_file = models.ForeignKey(SlicedFile, models.CASCADE, related_name="pictures")
    plate = models.PositiveIntegerField("plate of the file")
    picture = picture_field("picture", models.CASCADE, null=False)

    objects = PlatePictureQuerySet.as_manager()

    class Meta:
        ordering = ["sliced_file", "plate"]
        constraints = [
            models.UniqueConstraint(fields=["sliced_file", "plate"], name="plate_picture_one")
        ]

    def __str__(self):
        return f"{self.sliced_file_id}: {self.plate}"


class ProductFileQuerySet(models.QuerySet):
    def succeeded_by(self, file):
        """The current plates that those of a SlicedFile succeed, of the newest file first: of an
        older one of the same name, whatever its case, for the same printer model and nozzle."""
        same = Q(sliced_file__filename__iexact=file.filename, sliced_file__lt=file)
        same &= Q(printer_model=file.printer_model, nozzle_mm=file.nozzle_mm, is_current=True)
        found = self.filter(same).exclude(sliced_file__sha256=file.sha256)
        return found.order_by("-sliced_file", "pk")


class ProductFile(models.Model):
    """A plate of a sliced file that makes a product: how many, in how long, of how much.

    ``is_shared``: other products lie on the plate too, so that its figures are not the product's
    alone. ``is_current`` is the one that runs are planned by; a newer file of the same name
    succeeds it.
    """

    product = models.ForeignKey(Product, models.CASCADE, related_name="files")
    sliced_file = models.ForeignKey(SlicedFile, models.PROTECT, related_name="product_files")
    plate = models.PositiveIntegerField("plate of the file")
    units = models.PositiveIntegerField("units on the plate")
    seconds = models.PositiveIntegerField(null=True, blank=True)
    printer_model = models.CharField(max_length=200, blank=True)
    nozzle_mm = models.DecimalField(
        "nozzle, mm", max_digits=6, decimal_places=3, null=True, blank=True
    )
    is_shared = models.BooleanField("shared plate", default=False)
    is_current = models.BooleanField("current", default=True)
    successor_of = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="successors"
    )
    created_at = models.DateTimeField()

    objects = ProductFileQuerySet.as_manager()

    class Meta:
        ordering = ["product", "pk"]
        verbose_name = "file of a product"
        verbose_name_plural = "files of products"
        constraints = [
            models.UniqueConstraint(
                fields=["product", "sliced_file", "plate"], name="product_file_plate_unique"
            ),
            models.CheckConstraint(condition=Q(units__gt=0), name="product_file_units_positive"),
        ]

    def __str__(self):
        return f"{self.sliced_file_id}: {self.plate}"


class ProductFileSlot(FileSlot):
    """What the plate takes of one slot. Null grams are unknown."""

    file = models.ForeignKey(ProductFile, models.CASCADE, related_name="slots")

    class Meta:
        ordering = ["file", "slot", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["file", "slot"], name="product_file_slot_unique"),
            models.CheckConstraint(
                condition=Q(grams__gte=0) & Q(purge_grams__gte=0),
                name="product_file_slot_not_negative",
            ),
        ]

    def __str__(self):
        return f"{self.file_id}: {self.slot}"


class ProductAlias(models.Model):
    """What slicers call a product: the name of an object or of a file, learnt from what people
    chose. ``key`` is the name as it is compared."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=255)
    key = models.CharField(max_length=255)

    class Meta:
        ordering = ["product", "name", "pk"]
        verbose_name_plural = "product aliases"
        constraints = [models.UniqueConstraint("key", name="product_alias_key_unique")]

    def __str__(self):
        return self.name


class PlannedByFile(models.Model):
    """For a run: the sliced file that it is planned by, the indexes of its plates, each once, and
    the seconds that they take together. The run prints them ``copies`` times."""

    sliced_file = models.ForeignKey(
        SlicedFile, models.PROTECT, null=True, editable=False, related_name="runs", db_index=False
    )
    sliced_plates = models.JSONField(null=True, editable=False)
    sliced_seconds = models.PositiveBigIntegerField(null=True, editable=False)

    class Meta:
        abstract = True

    @property
    def copies(self):
        """How often the plates of its file are printed; None without a file."""
        return Fraction(self.plate_count, len(self.sliced_plates)) if self.sliced_plates else None


class LineOfFile(models.Model):
    """For a line of a run: the slot of the sliced file that it is for, and what the plates of the
    run take of it, each printed once; ``sliced_purge_grams`` are a part of ``sliced_grams``. The
    plan is multiplied by ``slicer_factor``, of a SlicerCorrection; 1 without one."""

    sliced_slot = models.PositiveIntegerField(null=True, editable=False)
    sliced_grams = GramsField(null=True, editable=False)
    sliced_purge_grams = GramsField(null=True, editable=False)
    sliced_source = models.CharField(max_length=7, choices=GramsSource, blank=True, editable=False)
    slicer_factor = factor_field(default=1)

    class Meta:
        abstract = True

    def sliced_plan(self, copies):
        """``(grams, purge grams)`` of the line for so many copies of the plates."""
        purge = self.sliced_purge_grams or Decimal(0)
        grams = (each * self.slicer_factor for each in (self.sliced_grams - purge, purge))
        return tuple(each * copies.numerator / copies.denominator for each in grams)
