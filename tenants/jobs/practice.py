"""The practice farm of a farm, made as a job for one of its managers."""

from django.db import connection
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.accounts.audited import audit
from tenants.accounts.services import new_user
from tenants.farms import practice
from tenants.farms.practice import PracticeFarmExists
from tenants.jobs import services
from tenants.jobs.kinds import Result
from tenants.jobs.models import Job

KIND, LABEL = "practice", gettext_lazy("Practice farm")
LOOKED_AT = 10  # jobs
PERMISSION = "accounts.change_farmsettings"


def latest():
    """The job that made the one that is there, else the last that tried to; None where nobody has
    asked."""
    jobs = list(Job.objects.filter(kind=KIND).select_related("by").order_by("-pk")[:LOOKED_AT])
    return next(filter(is_there, jobs), jobs[0] if jobs else None)


def is_there(job):
    """Whether the practice farm that a job has made has not ended."""
    return job.status == Job.Status.DONE and ends_at(job) > timezone.now()


def ends_at(job):
    return parse_datetime(job.arguments["ends_at"])


def start(*, by, password):
    """Begin to make the practice farm; ``password`` is for ``by`` to sign in there.

    To be called in a transaction. Raises WeakPassword, NoPracticeFarms, PracticeFarmExists,
    TooManyJobs.
    """
    practice.require_offered(connection.tenant)
    services.lock()
    found = latest()
    if found and (not found.is_finished or is_there(found)):
        raise PracticeFarmExists(_("This farm has a practice farm, or it is being made."))
    there = new_user(username=by.username, password=password, name=by.name)
    job = services.start(
        KIND,
        by=by,
        permission=PERMISSION,
        title=_("Practice farm"),
        arguments={"username": there.username, "name": there.name, "password": there.password},
    )
    audit("ask_for_practice_farm", job, by=by)
    return job


def make(job, *, by):
    """Raises as `practice.make` does."""
    farm, host = practice.make(connection.tenant, **job.arguments)
    made = {"host": host, "ends_at": farm.ends_at.isoformat()}
    Job.objects.filter(pk=job.pk).update(arguments=made)  # without the password's hash
    audit("make_practice_farm", job, by=by, changes={"host": [None, host]})
    lines = [_("Practice farm: %(host)s") % {"host": host}]
    lines += [_("Sign in as %(name)s.") % {"name": job.arguments["username"]}, ""]
    return Result(
        name="practice-farm.txt",
        content_type="text/plain; charset=utf-8",
        blocks=["\n".join(lines).encode()],
    )
