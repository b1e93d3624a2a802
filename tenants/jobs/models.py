"""Jobs of a farm, and the files that they read and write."""

from datetime import timedelta

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from tenants.accounts import scopes
from tenants.accounts.models import DeviceToken

RETENTION = timedelta(days=1)  # of a file, once the job has ended
ROW_RETENTION = timedelta(days=30)  # of the job itself
SEES_ALL = "jobs.view_any_job"


class JobQuerySet(models.QuerySet):
    def visible_to(self, user):
        """One's own, a manager everybody's: those whose permission the user has, with the token
        they came with."""
        jobs = self if user.has_perm(SEES_ALL) else self.filter(by=user.pk)
        return jobs.filter(permission__in=["", *user.rights()])

    def unfinished(self):
        return self.filter(status__in=Job.UNFINISHED)


class Job(models.Model):
    """Work that was begun by somebody and is done by ``tenants.jobs.working``.

    ``arguments`` are for the kind alone. ``done`` of ``total`` steps: what a step is depends on
    the kind, and nobody may know the total. A refusal is kept as the problem that the API answers
    with.
    """

    class Status(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        REFUSED = "refused"  # nothing was changed: ``problem`` says why
        FAILED = "failed"  # by a fault of the program, or of the machine
        CANCELLED = "cancelled"

    UNFINISHED = (Status.WAITING, Status.RUNNING)

    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    arguments = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    token = models.ForeignKey(
        DeviceToken, null=True, on_delete=models.PROTECT, related_name="+"
    )  # that it was begun with
    permission = models.CharField(max_length=100, blank=True)  # to begin, to do and to see it
    source = models.CharField(max_length=10)
    correlation_id = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)  # more than one: its process has ended
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True)
    problem = models.JSONField(null=True)
    result_name = models.CharField(max_length=200, blank=True)
    result_type = models.CharField(max_length=100, blank=True)
    result_bytes = models.BigIntegerField(null=True)
    result_url = models.CharField(max_length=200, blank=True)  # of a file that is not the job's

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    status__in=["waiting", "running", "done", "refused", "failed", "cancelled"]
                ),
                name="jobs_job_status",
            )
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=models.Q(status__in=["waiting", "running"]),
                name="jobs_job_unfinished",
            )
        ]

    def __str__(self):
        return self.title

    @property
    def is_finished(self):
        return self.status not in self.UNFINISHED

    @property
    def scope(self):
        """That it was begun with: of its token, or of a session."""
        return self.token.scope if self.token else scopes.ALL

    @property
    def expires_at(self):
        """When its file is deleted."""
        return self.finished_at and self.finished_at + RETENTION

    @property
    def percent(self):
        """How far it is, None where nobody knows: 100 only once it is done."""
        if self.status == self.Status.DONE:
            return 100
        return min(self.done * 100 // self.total, 99) if self.total else None


class JobFileBlock(models.Model):
    """A piece of the file that a job reads, or of the one that it writes."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="blocks")
    is_result = models.BooleanField()
    position = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        ordering = ["job", "is_result", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["job", "is_result", "position"], name="jobs_jobfileblock_position"
            )
        ]

    def __str__(self):
        return f"{self.job_id}.{self.position}"
