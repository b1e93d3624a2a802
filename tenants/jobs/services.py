"""Begin and cancel jobs, and delete what is no longer kept of them."""

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _

from tenants.jobs import files, places
from tenants.jobs.models import RETENTION, ROW_RETENTION, Job
from tenants.operations.operation import correlation_id, operation, source
from tenants.operations.refusals import Refusal

FINISHED_WELL = (*Job.UNFINISHED, Job.Status.DONE)
# Newest first: what goes beyond the quota is what is last.
DROP = """
    WITH summed AS (
        SELECT id, sum(result_bytes) OVER (ORDER BY id DESC) AS total FROM jobs_job
        WHERE result_bytes IS NOT NULL
    ), dropped AS (
        UPDATE jobs_job SET result_bytes = NULL FROM summed
        WHERE jobs_job.id = summed.id AND summed.total > %s RETURNING jobs_job.id
    )
    DELETE FROM jobs_jobfileblock USING dropped WHERE job_id = dropped.id
"""


class JobEnded(Refusal):
    code = "job_ended"
    title = "This job has ended"


@operation("job.start")
def start(kind, *, by, title, arguments, permission="", content=None, total=None, instead_of=()):
    """Let a job of the kind be done soon; returns it.

    All in the caller's transaction: without it there is no job. The caller has checked the
    ``permission``, which is checked again when it is done. ``content`` is the file (bytes) that
    it reads. An equal job of this person, with the same token, whose status is among
    ``instead_of`` is returned rather than another one begun. Raises TooManyJobs.
    """
    lock()
    of = {"kind": kind, "by": by, "token": by and by.token, "arguments": arguments}
    if (found := Job.objects.filter(**of, status__in=instead_of).first()) is not None:
        return found
    places.require_one(kind, by=by)
    job = Job.objects.create(
        **of,
        title=title,
        permission=permission,
        source=source.get(),
        correlation_id=correlation_id.get(),
        total=total,
    )
    if content is not None:
        files.write(job, [content], is_result=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT farms.queue_job(%s, %s)", [connection.schema_name, job.pk])
    return job


@operation("job.cancel")
def cancel(job, *, by):
    """End a job that is not finished; of one that runs, everything is rolled back. Returns it.

    Raises JobEnded.
    """
    now = timezone.now()
    values = {"status": Job.Status.CANCELLED, "finished_at": now}
    is_cancelled = Job.objects.unfinished().filter(pk=job.pk).update(**values)
    fresh = Job.objects.get(pk=job.pk)
    if not is_cancelled:
        moment = timezone.localtime(fresh.finished_at)
        detail = _("It ended on %(date)s at %(time)s as %(status)s, and can’t be cancelled.")
        names = {"date": date_format(moment), "time": time_format(moment), "status": fresh.status}
        raise JobEnded(detail % names, job_status=fresh.status)
    files.delete(fresh)
    return fresh


def forget_old(now):
    """Delete files a day after their job has ended, and jobs a month after."""
    Job.objects.filter(finished_at__lt=now - ROW_RETENTION).delete()
    old = Job.objects.filter(finished_at__lt=now - RETENTION)
    files.delete_of(old)
    old.exclude(result_bytes=None).update(result_bytes=None)
    if settings.MAX_JOB_RESULT_BYTES:
        with connection.cursor() as cursor:
            cursor.execute(DROP, [settings.MAX_JOB_RESULT_BYTES])


def lock():
    """One is begun after the other, so that none is begun twice, and all are counted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('job.start'), hashtext(current_schema()))"
        )
