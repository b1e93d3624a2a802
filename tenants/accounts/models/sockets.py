"""Who listens to what changes in this farm. Not worth a crash-safe table: both are unlogged, and
the process that holds the websockets writes them anew."""

import uuid
from datetime import timedelta

from django.db import models
from django.utils import timezone

from tenants.accounts.models.people import DeviceToken


class SocketProcessQuerySet(models.QuerySet):
    def present(self, now):
        """Those that were seen lately."""
        return self.filter(seen_at__gt=now - SocketProcess.LASTS)


class SocketProcess(models.Model):
    """A process that holds websockets of this farm. Its row goes with the last of them; of one that
    was killed it does not, and is too old after a while."""

    STEP = timedelta(seconds=20)  # between two times that it writes when it was seen
    LASTS = 3 * STEP

    key = models.UUIDField(primary_key=True, default=uuid.uuid4)
    seen_at = models.DateTimeField(default=timezone.now)

    objects = SocketProcessQuerySet.as_manager()

    def __str__(self):
        return str(self.key)


class TokenSocket(models.Model):
    """Whether the websocket of a token is up: once it has had one."""

    token = models.OneToOneField(
        DeviceToken, models.CASCADE, primary_key=True, related_name="socket"
    )
    process = models.UUIDField(help_text="The SocketProcess that wrote this.")
    count = models.PositiveIntegerField(default=0, help_text="Of open ones.")
    up_since = models.DateTimeField(null=True)
    down_at = models.DateTimeField(null=True, help_text="When one was lost last.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(count=0, up_since=None)
                | models.Q(count__gt=0, up_since__isnull=False),
                name="accounts_tokensocket_up_while_open",
            )
        ]

    def __str__(self):
        return f"{self.token_id}: {self.count}"
