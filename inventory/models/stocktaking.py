"""Stocktakes: what the book says of the spools of a place, what was found, and what was posted."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Sum, Value, When
from django.db.models.functions import Abs, Round

from inventory.models.ledger import InventoryTransaction
from inventory.models.spools import HoldingSpoolQuerySet, Location, Spool
from tenants.operations.quantities import CostPerGramField, GramsField, MoneyField
from tenants.operations.sql_property import sql_property
from tenants.operations.text import half_up

NOTHING = Decimal(0)
BOOK = F("counted_grams") - F("book_grams")
VALUE = Round(BOOK * F("cost_per_gram"), precision=MoneyField.places, output_field=MoneyField())


class StocktakeQuerySet(models.QuerySet):
    def open(self):
        return self.filter(status=Stocktake.Status.OPEN)


class Stocktake(models.Model):
    """A count of the spools of one place, or of the whole farm split by place.

    ``place`` is what the place was called when it began; "" for the whole farm, and for spools
    that are at no place.
    """

    class Scope(models.TextChoices):
        FARM = "farm", "Whole farm"
        LOCATION = "location", "Location"
        PRINTER = "printer", "Printer"
        NO_PLACE = "no_place", "No place"

    class Status(models.TextChoices):
        OPEN = "open"
        POSTED = "posted"
        CANCELLED = "cancelled"

    class Missing(models.TextChoices):
        """What becomes of spools that were not found."""

        LEAVE = "leave", "Leave them as they are"
        EMPTY = "empty", "Count them to 0 g"
        ARCHIVE = "archive", "Count them to 0 g and archive them"

    scope = models.CharField(max_length=8, choices=Scope)
    location = models.ForeignKey(Location, models.SET_NULL, null=True, related_name="+")
    place = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=9, choices=Status, default=Status.OPEN)
    reason = models.CharField(max_length=200, blank=True, help_text="Of the counts it posted.")
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    begun_at = models.DateTimeField("begun")
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    closed_at = models.DateTimeField("closed", null=True, help_text="Posted or cancelled.")

    objects = StocktakeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="open", closed_at=None)
                | (~Q(status="open") & Q(closed_at__isnull=False)),
                name="stocktake_closed_has_date",
            )
        ]

    def __str__(self):
        return f"{self.pk}: {self.place or self.get_scope_display()}"

    @property
    def is_open(self):
        return self.status == self.Status.OPEN


class StocktakeLineQuerySet(HoldingSpoolQuerySet):
    def counted(self):
        """Those with grams that were seen."""
        return self.filter(counted_grams__isnull=False)

    def recorded(self):
        return self.exclude(result="")

    def differing(self):
        return self.counted().exclude(counted_grams=F("book_grams"))

    def elsewhere(self):
        """Spools that were found where the book did not have them."""
        return self.filter(spool__isnull=False).filter(
            Q(is_expected=False) | Q(move_to__isnull=False)
        )

    def by_value(self):
        """The largest differences first: of money, then of grams where the price is unknown."""
        by_money = Abs(VALUE).desc(nulls_last=True)
        return self.order_by(by_money, Abs(BOOK).desc(nulls_last=True), "pk")

    def totals(self):
        """Of the differences, as ``{...}``: grams less and more than the book, money of those
        with a known cost, and how many have none."""
        found = self.differing().aggregate(
            grams=Sum(BOOK, output_field=GramsField()),
            value=Sum(VALUE, output_field=MoneyField()),
            unpriced=models.Count("pk", filter=Q(cost_per_gram=None)),
            differing=models.Count("pk"),
        )
        found["grams"] = found["grams"] or NOTHING
        if found["differing"] == found["unpriced"]:
            found["value"] = None if found["differing"] else NOTHING
        return found


class StocktakeLine(models.Model):
    """A spool of a stocktake, or a code that no spool has (``text``), as it was recorded last.

    ``expected_grams`` are by the book when the stocktake began; ``book_grams`` when the spool was
    counted, less what devices had metered by then. Only the difference of that is posted.
    """

    class Result(models.TextChoices):
        OPEN = "", "Not counted"
        WEIGHED = "weighed"
        NET = "net", "Net grams"
        FULL = "full"
        EMPTY = "empty"
        AS_BOOK = "as_book", "As the book"
        NOT_FOUND = "not_found", "Not found"
        UNKNOWN = "unknown", "Unknown code"

    class Outcome(models.TextChoices):
        """What posting did with the line."""

        POSTED = "posted"
        COUNTED_SINCE = "counted_since", "Counted since"
        OFF_SHELF = "off_shelf", "Archived or removed since"
        LEFT = "left", "Left as it was"
        ARCHIVED = "archived"
        IN_USE = "in_use", "Counted to 0 g, not archived: in use"

    stocktake = models.ForeignKey(Stocktake, models.CASCADE, related_name="lines", db_index=False)
    spool = models.ForeignKey(Spool, models.PROTECT, null=True, related_name="stocktake_lines")
    text = models.CharField(max_length=100, blank=True, help_text="A code that no spool has.")
    place = models.CharField(max_length=200, blank=True, help_text="By the book.")
    is_expected = models.BooleanField(default=True)
    expected_grams = GramsField(null=True)
    cost_per_gram = CostPerGramField(null=True)
    result = models.CharField(max_length=9, choices=Result, blank=True)
    gross_grams = GramsField(null=True)
    counted_grams = GramsField(null=True)
    book_grams = GramsField(null=True)
    move_to = models.ForeignKey(
        Location, models.SET_NULL, null=True, related_name="+", help_text="Where it was found."
    )
    moved_from = models.ForeignKey(Location, models.SET_NULL, null=True, related_name="+")
    is_moved = models.BooleanField(default=False, help_text="By posting.")
    counted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    counted_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=13, choices=Outcome, blank=True)
    entry = models.ForeignKey(
        InventoryTransaction, models.PROTECT, null=True, related_name="+", db_index=False
    )

    objects = StocktakeLineQuerySet.as_manager()

    class Meta:
        ordering = ["stocktake", "place", "pk"]
        constraints = [
            models.UniqueConstraint("stocktake", "spool", name="stocktake_has_spool_once"),
            models.UniqueConstraint(
                "stocktake", "text", condition=Q(spool=None), name="stocktake_has_text_once"
            ),
            models.CheckConstraint(
                condition=Q(spool__isnull=False, text="") | (Q(spool=None) & ~Q(text="")),
                name="stocktake_line_is_of_spool_or_text",
            ),
            models.CheckConstraint(
                condition=Q(counted_grams__gte=0) | Q(counted_grams=None),
                name="stocktake_counted_not_negative",
            ),
        ]

    def __str__(self):
        return self.text or str(self.spool)

    @sql_property(BOOK)
    def difference_grams(self):
        if self.counted_grams is None or self.book_grams is None:
            return None
        return self.counted_grams - self.book_grams

    @sql_property(VALUE)
    def difference_value(self):
        """Money; None if the cost is unknown, or nothing was counted."""
        if self.cost_per_gram is None or self.difference_grams is None:
            return None
        return half_up(self.difference_grams * self.cost_per_gram, MoneyField.places)

    @sql_property(Case(When(result="", then=Value(False)), default=Value(True)))
    def is_recorded(self):
        return bool(self.result)


class StocktakeRecord(models.Model):
    """What somebody recorded of a line; never changed. The last one is what the line says; without
    a result, it took the one before back."""

    line = models.ForeignKey(StocktakeLine, models.CASCADE, related_name="records")
    result = models.CharField(max_length=9, choices=StocktakeLine.Result, blank=True)
    gross_grams = GramsField(null=True)
    counted_grams = GramsField(null=True)
    book_grams = GramsField(null=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return f"{self.line_id}: {self.get_result_display()}"
