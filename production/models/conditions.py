"""What some verbs of a run depend on besides its status, as expressions of the run's row."""

from django.db.models import DateTimeField, DurationField, Exists, F, Func, OuterRef, Q
from django.db.models.functions import Coalesce, Now

from inventory.models import InventoryTransaction, UsageMeter
from production.models.runs import ProductionRun, RunItem, RunMaterial
from tenants.accounts.models import FarmSettings


class Minutes(Func):
    """A farm setting of so many minutes, or its default."""

    template = (
        "(SELECT coalesce(max(%(column)s), %(default)s) * interval '1 minute'"
        " FROM accounts_farmsettings)"
    )
    arity, output_field = 0, DurationField()


class Infinity(Func):
    """A moment after all others."""

    template, arity, output_field = "timestamptz 'infinity'", 0, DateTimeField()


def _setting(column):
    return Minutes(column=column, default=FarmSettings._meta.get_field(column).default)


BEFORE, AFTER = _setting("reports_before_minutes"), _setting("reports_after_minutes")


def reports_to_take():
    """Meters of no run of which the run of the outer query could take over what was reported: in
    its time, by devices of its printer or of several, of spools that it does not name and that no
    other run prints from."""
    lines = RunMaterial.objects.filter(spool=OuterRef("spool"))
    own = lines.filter(run=OuterRef(OuterRef("pk")))
    found = (
        UsageMeter.objects.outside_runs()
        .standing()
        .filter(
            Q(token__printer=None) | Q(token__printer=OuterRef("printer")),
            grams__gt=0,
            started_at__gte=OuterRef("started_at") - BEFORE,
            started_at__lte=Coalesce(OuterRef("finished_at"), Infinity()) + AFTER,
        )
    )
    return found.filter(~Exists(own), ~Exists(lines.drawing())).order_by()


def _of_run(rows, **of):
    return rows.filter(**(of or {"run": OuterRef("pk")})).order_by()


_lines, _items = _of_run(RunMaterial.objects), _of_run(RunItem.objects)
_meters = _of_run(UsageMeter.objects.filter(grams__gt=0), run_material__run=OuterRef("pk"))
_entries = _of_run(InventoryTransaction.objects.not_reversed(), production_run=OuterRef("pk"))
CONDITIONS = {
    "took_nothing": ~Exists(_lines.filter(metered_grams__gt=0)) & ~Exists(_entries),
    "was_not_reported": ~Exists(_meters.filter(last_report_at__gt=OuterRef("started_at"))),
    "has_reports_to_take": (Q(finished_at=None) | Q(finished_at__gte=Now() - AFTER))
    & Q(Exists(reports_to_take())),
    "has_something_missing": ~Exists(_items)
    | Exists(_items.filter(quantity__gt=Coalesce("good_count", 0))),
}


def changes_at():
    """When the clock changes a condition next: a live run has been finished for so long that it
    takes over no reports any more."""
    rows = ProductionRun.objects.live().filter(finished_at__gte=Now() - AFTER)
    return rows.order_by("finished_at", "id").values(at=F("finished_at") + AFTER)[:1]
