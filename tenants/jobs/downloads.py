"""The result of a job as the answer to a request."""

from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from tenants.jobs import files
from tenants.jobs.models import Job
from tenants.operations.refusals import Refusal

RETRY_SECONDS = 2


class JobUnfinished(Refusal):
    code = "job_unfinished"
    title = "This job is not finished: ask again in a moment"


class JobHasNoResult(Refusal):
    code = "job_has_no_result"
    title = "This job has no result"


class ResultDropped(Refusal):
    code = "result_dropped"
    status = 410
    title = "The result of this job is no longer kept"


def file_answer(job):
    """The file. Raises JobUnfinished, JobHasNoResult, ResultDropped."""
    if not job.is_finished:
        figures = {"job_status": job.status, "done": job.done, "total": job.total}
        raise JobUnfinished(retry_after_seconds=RETRY_SECONDS, **figures)
    if job.status != Job.Status.DONE:
        detail = _("It has ended as %(status)s. %(reason)s")
        reason = (job.problem or {}).get("detail", "")
        names = {"status": job.status, "reason": reason}
        raise JobHasNoResult((detail % names).strip(), job_status=job.status)
    if not job.result_type:
        raise JobHasNoResult(_("Its file is not kept with the jobs."), job_status=job.status)
    if job.result_bytes is None:
        raise ResultDropped(_("It was kept for a day, or gave way to newer ones: begin it again."))
    headers = {"Content-Disposition": f'attachment; filename="{job.result_name}"'}
    blocks = files.read(job, is_result=True)
    return StreamingHttpResponse(blocks, content_type=job.result_type, headers=headers)
