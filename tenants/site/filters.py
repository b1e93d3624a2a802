"""List filters in one form without scripts: a choice, a text, a span of days."""

from datetime import datetime, time, timedelta

from django.contrib import admin
from django.utils import timezone

from tenants.operations.parsing import parse_day

DAY = timedelta(days=1)


class BarFilter:
    """A filter of the bar above a list, which is one form; ``kind`` says which field it is."""

    def choices(self, changelist):
        return ()

    def queryset(self, request, queryset):
        value = self.value()
        return self.narrowed(queryset, value) if value else queryset


class ChoiceListFilter(BarFilter, admin.SimpleListFilter):
    """One of some rows, from a list; ``narrowed(queryset, value)`` is called with it. Of the kind
    "tabs" they are links above the form."""

    kind, nothing = "choice", ""

    def value(self):
        value = super().value()
        return value if value in {str(key) for key, _ in self.lookup_choices} else None

    @property
    def options(self):
        return [(str(key), name, str(key) == self.value()) for key, name in self.lookup_choices]


def field_filter(name, label, choices, *, lookup="", narrow=None, kind="choice"):
    """A ChoiceListFilter of the field ``name``, of ``lookup``, or by ``narrow(rows, value)``, with
    ``choices()``."""

    class Field(ChoiceListFilter):
        title, parameter_name = label, name

        def lookups(self, request, model_admin):
            return choices()

        def narrowed(self, queryset, value):
            if narrow:
                return narrow(queryset, value)
            return queryset.filter(**{lookup or name: value})

    Field.kind = kind
    return Field


class IsActiveListFilter(ChoiceListFilter):
    title, parameter_name = "in use", "is_active"

    def lookups(self, request, model_admin):
        return [("yes", "In use"), ("no", "Retired")]

    def narrowed(self, queryset, value):
        return queryset.filter(is_active=value == "yes")


class TextListFilter(BarFilter, admin.SimpleListFilter):
    kind = "text"

    def lookups(self, request, model_admin):
        return [("", "")]  # or there would be no output

    def value(self):
        return (super().value() or "").strip()


class DaysListFilter(BarFilter, admin.ListFilter):
    """The farm's days, both included, on the field ``moment``."""

    kind = "days"
    moment = ""

    def __init__(self, request, params, model, model_admin):
        super().__init__(request, params, model, model_admin)
        for name in self.expected_parameters():
            if given := params.pop(name, None):
                self.used_parameters[name] = given[-1] if isinstance(given, list) else given

    def has_output(self):
        return True

    def expected_parameters(self):
        return [f"{self.moment}_from", f"{self.moment}_to"]

    def fields(self):
        labels = zip(self.expected_parameters(), ("From", "To"), strict=True)
        return [(name, label, self.used_parameters.get(name, "")) for name, label in labels]

    def queryset(self, request, queryset):
        first, last = (_day(self.used_parameters.get(name)) for name in self.expected_parameters())
        if first:
            queryset = queryset.filter(**{f"{self.moment}__gte": _midnight(first)})
        if last:
            queryset = queryset.filter(**{f"{self.moment}__lt": _midnight(last + DAY)})
        return queryset


def day_filter(moment, title):
    return type("Days", (DaysListFilter,), {"moment": moment, "title": title})


def _day(text):
    try:
        return parse_day(text or "")
    except ValueError:
        return None


def _midnight(day):
    return timezone.make_aware(datetime.combine(day, time.min))
