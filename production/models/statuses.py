"""The statuses of a production run, their groups, and conditions on them."""

from django.db import models
from django.db.models import Q


class Status(models.TextChoices):
    PLANNED = "planned"
    IN_PROGRESS = "in_progress", "In progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (Status.PLANNED, Status.IN_PROGRESS)
BOOKED = (Status.COMPLETED, Status.FAILED)
CLOSED = (*BOOKED, Status.CANCELLED)
LIVE = Q(deleted_at__isnull=True)
PRINTING = LIVE & Q(status="in_progress", finished_at__isnull=True)


def of_run(condition, path):
    """``condition`` on the run at ``path``: ``of_run(PRINTING, "run")``."""
    return Q(*((f"{path}__{lookup}", value) for lookup, value in condition.children))


class HasStatus:
    Status = Status
    OPEN, BOOKED, CLOSED = OPEN, BOOKED, CLOSED

    @property
    def is_open(self):
        return self.status in OPEN

    @property
    def is_printing(self):
        """In progress and not finished: it keeps its printer busy."""
        return self.status == Status.IN_PROGRESS and self.finished_at is None
