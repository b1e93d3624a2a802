"""Sums of closed runs, kept by day, month and year, and what is to be summed anew.

They are derived: `production.services.figures` folds them out of the rows of runs, and writes all
of them but marks, which are written by triggers (see docs/figures.md).
"""

from django.db import models

from production.models.sources import ActualSource

# What a row is grouped by besides its key: why runs are not compared.
NOT_COMPARED = (
    "reason",
    "no_grams",
    "no_minutes",
    "no_material",
    "no_machine",
    "no_energy",
    "no_labour",
)
COUNTS = ("runs", "unknown", "unknown_grams", "unknown_minutes")
FLAGS = ("has_no_material", "has_no_machine", "has_no_energy")
# Planned and actual sums of these are in both reports.
_COSTS = ("material", "machine", "energy", "labour")
# Of each figure: what its difference is made of.
_EXPLAINED = {
    "grams": "output scrap lost usage purge extra",
    "minutes": "output scrap lost time",
    "material": "output scrap lost usage purge extra substitution price",
    "machine": "output scrap lost time",
    "energy": "output scrap lost time",
    "labour": "output scrap lost",
}


class FoldedDays(models.Model):
    """Which days are kept: from ``since`` until before ``until``, as days of ``timezone``, by the
    statements of this ``definition``. One row, which the job alone locks."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    timezone = models.CharField(max_length=63)
    definition = models.CharField(max_length=32)
    since = models.DateField()
    until = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="folded_days_is_one_row")
        ]

    def __str__(self):
        return f"{self.since} to {self.until}"


class FiguresMark(models.Model):
    """A closed run was changed that ended at this moment: its day is not as it is kept. Of one that
    was cancelled before it was started, when it was planned."""

    ended_at = models.DateTimeField()

    def __str__(self):
        return f"{self.ended_at}"


class SumField(models.Field):
    """A sum with all its digits: added up again, it is as exact as the rows that it is of."""

    def db_type(self, connection):
        return "numeric"


class FoldedSums(models.Model):
    """Sums of the runs of a span of days that have one key of a dimension, and one reason each why
    they are not compared."""

    class Span(models.TextChoices):
        DAY = "day"
        MONTH = "month"
        YEAR = "year"

    dimension = models.CharField(max_length=13)
    span = models.CharField(max_length=5, choices=Span)
    starts_on = models.DateField()
    key = models.TextField(null=True)
    has_ended = models.BooleanField(help_text="Whether the runs have an end, or were never begun.")

    class Meta:
        abstract = True

    def __str__(self):
        return f"{self.dimension} {self.key}, {self.span} of {self.starts_on}"


class VarianceSum(FoldedSums):
    """Sums of the report of the variance, as its statement names them."""

    SUMS = (
        "good",
        "scrapped",
        *(f"{kind}_grams" for kind in ("planned", "actual", "purge", *ActualSource.values)),
        *(f"{kind}_minutes" for kind in ("planned", "actual", "assumed")),
        *(f"{kind}_{cost}" for kind in ("planned", "actual") for cost in _COSTS),
    )
    COUNTS, FLAGS = COUNTS, FLAGS

    class Meta:
        indexes = [
            models.Index(fields=["dimension", "span", "starts_on"], name="variance_sum_by_span")
        ]


class ExplanationSum(FoldedSums):
    """Sums of the report of the explanation, as its statement names them."""

    SUMS = (
        *(
            f"{part}_{figure}"
            for figure, parts in _EXPLAINED.items()
            for part in ("planned", "actual", *parts.split())
        ),
        "assumed_grams",
        "assumed_minutes",
    )
    COUNTS, FLAGS = ("runs",), ()

    class Meta:
        indexes = [
            models.Index(fields=["dimension", "span", "starts_on"], name="explanation_sum_by_span")
        ]


def _add_columns(model):
    for name in NOT_COMPARED:
        model.add_to_class(name, models.CharField(max_length=15, null=True))
    for name in model.COUNTS:
        model.add_to_class(name, models.IntegerField(null=True))
    for name in model.FLAGS:
        model.add_to_class(name, models.BooleanField(null=True))
    for name in model.SUMS:
        model.add_to_class(name, SumField(null=True))


_add_columns(VarianceSum)
_add_columns(ExplanationSum)
