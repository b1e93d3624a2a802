"""Stocktakes are begun and cancelled; what they expect is what the book says then."""

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.models import Spool, Stocktake, StocktakeLine
from inventory.models.stocktaking import RATE_NOW
from inventory.services import clock
from inventory.services.locking import locked as locked_spools
from tenants.operations.bulk import bulk_insert
from tenants.operations.operation import operation
from tenants.operations.quantities import CostPerGramField
from tenants.operations.refusals import Invalid, Refusal
from tenants.operations.text import format_moment

MOST_PER_GRAM = 10 ** (CostPerGramField.digits - CostPerGramField.places)
Scope, Status = Stocktake.Scope, Stocktake.Status


class StocktakeClosed(Refusal):
    code = "stocktake_closed"
    title = "This stocktake is not open"


class InAnotherStocktake(Refusal):
    code = "in_another_stocktake"
    title = "Another open stocktake has spools of this one"


@operation("stocktake.begin")
def begin(*, by, location=None, printer=None, no_place=False, confirm=False, at=None):
    """Begin to count the spools at a Location, in the slots of a Printer, or those at no place; by
    default all of the farm. Returns the Stocktake, whose lines are what the book says.

    ``confirm`` begins it though spools of it are in another open one. Raises Invalid,
    InAnotherStocktake, ClockWrong.
    """
    scope, place, expected = _expected(location, printer, no_place)
    spools = locked_spools(expected.values_list("pk", flat=True))
    if not confirm:
        _require_in_no_other(spools)
    stocktake = Stocktake.objects.create(
        scope=scope,
        place=place,
        location=location,
        begun_by=by,
        begun_at=at or clock.now(),
    )
    places = places_of(spools)
    bulk_insert([new_line(stocktake, spool, places[spool.pk]) for spool in spools.values()])
    return stocktake


@operation("stocktake.cancel")
def cancel(stocktake, *, by, at=None):
    """Close a stocktake without posting anything; returns it. What was recorded stays readable.
    Raises StocktakeClosed."""
    stocktake = locked(stocktake)
    return close(stocktake, Status.CANCELLED, by=by, at=at or clock.now())


def close(stocktake, status, *, by, at, **fields):
    if status != Status.OPEN:
        _keep_rates(stocktake)
    fields |= {"status": status, "closed_by": by, "closed_at": at}
    for name, value in fields.items():
        setattr(stocktake, name, value)
    stocktake.save(update_fields=[*fields])
    return stocktake


def _keep_rates(stocktake):
    """Write what a gram of each spool costs now, which may change once it is closed."""
    lines = StocktakeLine.objects.filter(pk=OuterRef("pk")).alias(now=RATE_NOW)
    known = lines.filter(now__lt=MOST_PER_GRAM).values_list(RATE_NOW)
    stocktake.lines.update(cost_per_gram=Subquery(known))


def locked(stocktake, status=Status.OPEN):
    """The stocktake, locked before its spools and read again. Raises StocktakeClosed."""
    rows = Stocktake.objects.select_related("location").order_by("pk")
    fresh = rows.select_for_update(no_key=True, of=("self",)).get(pk=stocktake.pk)
    if fresh.status != status:
        message = _("Stocktake %(stocktake)s is %(status)s%(since)s: it has to be %(needed)s.")
        since = f", {format_moment(fresh.closed_at)}" if fresh.closed_at else ""
        figures = {"stocktake": fresh.pk, "status": fresh.get_status_display().lower()}
        figures |= {"since": since, "needed": Status(status).label.lower()}
        raise StocktakeClosed(message % figures, stocktake_id=fresh.pk)
    return fresh


def new_line(stocktake, spool, place, *, is_expected=True):
    return StocktakeLine(
        stocktake=stocktake,
        spool=spool,
        place=place,
        is_expected=is_expected,
        expected_grams=spool.live_grams,
    )


def places_of(spools):
    """``{spool id: the name of its place by the book}``: of its printer, else of its location;
    "" where it has none."""
    rows = Spool.objects.filter(pk__in=spools).values_list(
        "pk", "printer_slot__printer__name", "location__name"
    )
    return {pk: printer or location or "" for pk, printer, location in rows}


def _expected(location, printer, no_place):
    if (location is not None) + (printer is not None) + bool(no_place) > 1:
        raise Invalid(
            _("A stocktake is of one place: a location, a printer, or no place."),
            errors={"printer": [_("Only one of these.")]},
        )
    spools = Spool.objects.present().on_shelf().order_by("pk")
    if printer is not None:
        return Scope.PRINTER, printer.name, spools.filter(printer_slot__printer=printer)
    if location is not None:
        found = spools.filter(location=location, printer_slot=None)
        return Scope.LOCATION, location.name, found
    if no_place:
        return Scope.NO_PLACE, "", spools.filter(location=None, printer_slot=None)
    return Scope.FARM, "", spools


def _require_in_no_other(spools):
    lines = StocktakeLine.objects.filter(stocktake__status=Status.OPEN, spool__in=spools)
    lines = lines.select_related("stocktake").order_by("stocktake", "pk")
    if not (others := list(lines)):
        return
    message = ngettext(
        "%(count)s of these spools is in stocktake %(stocktake)s, which is open. Go on with that "
        "one, or confirm to count in both.",
        "%(count)s of these spools are in stocktake %(stocktake)s, which is open. Go on with that "
        "one, or confirm to count in both.",
        len(others),
    )
    names = dict.fromkeys(str(line.stocktake) for line in others)
    figures = {"count": len(others), "stocktake": ", ".join(names)}
    ids = dict.fromkeys(line.stocktake_id for line in others)
    raise InAnotherStocktake(message % figures, stocktake_ids=[*ids], spool_count=len(others))
