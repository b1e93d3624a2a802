"""What was done to production runs, and the numbers that they were given."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from production.models.runs import ProductionRun
from production.models.statuses import Status
from tenants.operations.either_way import is_one_of
from tenants.operations.searching import HasWord, all_parts

REASON_WORDS = "words_of(left(reason, 1000))"
RARE = (Status.FAILED, Status.CANCELLED)  # what few events lead to


class RunEventQuerySet(models.QuerySet):
    def matching(self, word):
        """With all parts of the word at the beginning of words of the reason, or of the run of that
        number."""
        runs = ProductionRun.objects.by_number(word)
        of_run = is_one_of(self.model.objects.all(), run=runs)
        return self.filter(of_run | all_parts(word, self.having))

    def having(self, part):
        return is_one_of(self.model.objects.all(), HasWord(REASON_WORDS, part) & ~Q(reason=""))


class RunNumber(models.Model):
    """The last number given out on one day of the farm's calendar."""

    on_date = models.DateField()
    last = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["on_date"], name="run_number_date_unique")]

    def __str__(self):
        return f"{self.on_date} {self.last}"


class RunEvent(models.Model):
    """One verb done to a run: who, when, from which status to which, why, overriding what."""

    run = models.ForeignKey(ProductionRun, models.PROTECT, related_name="events")
    verb = models.CharField(max_length=20)  # of `transitions.EVENTS`: no migration for a verb
    from_status = models.CharField(max_length=11, blank=True)
    to_status = models.CharField(max_length=11)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    by_name = models.CharField(max_length=150, blank=True, help_text="As they were called then.")
    at = models.DateTimeField()
    reason = models.TextField(blank=True)
    overrides = models.JSONField(default=list)
    before = models.JSONField(default=dict, help_text="Figures that the verb changed.")

    objects = RunEventQuerySet.as_manager()

    class Meta:
        ordering = ["run", "pk"]
        indexes = [
            # Each page of the floor reads what its person did in the last half hour.
            models.Index(fields=["by", "at"], name="run_event_by_person"),
            models.Index(fields=["at", "id"], name="run_event_by_time"),
            models.Index(fields=["verb", "id"], name="run_event_by_verb"),
            # What most events lead to is found among any of them.
            models.Index(
                fields=["to_status", "id"],
                condition=Q(to_status__in=RARE),
                name="run_event_by_rare_status",
            ),
        ]

    def __str__(self):
        return f"{self.run_id} {self.verb}"
