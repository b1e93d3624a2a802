"""The row of a job that runs, on a connection beside the transaction of its effect."""

import json

from django.db import connection
from django.utils import timezone

from tenants.jobs.models import Job
from tenants.operations.refusals import Refusal

# Until the connection is closed: a job that is found twice is done by one process at a time.
LOCK = "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || ' job', %s))"
TAKE = """
    UPDATE jobs_job SET status = 'running', started_at = coalesce(started_at, %s),
           tries = tries + 1, done = 0
    WHERE id = %s AND status IN ('waiting', 'running') RETURNING tries
"""
COUNT = "UPDATE jobs_job SET done = %s WHERE id = %s AND status = 'running' RETURNING id"
PUT_BACK = """
    UPDATE jobs_job SET status = 'waiting', tries = tries - 1
    WHERE id = %s AND status = 'running'
"""
END = """
    UPDATE jobs_job SET status = %s, problem = %s, finished_at = %s
    WHERE id = %s AND status = 'running'
"""


class NotNow(Refusal):
    """The job is to be tried again after some ``seconds``."""

    code = "not_now"
    title = "The job can't be done now"

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds


class JobCancelled(Refusal):
    code = "job_cancelled"
    title = "The job was cancelled"


class Record:
    """What others see of the job while it runs: each change is committed at once."""

    def __init__(self, tenant, pk, *, is_stopping):
        self.pk, self.steps, self._is_stopping = pk, 0, is_stopping
        self._connection = connection.copy()
        self._connection.set_tenant(tenant)

    def take(self):
        """Begin the job; returns how often that was tried, None where it has ended.

        Raises NotNow while another process is at it.
        """
        (is_locked,) = self._execute(LOCK, [self.pk])
        if not is_locked:
            raise NotNow(30)
        found = self._execute(TAKE, [timezone.now(), self.pk])
        return found and found[0]

    def count(self, steps):
        """Raises JobCancelled, and NotNow when this process is to end."""
        self.steps += steps
        if self._execute(COUNT, [self.steps, self.pk]) is None:
            raise JobCancelled()
        if self._is_stopping():
            raise NotNow(0)

    def put_back(self):
        """Let it wait, as if it had not been begun."""
        self._execute(PUT_BACK, [self.pk])

    def end(self, status, problem):
        self._execute(END, [status, json.dumps(problem), timezone.now(), self.pk])

    def finish(self, **result):
        """Within the transaction of the effect, so that there are both or none.

        Raises JobCancelled.
        """
        running = Job.objects.filter(pk=self.pk, status=Job.Status.RUNNING)
        values = {"done": self.steps, "total": self.steps, "finished_at": timezone.now()}
        if not running.update(status=Job.Status.DONE, **values, **result):
            raise JobCancelled()

    def close(self):
        self._connection.close()

    def _execute(self, statement, values):
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone() if cursor.description else None
