"""The ledger: append-only entries, each a signed change of grams on one spool."""

from django.conf import settings
from django.db import models
from django.db.models import Max, Min, Q

from inventory import codes
from inventory.models.spool_words import HasCode
from inventory.models.spools import HoldingSpoolQuerySet, Spool
from tenants.operations.either_way import is_one_of
from tenants.operations.quantities import CostPerGramField, GramsField, MoneyField
from tenants.operations.searching import HasWord, all_parts
from tenants.operations.text import format_number

CONSUMPTION = ("usage", "waste")  # the kinds
COMPENSATED = "compensated"  # the reason of a count without a weighing: see `counts`
CLOCK_CORRECTED = "clock_corrected"  # the same: it may be dated before the entry it follows
SETTLED = "settled"  # of a count that an entry beyond the book had first
DEVICE = "device"  # the source of what devices reported
OPENING = "opening"  # of an adjustment: what was used of a spool that a client describes
USED_BEFORE = "used before"  # the same of a spool that was received so
REVALUED = "revalued"  # the reason of a reversal, and of the entry again, at another price

LEDGER_WORDS = "words_of(reason || ' ' || left(note, 1000))"

# Nobody saw it: it stands only with the use that it settled, as `settling` has it.
SETTLED_FOR_DEVICE = Q(kind="count", reason=SETTLED, source=DEVICE)


class InventoryTransactionQuerySet(HoldingSpoolQuerySet):
    def matching(self, word):
        """With all parts of the word at the beginning of words of their reason or note, of the run
        of that number, or of a spool as it is found by its code."""
        runs = self.model._meta.get_field("production_run").related_model.objects
        related = {"production_run": runs.by_number(word)}
        if code := codes.part(word):
            related["spool"] = Spool.objects.filter(HasCode(code))
        of_others = is_one_of(self.model.objects.all(), **related)
        return self.filter(of_others | all_parts(word, self.having))

    def having(self, part):
        explained = HasWord(LEDGER_WORDS, part) & ~Q(reason="", note="")
        return is_one_of(self.model.objects.all(), explained)

    def of_run(self, run):
        return self.filter(production_run=run)

    def not_reversed(self):
        """Entries that still stand: neither reversals nor reversed."""
        return self.filter(reverses__isnull=True, reversed_by__isnull=True)

    def not_metered(self):
        """Without what devices reported: it goes on beside whatever people do."""
        return self.filter(meters__isnull=True).exclude(SETTLED_FOR_DEVICE)

    def consumption(self):
        """Standing entries that took filament: usage and waste, net of what was reversed."""
        return self.not_reversed().filter(kind__in=CONSUMPTION)

    def dates_of_use(self, spools):
        """``{spool id: (first, last)}``: when the spools were used, as far as it stands."""
        uses = self.consumption().filter(spool__in=spools).order_by().values("spool")
        dates = uses.values_list("spool", Min("occurred_at"), Max("occurred_at"))
        return {spool: (first, last) for spool, first, last in dates}

    def counts(self):
        """Standing entries of what was seen on a spool: not those that only keep the balance
        of an earlier count while a run is corrected, or let a device use more than there was."""
        return (
            self.not_reversed()
            .filter(kind="count")
            .exclude(reason__in=(COMPENSATED, CLOCK_CORRECTED))
            .exclude(SETTLED_FOR_DEVICE)
        )

    def counted(self):
        """Standing entries after which it was seen what is on the spool: counts, and what was taken
        by a weight."""
        return self.not_reversed().filter(is_counted=True)

    def since(self, moment):
        """Posted at ``moment`` or later; spools that rested since then are not looked at."""
        return self.filter(created_at__gte=moment, spool__last_entry_at__gte=moment)

    def as_of(self, moment):
        return self.filter(created_at__lte=moment)

    def last_balance(self):
        """The balance after the newest entry, as one value: what the spool then held."""
        return self.order_by("-pk").values("balance_grams")[:1]

    def with_references(self):
        return self.select_related("spool__filament", "production_run", "performed_by")


