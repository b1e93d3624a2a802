"""How many jobs of a farm may be unfinished: of one person half of them, so that nobody can keep
all others from theirs. Backups and restores are counted apart."""

import math
from datetime import timedelta

from django.db.models import Avg, F
from django.utils.translation import gettext as _

from tenants.jobs import kinds
from tenants.jobs.models import Job
from tenants.operations.refusals import TooMany

MAX_UNFINISHED = 20  # jobs of a farm
MAX_OF_MANAGERS = 4  # backups and restores, besides
SAMPLE = 20  # jobs that ended last, by which it is estimated how long one takes
USUAL = timedelta(seconds=5)  # where none has ended yet
MAX_RETRY_SECONDS = 300


class TooManyJobs(TooMany):
    code = "too_many_jobs"
    title = "Too many jobs are waiting"


def require_one(kind, *, by):
    """Raises TooManyJobs where there is no place for one more job of the kind. To be called under
    the lock that jobs are begun under."""
    is_counted = kinds.counted_with(kind)
    unfinished = Job.objects.unfinished().filter(is_counted)
    limit = MAX_OF_MANAGERS if kinds.is_of_managers(kind) else MAX_UNFINISHED
    if by is not None:
        detail = _(
            "%(count)s jobs of %(user)s are not finished, of at most %(limit)s for one person: "
            "try again in %(wait)s s, or cancel one of them."
        )
        _require(unfinished.filter(by=by), limit // 2, detail, user=by.username)
    detail = _(
        "%(count)s jobs are not finished, of at most %(limit)s: "
        "try again in %(wait)s s, or cancel one of them."
    )
    _require(unfinished, limit, detail)


def _require(unfinished, limit, detail, **names):
    if (count := unfinished.count()) >= limit:
        wait = _seconds_until_one_ends(unfinished)
        names |= {"count": count, "limit": limit, "wait": wait}
        raise TooManyJobs(detail % names, count=count, limit=limit, retry_after_seconds=wait)


def _seconds_until_one_ends(unfinished):
    """How long the first of the jobs takes, with those of the farm that are done before it: jobs
    are done one after the other."""
    first = unfinished.order_by("pk").values("pk")[:1]
    turn = Job.objects.unfinished().filter(pk__lte=first).count()
    ended = Job.objects.filter(started_at__isnull=False, finished_at__gt=F("started_at"))
    took = ended.annotate(took=F("finished_at") - F("started_at")).values("took")[:SAMPLE]
    average = took.aggregate(average=Avg("took"))["average"] or USUAL
    return min(max(math.ceil(turn * average.total_seconds()), 1), MAX_RETRY_SECONDS)
