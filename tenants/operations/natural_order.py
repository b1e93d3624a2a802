"""The order in which people read names that end in numbers."""

from django.db.models import F, Func, Value
from django.db.models.functions import Length

DIGITS = "0123456789"


def natural(name):
    """What to sort a column by so that what ends in 127 comes before what ends in 1000."""
    return [Func(F(name), Value(DIGITS), function="rtrim"), Length(name), F(name)]
