"""Spools and their events."""

from decimal import Decimal
from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, Greatest, Lower, Round, Upper

from inventory import codes, uids
from inventory.models.catalogue import Filament, PresentQuerySet
from inventory.models.fields import NumberedRow, number_field
from inventory.models.spool_words import SPOOL_WORDS, HasCode
from tenants.operations.compiled import IsOneOf
from tenants.operations.quantities import (
    CostPerGramField,
    GramsField,
    MoneyField,
    ReportedGramsField,
)
from tenants.operations.searching import HasWord, all_parts, as_day
from tenants.operations.sql_property import sql_property
from tenants.operations.text import half_up

HUNDRED = Decimal(100)
# What is on a spool now: by the book, less what its open meters took since; to a microgram, as all
# grams but those that devices report.
LIVE = Greatest(
    Round(F("remaining_grams") - F("metered_grams"), precision=GramsField.places),
    Decimal(0),
    output_field=GramsField(),
)
AVAILABLE = LIVE - F("reserved_grams")


class LocationQuerySet(models.QuerySet):
    def likely_for(self, spool):
        """Where the spool may go, most likely first: where it was, then where others of its
        filament are, then by name."""
        same = Spool.objects.on_shelf().filter(filament=spool.filament_id, location=OuterRef("pk"))
        is_own = Q(pk=spool.location_id) if spool.location_id else Q(pk=None)
        rows = self.annotate(is_own=is_own, has_same=Exists(same))
        return rows.order_by("-is_own", "-has_same", "name", "pk")


class Location(models.Model):
    name = models.CharField(max_length=100)
    comment = models.TextField(blank=True)

    objects = LocationQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(Lower("name"), name="location_name_unique")]

    def __str__(self):
        return self.name


class HoldingSpoolQuerySet(models.QuerySet):
    """Rows that name a spool: entries of the ledger, materials of runs, slots of printers."""

    WITH_SPOOL = ("spool__filament__manufacturer", "spool__filament__material_type")

    def with_spool(self):
        """With all that the name of the spool's filament is made of."""
        return self.select_related(*self.WITH_SPOOL)


class SpoolQuerySet(PresentQuerySet):
    def with_filament(self):
        return self.select_related("filament__manufacturer", "filament__material_type", "location")

    def of_material(self, filament_id, material_type_id):
        """Of the filament; where that is None, of the material type or one of its family."""
        if filament_id:
            return self.filter(filament=filament_id)
        of_family = Q(filament__material_type__family=material_type_id)
        return self.filter(Q(filament__material_type=material_type_id) | of_family)

    def on_shelf(self):
        return self.filter(archived_at__isnull=True)

    def held(self):
        """Those that an open hold covers."""
        return self.filter(is_held=True)

    def not_held(self):
        return self.filter(is_held=False)

    def archived(self):
        return self.filter(archived_at__isnull=False)

    def with_available(self):
        return self.annotate(available=AVAILABLE)

    def labelled(self, code):
        """The spool whose label carries ``code``, now or before it was relabelled; of a double, the
        one it was merged into."""
        code = codes.normalise(code)
        former = SpoolEvent.objects.filter(verb=SpoolEvent.Verb.RELABELLED, before=code)
        own = self.model.objects.filter(code=code).order_by()
        ids = own.values("pk").union(former.order_by().values("spool"), all=True)
        doubles = self.model.objects.filter(IsOneOf("pk", ArraySubquery(ids))).order_by()
        ids = ids.union(doubles.values("merged_into"), all=True)
        return self.filter(IsOneOf("pk", ArraySubquery(ids)), merged_into=None)

    def numbered(self, number):
        """The spool of this number; of a double, the one it was merged into."""
        doubles = self.model.objects.filter(number=number, merged_into__isnull=False)
        return self.present().filter(Q(number=number) | Q(pk__in=doubles.values("merged_into")))

    def tagged(self, uid):
        """The spool that a tag of this UID is on."""
        return self.present().filter(tags__uid=uids.normalise(uid))

    def taken_codes(self, codes):
        """Those of the ``codes`` that spools have, or had before they were relabelled."""
        former = SpoolEvent.objects.filter(verb=SpoolEvent.Verb.RELABELLED, before__in=codes)
        current = self.filter(code__in=codes).values_list("code", flat=True)
        return {*current, *former.values_list("before", flat=True)}

    def matching(self, word):
        """With the word in their lot or supplier, at the start of their code or as a printed group
        of it, or of a filament that matches it; of a day, those received on it."""
        found = Q(lot_number__icontains=word) | Q(supplier__icontains=word)
        found |= Q(filament__in=Filament.objects.matching(word))
        if code := codes.part(word):
            found |= Q(pk__in=self.coded(code))
        if day := as_day(word):
            found |= Q(received_on=day)
        return self.filter(found | all_parts(word, self.having))

    def coded(self, code):
        """The ids of those whose code starts with ``code``, or has it as a printed group."""
        return self.model.objects.filter(HasCode(code)).order_by().values("pk")

    def having(self, part):
        """The condition of those with a word that begins with ``part``, as the search of the farm
        finds them."""
        own = self.model.objects.filter(HasWord(SPOOL_WORDS, part))
        places = Location.objects.filter(HasWord("words_of(name)", part))
        filaments = Filament.objects.filter(Filament.objects.having(part))
        found = Q(pk__in=own.order_by().values("pk"))
        found |= Q(location__in=places.order_by().values("pk"))
        found |= Q(filament__in=filaments.order_by().values("pk"))
        if code := codes.part(part):
            found |= Q(pk__in=self.coded(code))
        return found

    def with_live(self):
        return self.annotate(live=LIVE)

    def holding(self):
        """With something left."""
        return self.filter(remaining_grams__gt=F("metered_grams"))

    def sealed(self):
        """Neither opened nor used yet."""
        return self.filter(opened_at__isnull=True, first_used_at__isnull=True)

    def opened(self):
        """Opened, or used without a note that they were opened."""
        return self.filter(Q(opened_at__isnull=False) | Q(first_used_at__isnull=False))

    def low(self, percent):
        """Low in stock: at most ``percent`` of the initial grams are left on the spool
        (``is_low_itself``), or what is available of its filament on the whole shelf is at most
        the filament's reorder point (``is_to_reorder``)."""
        return (
            self.alias(live=LIVE)
            .annotate(
                is_low_itself=Q(live__lte=F("initial_grams") * percent / HUNDRED),
                is_to_reorder=Q(filament__reorder_point_grams__isnull=False)
                & Q(filament__reorder_point_grams__gte=self._available_of_filament()),
            )
            .filter(Q(is_low_itself=True) | Q(is_to_reorder=True))
        )

    def _available_of_filament(self):
        shelf = self.model.objects.on_shelf().not_held()
        same = shelf.filter(filament=OuterRef("filament")).order_by()
        summed = same.values("filament").annotate(grams=Sum(AVAILABLE)).values("grams")
        return Coalesce(Subquery(summed), Decimal(0), output_field=GramsField())


