"""The audit trail for display: names of fields, units, and figures without trailing zeros."""

from decimal import Decimal

from django.apps import apps
from django.db import models
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime

from tenants.operations.quantities import MoneyField
from tenants.operations.text import humanize_name

NOTHING = "–"


def lines(event):
    """The changes of an AuditEvent, as ``height, mm: – → 96``; of a new row ``height, mm: 96``."""
    return [_line(event, name, pair) for name, pair in event.changes.items()]


def kind(event):
    """What sort of row an event is about."""
    model = _model(event)
    return model._meta.verbose_name if model else event.object_type


def _line(event, name, pair):
    field = _field(event, name)
    label = field.verbose_name if field else humanize_name(name.removesuffix("_id"))
    before, after = (_text(value, field) for value in pair)
    is_new = event.verb == "add" or before == after  # a secret is the same word twice
    return f"{label}: {after}" if is_new else f"{label}: {before} → {after}"


def _text(value, field):
    if value is None or value == "" or value == []:
        return NOTHING
    if isinstance(value, list):
        return ", ".join(_text(each, field) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return str(value.get("name", value))
    choices = dict(getattr(field, "flatchoices", ()))
    if value in choices:
        return str(choices[value])
    try:
        return _figure(value, field)
    except (ArithmeticError, TypeError, ValueError):  # of a file that was restored
        return str(value)


def _figure(value, field):
    if isinstance(field, models.DecimalField):
        return _number(value, is_money=isinstance(field, MoneyField))
    if isinstance(field, models.DateTimeField) and (at := parse_datetime(value)):
        return date_format(localtime(at), "j M Y, H:i")
    if isinstance(field, models.DateField) and (day := parse_date(value)):
        return date_format(day, "j M Y")
    return str(value)


def _number(value, *, is_money):
    number = Decimal(value)
    if is_money and number == round(number, 2):
        return f"{number:.2f}"
    return f"{number.normalize():f}"


def _model(event):
    try:
        return apps.get_model(event.object_type)
    except (LookupError, ValueError):
        return None


def _field(event, name):
    """The field that a change is of; None for what is no field (any more)."""
    model = _model(event)
    fields = model._meta.concrete_fields if model else ()
    return next((field for field in fields if name in (field.name, field.attname)), None)
