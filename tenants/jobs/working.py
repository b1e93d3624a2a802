"""Do a job: what a worker calls for each that it finds in the queue."""

import logging
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.accounts.models import DeviceToken, User
from tenants.jobs import files, kinds
from tenants.jobs.models import Job
from tenants.jobs.record import JobCancelled, NotNow, Record
from tenants.models import Tenant
from tenants.operations import progress
from tenants.operations.operation import correlation_id, in_transaction, observed, source
from tenants.operations.refusals import Busy, Refusal
from tenants.web.middleware import enter, leave_farm
from tenants.web.problems import of_refusal, problem

logger = logging.getLogger(__name__)

MAX_TRIES = 3  # then it is what ends the processes
CLOSED_SECONDS = BUSY_SECONDS = 30


class NotPermittedAnyMore(Refusal):
    code = "not_permitted_any_more"
    status = 403
    title = "Who began this may not do it any more"


def work(schema, pk, *, is_stopping=lambda: False):
    """Do one job of a farm, unless it has ended, or its farm was dropped.

    Its effect and its end are one transaction: it has its effect once, however often it is found.
    Raises NotNow, DatabaseError and InterfaceError, after which it is to be tried again.
    """
    connection.set_schema_to_public()
    tenant = Tenant.objects.filter(schema_name=schema).first()
    if tenant is None:
        return
    if tenant.status != Tenant.Status.ACTIVE:
        raise NotNow(CLOSED_SECONDS)
    enter(tenant)
    record = Record(tenant, pk, is_stopping=is_stopping)
    try:
        if tries := record.take():
            _do(Job.objects.get(pk=pk), record, is_last_try=tries >= MAX_TRIES)
    finally:
        record.close()
        leave_farm()


def _do(job, record, *, is_last_try):
    if job.tries > MAX_TRIES:
        detail = _("Its process has ended %(count)s times while it ran: look at the log.")
        given_up = problem(500, "given_up", detail=detail % {"count": MAX_TRIES})
        record.end(Job.Status.FAILED, given_up)
        return
    try:
        with _as_begun(job), observed("job.work", job) as seen:
            seen["job_kind"] = job.kind
            in_transaction(lambda: _take_effect(job, record))
    except JobCancelled:
        pass
    except NotNow:
        record.put_back()
        raise
    except (OperationalError, InterfaceError):
        raise
    except Busy as refusal:
        if not is_last_try:
            raise NotNow(BUSY_SECONDS) from refusal
        record.end(Job.Status.REFUSED, of_refusal(refusal))
    except Refusal as refusal:
        record.end(Job.Status.REFUSED, of_refusal(refusal))
    except Exception:
        logger.exception("The job %s of %s failed", job.pk, connection.schema_name)
        detail = _("Something went wrong here, and nothing was changed. The log says what.")
        record.end(Job.Status.FAILED, problem(500, "server_error", detail=detail))


def _take_effect(job, record):
    record.steps = 0  # a transaction that is tried again begins anew
    work = kinds.get(job.kind)
    with progress.counted_by(record.count):
        result = work(job, by=_person(job))
        try:
            _finish(job, record, result)
        except BaseException:
            result.discard()
            raise


def _finish(job, record, result):
    size = files.write(job, result.blocks, is_result=True) if result.content_type else None
    _person(job, is_locked=True)  # at the end: meanwhile, people and tokens can be shut out
    record.finish(
        result_name=result.name,
        result_type=result.content_type,
        result_bytes=size,
        result_url=result.url,
        problem=None,
    )


def _person(job, *, is_locked=False):
    """Who began it, as they are now, with the token they came with. Raises NotPermittedAnyMore."""
    if job.by_id is None:
        return None
    by = _row(User, job.by_id, is_locked)
    ended_at = by.sessions_ended_at
    if not by.is_active or (ended_at and ended_at >= job.created_at):
        detail = _("%(user)s has been deactivated since it was begun.")
        raise NotPermittedAnyMore(detail % {"user": by.username})
    if job.token_id is not None:
        by.token = _row(DeviceToken, job.token_id, is_locked)
        by.scope = by.token.scope
        _require_usable(by.token)
    if job.permission and not by.has_perm(job.permission):
        raise NotPermittedAnyMore()
    return by


def _row(model, pk, is_locked):
    rows = model.objects.select_for_update(no_key=True) if is_locked else model.objects
    return rows.get(pk=pk)


def _require_usable(token):
    if token.revoked_at:
        detail = _("The token it was begun with has been revoked: %(name)s. Begin it with another.")
    elif token.expires_at and token.expires_at <= timezone.now():
        detail = _("The token it was begun with has expired: %(name)s. Begin it with another.")
    else:
        return
    raise NotPermittedAnyMore(detail % {"name": token.name})


@contextmanager
def _as_begun(job):
    """With the source and the correlation id of the request that began it."""
    tokens = source.set(job.source), correlation_id.set(job.correlation_id)
    try:
        yield
    finally:
        source.reset(tokens[0])
        correlation_id.reset(tokens[1])
