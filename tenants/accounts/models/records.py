"""The audit trail, stored answers of idempotent requests, attempts at a secret, and backups."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone


class AuditEventQuerySet(models.QuerySet):
    def of(self, obj):
        return self.filter(object_type=obj._meta.label_lower, object_id=obj.pk)

    def of_parts(self, obj, model, parent):
        """Of the rows of ``model`` whose ``parent`` it is or, before they were removed, was."""
        here = model._base_manager.filter(**{parent: obj}).values("pk")
        events = self.filter(object_type=model._meta.label_lower)
        made = events.filter(**{f"changes__{parent}__1__id": obj.pk}).values("object_id")
        return events.filter(models.Q(object_id__in=here) | models.Q(object_id__in=made))

    def latest_first(self):
        return self.order_by("-pk")


class AuditEvent(models.Model):
    """One change of master data, or a sign-in, through any interface. Append-only."""

    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    by_name = models.CharField(max_length=150, help_text="As they were called then.")
    verb = models.CharField(max_length=40)
    object_type = models.CharField(max_length=100, help_text="As in production.printer.")
    object_id = models.BigIntegerField(null=True)
    object_label = models.CharField(max_length=200)
    changes = models.JSONField(
        default=dict, encoder=DjangoJSONEncoder, help_text="Field: [before, after]."
    )
    source = models.CharField(max_length=10, blank=True, help_text="api, admin, floor ...")
    address = models.CharField(max_length=64, blank=True, help_text="Of the client.")
    correlation_id = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(default=timezone.now)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["object_type", "object_id", "id"], name="accounts_audit_object"),
            models.Index(fields=["at", "id"], name="accounts_audit_time"),
        ]

    def __str__(self):
        return f"{self.by_name} {self.verb} {self.object_label}"


class IdempotencyKey(models.Model):
    """A stored answer to a POST, repeated for the same request."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=255)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=2000)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    content = models.BinaryField(null=True)  # None: secret, or beyond the farm's quota
    content_type = models.CharField(max_length=100)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="accounts_idempotencykey_user_key")
        ]
        indexes = [models.Index(fields=["created_at"], name="accounts_idempotency_age")]

    def __str__(self):
        return self.key


class Attempt(models.Model):
    """How often somebody has tried since when. Not worth a crash-safe table: it is unlogged."""

    whose = models.CharField(max_length=64, unique=True, help_text="A hash of it.")
    started_at = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["started_at"], name="accounts_attempt_age")]

    def __str__(self):
        return self.whose


class BackupQuerySet(models.QuerySet):
    def successful(self):
        return self.filter(problem="")

    def failed(self):
        return self.exclude(problem="")

    def nightly(self):
        return self.filter(by=None)

    def latest_first(self):
        return self.order_by("-pk")


class Backup(models.Model):
    """That the farm was backed up, or why it could not be. No part of a backup."""

    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    file = models.CharField(max_length=200, blank=True, help_text="In the farm’s folder.")
    size = models.BigIntegerField(null=True, help_text="Bytes.")
    problem = models.TextField(blank=True)

    objects = BackupQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self):
        return self.file or self.problem