class Spool(NumberedRow):
    """One physical reel of a filament. Balances are written by the ledger alone.

    ``metered_grams`` are those of its open meters, not in the ledger yet. ``excess_grams`` were
    reported by devices beyond what was on it by the book. ``is_initial_assumed``: what was on it
    when it was full is not known.
    """

    number = number_field("inventory_spool")
    code = models.CharField(max_length=9, default=codes.generate, editable=False)
    filament = models.ForeignKey(Filament, models.PROTECT, related_name="spools")
    initial_grams = GramsField(help_text="Net, as received.")
    tare_grams = GramsField(
        "empty reel, g", null=True, blank=True, help_text="This empty reel, when weighed."
    )
    remaining_grams = GramsField(default=0, editable=False)
    reserved_grams = GramsField(default=0, editable=False)
    metered_grams = ReportedGramsField(default=0, editable=False)
    excess_grams = GramsField(default=0, editable=False)
    is_initial_assumed = models.BooleanField(default=False, editable=False)
    lot_number = models.CharField(max_length=100, blank=True)
    price = MoneyField(null=True, blank=True, help_text="Of this spool, net of VAT.")
    late_cost_per_gram = CostPerGramField(
        null=True,
        editable=False,
        help_text="What entries posted before the price was known cost; set once.",
    )
    supplier = models.CharField(max_length=100, blank=True)
    received_on = models.DateField()
    opened_at = models.DateTimeField(null=True, blank=True)
    dried_at = models.DateTimeField(null=True, blank=True)
    first_used_at = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    has_given_use_dates = models.BooleanField(
        default=False,
        editable=False,
        help_text="A client set when it was used first and last: entries don’t tell.",
    )
    last_entry_at = models.DateTimeField(null=True, editable=False)
    location = models.ForeignKey(
        Location, models.PROTECT, null=True, blank=True, related_name="spools"
    )
    needs_weighing = models.BooleanField(default=False)
    is_held = models.BooleanField(
        default=False, editable=False, help_text="An open hold covers it; see its holds."
    )
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, editable=False, related_name="doubles",
        help_text="The spool that this one turned out to be.",
    )  # fmt: skip
    archived_at = models.DateTimeField(null=True, editable=False)
    comment = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    # Text that is set on receipt, or by a table, and may be changed later.
    DETAILS = ("lot_number", "supplier")

    announced_as = "spool"

    objects = SpoolQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint("code", name="spool_code_unique"),
            models.UniqueConstraint("number", name="spool_number_unique"),
            models.CheckConstraint(condition=Q(initial_grams__gt=0), name="spool_initial_positive"),
            models.CheckConstraint(
                condition=Q(remaining_grams__gte=0), name="spool_remaining_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(reserved_grams__gte=0), name="spool_reserved_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(metered_grams__gte=0, excess_grams__gte=0),
                name="spool_metered_and_excess_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(removed_at=None) | Q(archived_at__isnull=False),
                name="spool_removed_is_archived",
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | Q(removed_at__isnull=False, remaining_grams=0),
                name="spool_merged_is_empty",
            ),
            models.CheckConstraint(condition=Q(tare_grams__gte=0), name="spool_tare_not_negative"),
            models.CheckConstraint(condition=Q(price__gte=0), name="spool_price_not_negative"),
        ]
        indexes = [
            # Spools of years ago are never looked at to know what is on the shelf.
            models.Index(
                fields=["filament"], condition=Q(archived_at__isnull=True), name="spool_on_shelf"
            ),
            models.Index(Upper("lot_number"), name="spool_by_lot"),  # it is read in any case
        ]

    def __str__(self):
        return f"{self.code} {self.filament}"

    @sql_property(LIVE)
    def live_grams(self):
        """What is on it now: by the book, less what its open meters took since."""
        return max(
            half_up(self.remaining_grams - self.metered_grams, GramsField.places), Decimal(0)
        )

    @property
    def used_grams(self):
        """What was taken of its initial grams, and beyond them."""
        taken = self.initial_grams - self.remaining_grams + self.metered_grams
        return max(taken + self.excess_grams, Decimal(0))

    @sql_property(AVAILABLE)
    def available_grams(self):
        """What is on it minus reserved; negative when a count or a long print took what is
        reserved."""
        return self.live_grams - self.reserved_grams

    @property
    def is_sealed(self):
        return self.opened_at is None and self.first_used_at is None

    @sql_property(Q(archived_at__isnull=False))
    def is_archived(self):
        return self.archived_at is not None

    def cost_per_gram(self):
        """Money per gram: price / initial grams, else the filament's, else None (unknown)."""
        if self.price is not None and self.initial_grams:
            return self.price / self.initial_grams
        return self.filament.cost_per_gram

    def tare(self):
        """Grams of the empty reel: the spool's, else the filament's, else the maker's, or None."""
        maker = self.filament.manufacturer
        known = (self.tare_grams, self.filament.tare_grams, maker and maker.empty_spool_grams)
        return next((grams for grams in known if grams is not None), None)