class InventoryTransaction(models.Model):
    """A ledger entry. Written by ``inventory.services.ledger`` alone; the database refuses
    UPDATE, DELETE and TRUNCATE."""

    class Kind(models.TextChoices):
        RECEIPT = "receipt"
        USAGE = "usage"
        WASTE = "waste"
        RETURN = "return"  # to the supplier
        ADJUSTMENT = "adjustment"
        COUNT = "count"
        REVERSAL = "reversal"

    class Source(models.TextChoices):
        API = "api"
        ADMIN = "admin"
        FLOOR = "floor"
        DEVICE = "device"
        IMPORT = "import"
        SYSTEM = "system"

    spool = models.ForeignKey(Spool, models.PROTECT, related_name="transactions", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    grams = GramsField(help_text="Signed: what came in is positive.")
    balance_grams = GramsField(help_text="On the spool after this entry.")
    is_counted = models.BooleanField(
        default=False, help_text="Its balance was seen: counted, or weighed after a use."
    )
    cost_per_gram = CostPerGramField(null=True)
    credit = MoneyField(
        null=True,
        help_text="Of a return: what the supplier credits, null where that is not known. A "
        "reversal of it takes that back.",
    )
    production_run = models.ForeignKey(
        "production.ProductionRun",
        models.PROTECT,
        null=True,
        related_name="transactions",
        db_index=False,
    )
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversed_by")
    reason = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)
    source = models.CharField(max_length=6, choices=Source, default=Source.SYSTEM)
    performed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    performed_by_name = models.CharField(
        max_length=150, blank=True, help_text="As they were called then."
    )
    occurred_at = models.DateTimeField(help_text="When people say it happened; informational.")
    created_at = models.DateTimeField()

    objects = InventoryTransactionQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["spool", "id"], name="ledger_by_spool"),
            models.Index(fields=["production_run"], name="ledger_by_run"),
            # The first and the last moment, and what lies between two: of lists and reports.
            models.Index(fields=["created_at", "id"], name="ledger_by_time"),
            # Each page of the floor reads what its person posted lately.
            models.Index(fields=["performed_by", "created_at"], name="ledger_by_person"),
            # Most entries are uses, which are found among any of them.
            models.Index(fields=["kind", "id"], condition=~Q(kind="usage"), name="ledger_by_kind"),
            models.Index(fields=["source", "id"], name="ledger_by_source"),
            models.Index(fields=["occurred_at", "id"], name="ledger_by_occurrence"),
            models.Index(fields=["grams", "id"], name="ledger_by_grams"),
        ]
        constraints = [
            models.CheckConstraint(
                name="ledger_grams_fit_kind",
                condition=Q(kind="count")
                | Q(kind="receipt", grams__gt=0)
                | Q(kind__in=["usage", "waste", "return"], grams__lt=0)
                | (Q(kind__in=["adjustment", "reversal"]) & ~Q(grams=0)),
            ),
            models.CheckConstraint(
                name="ledger_reversal_names_its_entry",
                condition=Q(kind="reversal", reverses__isnull=False)
                | (~Q(kind="reversal") & Q(reverses__isnull=True)),
            ),
            models.CheckConstraint(
                name="ledger_credit_is_of_return",
                condition=Q(credit=None)
                | Q(kind="return", credit__gte=0)
                | Q(kind="reversal", credit__lte=0),
            ),
            models.CheckConstraint(
                name="ledger_balance_not_negative", condition=Q(balance_grams__gte=0)
            ),
        ]

    def __str__(self):
        return f"{self.kind} {format_number(self.grams)} g"

    @property
    def settles_for_device(self):
        """As `SETTLED_FOR_DEVICE`."""
        return (self.kind, self.reason, self.source) == ("count", SETTLED, DEVICE)
