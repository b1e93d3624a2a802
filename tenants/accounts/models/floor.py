"""The shared tablets of the print floor, and the wrong PINs typed on them."""

from datetime import timedelta

from django.db import models
from django.utils import timezone

from tenants.accounts.models.people import User
from tenants.live.notes import ACCESS


class Lockable(models.Model):
    """Counts wrong PINs in a row; from ``LIMIT`` on each is followed by a pause twice as long."""

    LIMIT = 5
    FIRST_PAUSE = timedelta(seconds=30)
    MAX_PAUSE = timedelta(hours=12)

    failures = models.PositiveIntegerField(default=0, editable=False)
    locked_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True

    def is_locked(self, at):
        return self.locked_until is not None and self.locked_until > at

    def count_failure(self, at):
        """One more; written by the caller, who holds the lock."""
        self.failures += 1
        if self.failures >= self.LIMIT:
            doubled = min(self.failures - self.LIMIT, 20)
            self.locked_until = at + min(self.FIRST_PAUSE * 2**doubled, self.MAX_PAUSE)

    def forgive(self):
        self.failures, self.locked_until = 0, None


class FloorDeviceQuerySet(models.QuerySet):
    def usable(self):
        return self.filter(revoked_at=None)


class FloorDevice(Lockable):
    """A tablet that people share: it is signed in for good, they choose their name and type a PIN.

    The value of its cookie is stored as a hash. ``failures`` are those of all people on it.
    """

    LIMIT = 20

    name = models.CharField(max_length=100)
    hash = models.CharField(max_length=64, unique=True, editable=False)
    registered_by = models.ForeignKey(User, models.PROTECT, editable=False, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    announced_as = ACCESS

    objects = FloorDeviceQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self):
        return self.name


class PinTries(Lockable):
    """The wrong PINs of one person on one device, in a row."""

    device = models.ForeignKey(FloorDevice, models.CASCADE, related_name="tries")
    user = models.ForeignKey(User, models.PROTECT, related_name="pin_tries")

    class Meta:
        verbose_name_plural = "PIN tries"
        constraints = [
            models.UniqueConstraint(fields=["device", "user"], name="accounts_pintries_once")
        ]

    def __str__(self):
        return f"{self.user_id}: {self.failures}"
