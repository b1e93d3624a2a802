"""What Spoolman calls a column and we work out: expressions of SQL, for lists, their filters and
their order."""

from django.db.models import (
    BooleanField,
    Case,
    DateTimeField,
    DecimalField,
    ExpressionWrapper,
    F,
    Func,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, NullIf

from inventory.services.seeds import OTHER

DECIMAL = DecimalField(max_digits=24, decimal_places=12)
NO_TEXT, NO_GRAMS = Value(""), Value(0, output_field=DECIMAL)


class InSeconds(Func):
    """A moment without its fraction of a second, in whatever time zone."""

    template = "DATE_TRUNC('second', %(expressions)s)"
    output_field = DateTimeField()


def text(name):
    """The column, NULL where it is empty."""
    return NullIf(F(name), NO_TEXT)


def material(prefix=""):
    """As it was written, else the code of the type."""
    code = NullIf(F(f"{prefix}material_type__code"), Value(OTHER))
    return Coalesce(text(f"{prefix}material_label"), code)


def registered(prefix=""):
    return InSeconds(F(f"{prefix}created_at"))


def used_at(name):
    """When a spool was used first or last, as it is shown."""
    given = When(has_given_use_dates=True, then=F(name))
    return Case(given, default=InSeconds(F(name)), output_field=DateTimeField())


def used_grams():
    """Never below 0: a count may find more than was received."""
    used = F("initial_grams") - F("remaining_grams") + F("metered_grams") + F("excess_grams")
    return Greatest(used, NO_GRAMS, output_field=DECIMAL)


def initial_grams():
    """NULL where it is assumed."""
    return Case(When(is_initial_assumed=False, then=F("initial_grams")), output_field=DECIMAL)


def remaining_grams():
    """What is left; where the initial grams are assumed, of the filament's. NULL: nobody knows."""
    left = F("remaining_grams") - F("metered_grams")
    return _left(Greatest(left, NO_GRAMS), Greatest(_of_filament(), NO_GRAMS))


def unclamped_grams():
    """The same, below 0 where more was used than there was."""
    left = F("remaining_grams") - F("metered_grams") - F("excess_grams")
    return _left(left, _of_filament())


def length(grams):
    """As lengths are ordered: without what is the same for all."""
    diameter = F("filament__diameter_mm")
    return ExpressionWrapper(
        grams / F("filament__density_g_cm3") / (diameter * diameter), output_field=DECIMAL
    )


def joined(name):
    """An array as a text, NULL where it is empty."""
    whole = Func(F(name), Value(","), function="ARRAY_TO_STRING", output_field=TextField())
    return NullIf(whole, NO_TEXT)


def is_archived():
    on_shelf = When(archived_at=None, then=Value(False))
    return Case(on_shelf, default=Value(True), output_field=BooleanField())


def _of_filament():
    return F("filament__net_grams") - used_grams()


def _left(known, assumed):
    return Case(
        When(is_initial_assumed=False, then=known),
        When(filament__net_grams__isnull=False, then=assumed),
        output_field=DECIMAL,
    )