class SpoolEvent(models.Model):
    """Something that happened to a spool and moved no grams; never changed.

    ``before`` and ``after`` are for people; programs go by ``slot``, ``group`` and ``undoes``.
    """

    class Verb(models.TextChoices):
        MOVED = "moved"
        LOADED = "loaded"
        UNLOADED = "unloaded"
        OPENED = "opened"
        DRIED = "dried"
        RELABELLED = "relabelled"
        ARCHIVED = "archived"
        RESTORED = "restored"
        WEIGHED = "weighed"  # and needs it no more
        RETYPED = "retyped"  # of another filament than was said
        REMOVED = "removed"
        UNREMOVED = "unremoved"
        TAGGED = "tagged"
        UNTAGGED = "untagged"
        MERGED = "merged"  # with a double of it, or into the spool that it is
        UNMERGED = "unmerged"
        HELD = "held"  # and why
        RELEASED = "released"

    spool = models.ForeignKey(Spool, models.PROTECT, related_name="events")
    verb = models.CharField(max_length=12, choices=Verb)
    before = models.CharField(max_length=200, blank=True)
    after = models.CharField(max_length=200, blank=True)
    # Of a load and an unload. No constraint: events are never changed, and outlive the slot.
    slot = models.ForeignKey(
        "production.PrinterSlot", models.DO_NOTHING, null=True, editable=False, related_name="+",
        db_constraint=False,
    )  # fmt: skip
    group = models.UUIDField(
        default=uuid4,
        editable=False,
        db_index=True,
        help_text="Shared by the events of one action.",
    )
    undoes = models.ForeignKey(
        "self", models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["spool", "pk"]
        indexes = [
            # Each page of the floor reads what its person did lately.
            models.Index(fields=["by", "at"], name="spool_event_by_person"),
            models.Index(fields=["verb", "id"], name="spool_event_by_verb"),
            models.Index(
                fields=["before"], condition=Q(verb="relabelled"), name="spool_event_by_former_code"
            ),
        ]

    def __str__(self):
        return f"{self.spool_id} {self.verb}"
