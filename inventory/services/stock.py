"""What is in stock: now, and as of any moment. Queries only; a constant number of them.

Lists come as QuerySets with their figures annotated by the database, so that they can be
filtered, ordered and paged like any other. All quantities are net grams.
"""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from django.db.models import (
    Count,
    DecimalField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce, Greatest, NullIf, Round
from django.utils import timezone

from inventory.models import Filament, InventoryTransaction, MaterialType, Spool, SpoolEvent
from inventory.models.spools import AVAILABLE, LIVE
from tenants.accounts.models import FarmSettings
from tenants.operations.compiled import IDS, IsOneOf, compiled
from tenants.operations.quantities import GramsField

USE_DAYS = 30
DAYS = DecimalField(max_digits=14, decimal_places=1)
NOTHING = Value(Decimal(0), output_field=GramsField())


def low_spools():
    """Spools on the shelf that are low by the farm's percentage, or whose filament is to be
    reordered: see ``SpoolQuerySet.low``."""
    return Spool.objects.on_shelf().low(FarmSettings.load().low_stock_percent)


def with_grams_as_of(moment, spools):
    """``spools`` with ``grams_then``: net grams as of ``moment``, null before the receipt."""
    entries = InventoryTransaction.objects.filter(spool=OuterRef("pk")).as_of(moment)
    return spools.annotate(grams_then=Subquery(entries.last_balance()))


def shelf_as_of(moment, spools):
    """``spools`` that were received and not archived as of ``moment``, with ``grams_then``."""
    spools = with_grams_as_of(moment, spools)
    events = SpoolEvent.objects.filter(spool=OuterRef("pk"), at__lte=moment).order_by("-pk")
    moves = events.filter(verb__in=(SpoolEvent.Verb.ARCHIVED, SpoolEvent.Verb.RESTORED))
    spools = spools.filter(grams_then__isnull=False)
    return spools.alias(last_move=Coalesce(Subquery(moves.values("verb")[:1]), Value(""))).exclude(
        last_move=SpoolEvent.Verb.ARCHIVED
    )


def not_counted_since(moment, spools):
    """``spools`` that were neither received nor counted (weighed, emptied, in a stocktake) since
    ``moment``. A count that was reversed is none, nor is one that nobody saw."""
    counts = InventoryTransaction.objects.counted()
    counts = counts.filter(spool=OuterRef("pk"), created_at__gte=moment)
    return spools.filter(~Exists(counts), created_at__lt=moment)


def of_filaments(filaments=None):
    """Filaments (all, unless a QuerySet is given) with what is on the shelf of each.

    Annotated: ``sealed_count`` and ``opened_count`` of spools that hold something;
    ``remaining_grams``, ``reserved_grams``, ``held_grams`` that are left on spools that are held,
    ``available_grams`` without those; ``used_grams`` in the last 30
    days (usage and waste of all its spools, without what was reversed); ``days_left``, what is
    available at that pace (null where nothing was used); ``is_to_reorder``, whether available is
    at the filament's reorder point or below (false where it has none).
    """
    filaments = Filament.objects.present() if filaments is None else filaments
    to_reorder = Q(reorder_point_grams__isnull=False, reorder_point_grams__gte=F("available_grams"))
    return _with_stock(filaments, "filament").annotate(is_to_reorder=to_reorder)


def of_material_types(material_types=None):
    """The same by material type; these have no reorder point. A family counts its members too."""
    material_types = MaterialType.objects.all() if material_types is None else material_types
    return _with_stock(material_types, "filament__material_type")


def available_of_filaments(ids):
    """Available grams on the shelf: ``{filament id: grams}``. One query."""
    ids = sorted(set(ids) - {None})
    return dict(_available_by_filament(filaments=ids)) if ids else {}


def available_of_material_types(ids):
    """The same by material type; a family counts its members too. One query."""
    ids, grams = set(ids) - {None}, defaultdict(Decimal)
    summed = _available_by_material_type(material_types=sorted(ids)) if ids else ()
    for material_type, family, available in summed:
        for pk in ids & {material_type, family}:
            grams[pk] += available
    return dict(grams)


@compiled(filaments=IDS)
def _available_by_filament(filaments):
    rows = Spool.objects.on_shelf().not_held().filter(IsOneOf("filament", filaments)).order_by()
    return rows.values_list("filament").annotate(grams=Sum(AVAILABLE))


@compiled(material_types=IDS)
def _available_by_material_type(material_types):
    kind = "filament__material_type"
    of_types = Q(IsOneOf(kind, material_types)) | Q(IsOneOf(f"{kind}__family", material_types))
    rows = Spool.objects.on_shelf().not_held().filter(of_types).order_by()
    return rows.values_list(kind, f"{kind}__family").annotate(sum=Sum(AVAILABLE))


def sum_of_row(rows, kind, figure):
    """The sum of ``figure``, grams, over those of ``rows`` that are of a row of an outer query.

    ``kind`` is the path to its filament, or to its material type: a family has its members' too.
    """
    return Coalesce(_of_row(rows, kind, Sum(figure)), NOTHING, output_field=GramsField())


def _with_stock(rows, kind):
    shelf = Spool.objects.on_shelf()
    since = timezone.now() - timedelta(days=USE_DAYS)
    used = InventoryTransaction.objects.consumption().since(since)
    used = used.filter(occurred_at__gte=since)  # what was revalued since was used before
    usable = Greatest(F("available_grams"), NOTHING)
    days = usable * Value(Decimal(USE_DAYS)) / NullIf(F("used_grams"), NOTHING)
    return rows.annotate(
        sealed_count=_count(shelf.holding().sealed(), kind),
        opened_count=_count(shelf.holding().opened(), kind),
        remaining_grams=sum_of_row(shelf, kind, LIVE),
        reserved_grams=sum_of_row(shelf, kind, F("reserved_grams")),
        held_grams=sum_of_row(shelf.held(), kind, LIVE),
        available_grams=sum_of_row(shelf.not_held(), kind, AVAILABLE),
        used_grams=sum_of_row(used, f"spool__{kind}", -F("grams")),
    ).annotate(days_left=Round(days, precision=1, output_field=DAYS))


def _count(rows, kind):
    return Coalesce(_of_row(rows, kind, Count("pk")), 0, output_field=IntegerField())


def _of_row(rows, kind, figure):
    if kind.endswith("material_type"):
        row = OuterRef(OuterRef("pk"))
        types = MaterialType.objects.filter(Q(pk=row) | Q(family=row)).order_by().values("pk")
        rows = rows.filter(**{f"{kind}__in": types})
    else:
        rows = rows.filter(**{kind: OuterRef("pk")})
    whole = rows.order_by().annotate(whole=Value(1)).values("whole")
    return Subquery(whole.annotate(figure=figure).values("figure"))
