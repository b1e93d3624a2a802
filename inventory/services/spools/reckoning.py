"""What is on a reel that is in the book twice.

What was on it was stated last by one of the two spools: by a weighing, or on a receipt of a used
one. From what that spool has, what the other gave since is taken. Where neither was stated, the
other's whole use is taken from the spool that is kept.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from inventory.models import InventoryTransaction, Spool
from inventory.models.ledger import OPENING, SETTLED, USED_BEFORE
from inventory.services.spools.stating import RESTATED
from tenants.operations.text import format_moment, format_number

ZERO = Decimal(0)
Kind = InventoryTransaction.Kind
STATED = Q(is_counted=True) | Q(kind=Kind.ADJUSTMENT, reason__in=(OPENING, USED_BEFORE))


@dataclass(frozen=True, kw_only=True)
class Reckoning:
    """``basis`` is the spool whose balance, ``had_grams``, counts since ``stated`` (an entry of it,
    or None), ``taken_grams`` what the ``other`` gave since."""

    basis: Spool
    other: Spool
    stated: InventoryTransaction | None
    had_grams: Decimal
    taken_grams: Decimal

    @property
    def left_grams(self):
        return max(self.had_grams - self.taken_grams, ZERO)

    @property
    def missing_grams(self):
        """What the two gave beyond what the reel had by the book."""
        return max(self.taken_grams - self.had_grams, ZERO)

    def __str__(self):
        figures = {
            "basis": self.basis.code,
            "other": self.other.code,
            "had": format_number(self.had_grams),
            "taken": format_number(self.taken_grams),
            "left": format_number(self.left_grams),
        }
        if self.stated is None:
            text = _(
                "Neither was weighed: %(left)s g are left, the %(had)s g of spool %(basis)s less "
                "%(taken)s g that spool %(other)s gave."
            )
        else:
            figures["moment"] = format_moment(self.stated.created_at)
            text = _(
                "Spool %(basis)s was weighed or stated last, %(moment)s: %(left)s g are left, its "
                "%(had)s g less %(taken)s g that spool %(other)s gave since."
            )
        if self.missing_grams:
            figures["missing"] = format_number(self.missing_grams)
            text += _(" It is to be weighed: by the book it had %(missing)s g too little.")
        return text % figures


def of(target, double):
    """The Reckoning of two locked spools."""
    stated = InventoryTransaction.objects.not_reversed().filter(STATED)
    last = stated.filter(spool__in=(target, double)).order_by("-pk").first()
    basis, other = target, double
    if last is not None and last.spool_id == double.pk:
        basis, other = double, target
    return Reckoning(
        basis=basis,
        other=other,
        stated=last,
        had_grams=basis.remaining_grams,
        taken_grams=_given(other, last),
    )


def _given(spool, since):
    """Grams that the spool gave after an entry, or altogether."""
    entries = InventoryTransaction.objects.filter(spool=spool)
    if since is not None:
        entries = entries.filter(pk__gt=since.pk)
    entries = entries.annotate(
        of_kind=Coalesce("reverses__kind", "kind"),
        stated_reason=Coalesce("reverses__reason", "reason"),
    )
    entries = entries.exclude(of_kind=Kind.RECEIPT).exclude(stated_reason__in=(SETTLED, RESTATED))
    return -(entries.order_by().aggregate(grams=Sum("grams"))["grams"] or ZERO)
