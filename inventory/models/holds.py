"""Holds: spools that are not to be used, and why."""

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce, Upper
from django.utils.translation import gettext as _

from inventory.models.catalogue import Filament
from inventory.models.ledger import InventoryTransaction
from inventory.models.spools import Spool

MAKERS = ("manufacturer", "material_type")


def _received_with(receipts):
    """The ids of spools that came with those of the ``receipts``: in one moment, by one person and
    through one interface."""
    every = InventoryTransaction.objects.filter(kind="receipt").order_by()
    every = every.annotate(who=Coalesce("performed_by_id", 0))
    named = receipts.filter(kind="receipt").order_by()
    named = named.annotate(who=Coalesce("performed_by_id", 0))
    same = {name: OuterRef(name) for name in ("created_at", "source", "who")}
    found = every.filter(created_at__in=named.values("created_at"))
    return found.filter(Exists(named.filter(**same))).values("spool")


class HoldQuerySet(models.QuerySet):
    def open(self):
        return self.filter(released_at=None)

    def with_target(self):
        """With all that the name of what they hold is made of, and who placed them."""
        makers = [f"{path}filament__{name}" for path in ("", "spool__") for name in MAKERS]
        return self.select_related(*makers, "delivery_of", "placed_by", "released_by")

    def of_lot(self, lot_number):
        return self.filter(lot_number__iexact=lot_number.strip()).exclude(lot_number="")

    def covering(self, ids):
        """Those that cover any of the spools with these ids, by themselves or by a double that was
        merged into one. Two queries before the rows are read."""
        family = Spool.objects.filter(Q(pk__in=ids) | Q(merged_into__in=ids)).order_by()
        rows = list(family.values_list("pk", "filament", Upper("lot_number")))
        found = Q(spool__in=[pk for pk, *_others in rows])
        for name in ("filament", "filament__merged_into"):
            found |= Q(**{f"{name}__in": {filament for _pk, filament, _lot in rows}})
        found |= Q(folded_lot__in={lot for *_others, lot in rows} - {""})
        receipts = InventoryTransaction.objects.filter(kind="receipt").order_by()
        own = receipts.filter(spool__in=[pk for pk, *_others in rows])
        for at, source, by in own.values_list("created_at", "source", "performed_by"):
            same = receipts.filter(created_at=at, source=source, performed_by=by)
            found |= Q(delivery_of__in=same.values("spool"))
        return self.alias(folded_lot=Upper("lot_number")).filter(found)

    def of_spool(self, spool):
        """Those that cover the spool, with their targets, oldest first. Three queries."""
        return self.covering([spool.pk]).with_target().order_by("pk")

    def spools(self):
        """The spools that any of these covers, by itself or by a double that was merged into it."""
        lots = self.order_by().exclude(lot_number="").values(lot=Upper("lot_number"))
        receipts = InventoryTransaction.objects.filter(spool__in=self._known("delivery_of"))
        covered = (
            Q(pk__in=self._known("spool"))
            | Q(filament__in=self._known("filament"))
            | Q(filament__in=self._known("filament__merged_into"))
            | Q(folded_lot__in=lots)
            | Q(pk__in=_received_with(receipts))
        )
        spools = Spool.objects.alias(folded_lot=Upper("lot_number"))
        doubles = spools.filter(covered, merged_into__isnull=False).order_by()
        return spools.filter(covered | Q(pk__in=doubles.values("merged_into")))

    def _known(self, path):
        return self.order_by().filter(**{f"{path}__isnull": False}).values(path)


class Hold(models.Model):
    """A reason not to use one spool, all spools of a filament or of a lot, or all that came with
    the spool ``delivery_of``; those that are received later too. Open until it is released.

    A spool that an open hold covers ``is_held``.
    """

    class Target(models.TextChoices):
        SPOOL = "spool"
        FILAMENT = "filament"
        LOT = "lot"
        DELIVERY = "delivery"

    spool = models.ForeignKey(Spool, models.PROTECT, null=True, blank=True, related_name="holds")
    filament = models.ForeignKey(
        Filament, models.PROTECT, null=True, blank=True, related_name="holds"
    )
    lot_number = models.CharField(max_length=100, blank=True)
    delivery_of = models.ForeignKey(
        Spool,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="A spool: all that was received with it.",
    )
    reason = models.CharField(max_length=200)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    placed_at = models.DateTimeField("placed")
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    released_at = models.DateTimeField("released", null=True, blank=True)
    release_note = models.CharField(max_length=200, blank=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="hold_is_of_one_target",
                condition=Q(spool__isnull=False, filament=None, lot_number="", delivery_of=None)
                | Q(spool=None, filament__isnull=False, lot_number="", delivery_of=None)
                | Q(spool=None, filament=None, lot_number="", delivery_of__isnull=False)
                | (Q(spool=None, filament=None, delivery_of=None) & ~Q(lot_number="")),
            ),
            models.CheckConstraint(name="hold_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="hold_released_by_has_date",
                condition=Q(released_at__isnull=False) | Q(released_by=None, release_note=""),
            ),
            models.CheckConstraint(
                name="hold_released_after_placed", condition=Q(released_at__gte=F("placed_at"))
            ),
            *(
                models.UniqueConstraint(
                    name, condition=Q(released_at=None), name=f"hold_open_once_of_{name}"
                )
                for name in ("spool", "filament", "delivery_of")
            ),
            models.UniqueConstraint(
                Upper("lot_number"),
                condition=Q(released_at=None) & ~Q(lot_number=""),
                name="hold_open_once_of_lot",
            ),
        ]

    def __str__(self):
        names = {
            self.Target.SPOOL: _("Spool %(target)s"),
            self.Target.FILAMENT: _("All %(target)s"),
            self.Target.LOT: _("Lot %(target)s"),
            self.Target.DELIVERY: _("What came with spool %(target)s"),
        }
        return names[self.target] % {"target": self._name()}

    @property
    def target(self):
        """Of what it is."""
        if self.spool_id:
            return self.Target.SPOOL
        if self.filament_id:
            return self.Target.FILAMENT
        return self.Target.DELIVERY if self.delivery_of_id else self.Target.LOT

    @property
    def is_open(self):
        return self.released_at is None

    def spools(self):
        """The spools that it covers, whether it is open or not."""
        return Hold.objects.filter(pk=self.pk).spools()

    def _name(self):
        if self.spool_id:
            return self.spool.code
        return self.filament or (self.delivery_of and self.delivery_of.code) or self.lot_number
