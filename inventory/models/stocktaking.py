"""Stocktakes: what the book says of the spools of a place, what was found, and what was posted."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Case, ExpressionWrapper, F, Q, Value, When
from django.db.models.functions import Abs, Coalesce, NullIf, Round
from django.utils.translation import gettext as _

from inventory.models.ledger import InventoryTransaction
from inventory.models.spools import HoldingSpoolQuerySet, Location, Spool
from tenants.operations.quantities import CostPerGramField, GramsField, MoneyField
from tenants.operations.refusals import InUse
from tenants.operations.sql_property import sql_property
from tenants.operations.text import half_up

NO_GRAMS = Value(Decimal(0), output_field=GramsField())
COUNTED = Coalesce("counted_grams", NO_GRAMS)
BOOK = ExpressionWrapper(COUNTED - F("book_grams"), output_field=GramsField())
OF_SPOOL = ExpressionWrapper(
    F("spool__price") / NullIf("spool__initial_grams", NO_GRAMS),
    output_field=models.DecimalField(),
)
OF_FILAMENT = ExpressionWrapper(
    F("spool__filament__price") / NullIf("spool__filament__net_grams", NO_GRAMS),
    output_field=models.DecimalField(),
)
# As `Spool.cost_per_gram`, rounded as the ledger does.
RATE_NOW = Round(
    Coalesce(OF_SPOOL, OF_FILAMENT),
    precision=CostPerGramField.places,
    output_field=CostPerGramField(),
)
RATE = Case(When(stocktake__status="open", then=RATE_NOW), default=F("cost_per_gram"))
VALUE = Round(BOOK * RATE, precision=MoneyField.places, output_field=MoneyField())

POSTED = ExpressionWrapper(
    F("entry__grams") * F("entry__cost_per_gram"), output_field=models.DecimalField()
)
POSTED_VALUE = Round(POSTED, precision=MoneyField.places, output_field=MoneyField())


class StocktakeQuerySet(models.QuerySet):
    def open(self):
        return self.filter(status=Stocktake.Status.OPEN)


def clear_place_unless_open(collector, field, stocktakes, using):
    """SET_NULL; raises InUse where an open stocktake counts the spools there."""
    if stocktake := Stocktake.objects.open().filter(pk__in=stocktakes).first():
        message = _(
            "Stocktake %(stocktake)s, which is open, counts the spools there: post or cancel it "
            "first."
        )
        raise InUse(message % {"stocktake": stocktake})
    models.SET_NULL(collector, field, stocktakes, using)


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
    location = models.ForeignKey(Location, clear_place_unless_open, null=True, related_name="+")
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


def clear_unless_open(collector, field, lines, using):
    """SET_NULL; raises InUse where an open stocktake is to move spools there."""
    if stocktake := Stocktake.objects.open().filter(lines__in=lines).first():
        message = _(
            "Stocktake %(stocktake)s, which is open, moves spools there: post or cancel it first, "
            "or record these spools at another place."
        )
        raise InUse(message % {"stocktake": stocktake})
    models.SET_NULL(collector, field, lines, using)


class StocktakeLineQuerySet(HoldingSpoolQuerySet):
    def counted(self):
        """Those with grams that were seen."""
        return self.filter(counted_grams__isnull=False)

    def recorded(self):
        return self.exclude(result="")

    def differing(self):
        """Those that were counted otherwise than by the book, or were not found."""
        return self.filter(book_grams__isnull=False).exclude(book_grams=COUNTED)

    def changed(self):
        """Those that differ from the book, or of which something else was posted."""
        of_entry = Q(entry__isnull=False) & ~Q(entry__grams=0)
        differs = Q(book_grams__isnull=False) & ~Q(book_grams=COUNTED)
        return self.filter(differs | of_entry)

    def elsewhere(self):
        """Spools that were found where the book did not have them."""
        return self.filter(spool__isnull=False).filter(
            Q(is_expected=False) | Q(move_to__isnull=False)
        )

    def by_value(self):
        """The largest differences first: of money, then of grams where the price is unknown."""
        by_money = Abs(VALUE).desc(nulls_last=True)
        return self.order_by(by_money, Abs(BOOK).desc(nulls_last=True), "pk")


class StocktakeLine(models.Model):
    """A spool of a stocktake, or a code that no spool has (``text``), as it was recorded last.

    ``expected_grams`` are by the book when the stocktake began; ``book_grams`` when the spool was
    counted, or not found, less what devices had metered by then. Only the difference of that is
    posted.
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
        ARCHIVED = "archived", "Archived, found here"

    class Outcome(models.TextChoices):
        """What posting did with the line."""

        POSTED = "posted"
        COUNTED_SINCE = "counted_since", "Left alone: counted since"
        TURNED_UP = "turned_up", "Left alone: turned up since"
        OFF_SHELF = "off_shelf", "Left alone: archived or removed since"
        UNCLEAR = "unclear", "Left alone: count it again"
        PRINTING = "printing", "Left alone: a run takes from it"
        LEFT = "left", "Left as it was"
        ARCHIVED = "archived"
        IN_USE = "in_use", "Counted to 0 g, not archived: in use"

    class PlaceOutcome(models.TextChoices):
        """What posting did with the place of a spool that was to be moved."""

        MOVED = "moved", "Moved"
        THERE = "there", "Was there already"
        MOVED_SINCE = "moved_since", "Not moved: moved since"
        LOADED = "loaded", "Not moved: in a printer"
        STAYS = "stays", "Not moved back: its place was deleted"

    stocktake = models.ForeignKey(Stocktake, models.CASCADE, related_name="lines", db_index=False)
    spool = models.ForeignKey(Spool, models.PROTECT, null=True, related_name="stocktake_lines")
    text = models.CharField(max_length=100, blank=True, help_text="A code that no spool has.")
    place = models.CharField(max_length=200, blank=True, help_text="By the book.")
    is_expected = models.BooleanField(default=True)
    expected_grams = GramsField(null=True)
    cost_per_gram = CostPerGramField(null=True)  # when it was closed: see `rate`
    result = models.CharField(max_length=9, choices=Result, blank=True)
    gross_grams = GramsField(null=True)
    counted_grams = GramsField(null=True)
    book_grams = GramsField(null=True)
    move_to = models.ForeignKey(
        Location, clear_unless_open, null=True, related_name="+", help_text="Where it was found."
    )
    moved_from = models.ForeignKey(Location, models.SET_NULL, null=True, related_name="+")
    counted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    counted_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=13, choices=Outcome, blank=True)
    place_outcome = models.CharField(max_length=11, choices=PlaceOutcome, blank=True)
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
        """All of the book, of a spool that was not found."""
        return None if self.book_grams is None else (self.counted_grams or 0) - self.book_grams

    @sql_property(RATE)
    def rate(self):
        """Money per gram: of now while the stocktake is open, as posting books it, then of when it
        was closed; None if it is unknown."""
        if not self.stocktake.is_open:
            return self.cost_per_gram
        cost = self.spool.cost_per_gram() if self.spool else None
        return None if cost is None else half_up(cost, CostPerGramField.places)

    @sql_property(VALUE)
    def difference_value(self):
        """Money; None if the cost is unknown, or nothing was recorded."""
        if self.rate is None or self.difference_grams is None:
            return None
        return half_up(self.difference_grams * self.rate, MoneyField.places)

    @sql_property(F("entry__grams"))
    def posted_grams(self):
        """What posting changed the book by; None where it posted nothing."""
        return self.entry and self.entry.grams

    @sql_property(POSTED_VALUE)
    def posted_value(self):
        """Money at what a gram cost then; None if that is unknown, or nothing was posted."""
        if self.entry is None or self.entry.cost_per_gram is None:
            return None
        return half_up(self.entry.grams * self.entry.cost_per_gram, MoneyField.places)

    @property
    def done(self):
        """What posting did with the grams and the place, in words."""
        words = self.get_outcome_display(), self.get_place_outcome_display()
        return ", ".join(filter(None, words))

    @sql_property(Case(When(result="", then=Value(False)), default=Value(True)))
    def is_recorded(self):
        return bool(self.result)


class StocktakeRecord(models.Model):
    """What somebody recorded of a line; never changed. What was counted last is what the line says;
    without a result, it took the one before back."""

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
