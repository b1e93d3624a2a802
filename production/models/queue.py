"""The order in which planned runs print.

By priority first. Within a priority each run has a place, a number: where it was put by hand, else
by its due date, and by its id among those of a day and those without one. Between any two places
there is room for another, so that a run is moved by writing that run alone.
"""

from decimal import Decimal

from django.db import models
from django.db.models import F, Func, Value
from django.db.models.functions import Coalesce

A_RUN = Decimal("1e-12")  # of a day: ids are below 10^12
WITHOUT_DATE = Decimal(10**7)  # days after the first: later than any date


class RankField(models.DecimalField):
    """A place in the queue, in days after 2000-01-01, with as many decimals as it takes."""

    def __init__(self, **kwargs):
        super().__init__(**{**kwargs, "max_digits": 24, "decimal_places": 12})

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs

    def db_type(self, connection):
        return "numeric"


def queue_place():
    """The place of a run among those of its priority, as an expression."""
    day = Func(F("due_on"), template="(%(expressions)s - DATE '2000-01-01')::numeric")
    in_turn = Func(F("pk"), template=f"%(expressions)s::numeric * {A_RUN:f}")
    by_date = Coalesce(day, Value(WITHOUT_DATE), output_field=RankField())
    return Coalesce("queue_rank", by_date + in_turn, output_field=RankField())


def next_first():
    """What to order runs of a status by."""
    return [F("priority").desc(), queue_place().asc(), F("pk").asc()]
