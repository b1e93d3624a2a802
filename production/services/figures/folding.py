"""Days of closed runs are summed once, and again after one of their runs was changed.

A step is one transaction, of so many runs at most. First it deletes the marks of its days, then
later statements sum them: what is committed in between has left a mark that stays, and its day is
reckoned by the reports until the next round. One row is locked, which no verb of a run locks.
"""

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from production.models import ExplanationSum, FiguresMark, FoldedDays, ProductionRun, VarianceSum
from production.services.figures import sums
from production.services.reports.folded import DEFINITION
from tenants.accounts.models import FarmSettings

STEPS = 10  # at once in a farm, while others wait
RUNS = 1_000  # of a step, for which a change of the catalogue may have to wait
DAY = timedelta(days=1)
# Whether a farm has something to fold, as `database_role.rows_of_each` asks.
IS_DUE = f"""
SELECT {{name}} WHERE NOT EXISTS (
    SELECT FROM {{schema}}.production_foldeddays folded
    JOIN {{schema}}.accounts_farmsettings settings ON settings.timezone = folded.timezone
    WHERE folded.definition = '{DEFINITION}'
        AND folded.until >= (now() AT TIME ZONE folded.timezone)::date
        AND NOT EXISTS (
            SELECT FROM {{schema}}.production_figuresmark
            WHERE (ended_at AT TIME ZONE folded.timezone)::date < folded.until
        )
)
"""  # nosec B608
_MARKED = """
DELETE FROM production_figuresmark WHERE (ended_at AT TIME ZONE %(timezone)s)::date < %(until)s
    RETURNING (ended_at AT TIME ZONE %(timezone)s)::date
"""


def fold_due():
    """Fold what is due in this farm, as far as a round goes."""
    for _ in range(STEPS):
        if not fold_some():
            break


def fold_some(*, at=None, waits=False):
    """One step; returns whether there may be more to do. Where another job folds, it ``waits`` for
    that, or does nothing."""
    with transaction.atomic():
        folded = _locked(waits=waits)
        if folded is None:
            return False
        zone = FarmSettings.load().timezone
        if (folded.timezone, folded.definition) != (zone, DEFINITION):
            _begin_anew(folded, zone)
            return True
        return _fold_marked(folded) or _fold_further(folded, at or timezone.now())


def forget():
    """Throw away all that is kept in this farm: reports reckon everything until it is folded."""
    with transaction.atomic():
        FoldedDays.objects.select_for_update().update(definition="")


def _locked(*, waits):
    """The one row of what is kept."""
    today = timezone.now().date()
    first = FoldedDays(timezone="", definition="", since=today, until=today)
    FoldedDays.objects.bulk_create([first], ignore_conflicts=True)
    return FoldedDays.objects.select_for_update(skip_locked=not waits).first()


def _begin_anew(folded, zone):
    """Keep nothing, from the first year with a closed run on."""
    for model in (VarianceSum, ExplanationSum):
        model.objects.all()._raw_delete(model.objects.db)
    closed = ProductionRun.objects.live().closed()
    moments = [
        closed.order_by(name, "pk").values_list(name, flat=True).exclude(**{name: None}).first()
        for name in ("finished_at", "created_at")
    ]
    moments = [moment for moment in moments if moment is not None]
    folded.timezone, folded.definition = zone, DEFINITION
    first = min([*moments, timezone.now()])
    folded.since = folded.until = sums.day_of(first, zone).replace(month=1, day=1)
    folded.save()


def _fold_marked(folded):
    """Sum days of a month again that were folded, and of which a run was changed since."""
    marks = FiguresMark.objects.order_by("ended_at", "pk").values_list("ended_at", flat=True)
    first = marks.first()
    day = first and sums.day_of(first, folded.timezone)
    if day is None or day >= folded.until:
        return False
    month = day.replace(day=1)
    until = min(sums.month_after(month), folded.until)
    days = _unmark(folded.timezone, until=until)
    if day < folded.since:
        folded.since = day.replace(month=1, day=1)
        folded.save()
    if not sums.has_days_of(month, folded):
        days = _between(month, until)
    sums.fold(sorted(days), folded)
    return True


def _unmark(zone, *, until):
    params = {"timezone": zone, "until": until}
    with connection.cursor() as cursor:
        cursor.execute(_MARKED, params)
        return {day for (day,) in cursor.fetchall()}


def _fold_further(folded, now):
    """Sum the next days that are over."""
    today = sums.day_of(now, folded.timezone)
    if folded.until >= today:
        return False
    since = folded.until
    folded.until = min(_end_of_step(folded) or today, today)
    folded.save()
    _unmark(folded.timezone, until=folded.until)
    sums.fold(_between(since, folded.until), folded)
    return True


def _between(since, until):
    return [since + each * DAY for each in range((until - since).days)]


def _end_of_step(folded):
    """The day after the last one of a step; None where the rest is one step."""
    runs = ProductionRun.objects.live().between(
        folded.until, None, timezone=folded.timezone, moment="finished_at"
    )
    runs = runs.order_by("finished_at", "pk").values_list("finished_at", flat=True)
    last = next(iter(runs[RUNS : RUNS + 1]), None)
    return last and sums.day_of(last, folded.timezone) + DAY
