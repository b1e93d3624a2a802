"""The audit trail in the words of people: names instead of ids, units, figures without zeros.

Lines keep what was written then; a row that is referred to is called as it is now, or as it was
called when it was removed.
"""

from collections import defaultdict
from decimal import Decimal, InvalidOperation

from django.apps import apps
from django.db import models
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime

from tenants.accounts.models import AuditEvent
from tenants.accounts.records import HIDDEN
from tenants.errors import spoken
from tenants.quantities import MoneyField

NOTHING = "–"
ROWS = {"evidence_run_ids": "production.productionrun"}  # lists of ids, and whose they are


def tell(events):
    """The events as a list, each with ``told``: its changes, as ``height, mm: – → 96``. As many
    queries as kinds of rows are referred to, however many events."""
    events = list(events)
    names = _names(events)
    for event in events:
        event.told = [_line(event, name, pair, names) for name, pair in event.changes.items()]
    return events


def kind(event):
    """What sort of row an event is about."""
    model = _model(event.object_type)
    return model._meta.verbose_name if model else event.object_type


def _line(event, name, pair, names):
    field = _field(event, name)
    label = field.verbose_name if field else spoken(name)
    if pair == [HIDDEN, HIDDEN]:
        return f"{label}: {HIDDEN}"
    before, after = (_told(value, field, _referred(field, name), names) for value in pair)
    return f"{label}: {after}" if event.verb == "add" else f"{label}: {before} → {after}"


def _told(value, field, referred, names):
    if value is None or value == "" or value == []:
        return NOTHING
    if isinstance(value, list):
        return ", ".join(_told(each, field, referred, names) for each in value)
    if referred:
        return names.get((referred, value), f"no. {value}, which is gone")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _figure(value, field)


def _figure(value, field):
    choices = dict(getattr(field, "flatchoices", ()))
    if value in choices:
        return str(choices[value])
    if isinstance(field, models.DecimalField):
        return _number(value, is_money=isinstance(field, MoneyField))
    if isinstance(field, models.DateTimeField) and (at := parse_datetime(value)):
        return date_format(localtime(at), "j M Y, H:i")
    if isinstance(field, models.DateField) and (day := parse_date(value)):
        return date_format(day, "j M Y")
    return str(value)


def _number(value, *, is_money):
    try:
        number = Decimal(value)
    except InvalidOperation:
        return str(value)
    if is_money and number == round(number, 2):
        return f"{number:,.2f}"
    return f"{number.normalize():,f}"


def _model(label):
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        return None


def _field(event, name):
    """The field that a change is of; None for what is no field (any more)."""
    model = _model(event.object_type)
    fields = model._meta.concrete_fields if model else ()
    return next((field for field in fields if name in (field.name, field.attname)), None)


def _referred(field, name):
    """Whose id a value is: ``production.product``; None for what is no id."""
    if field is not None and field.is_relation:
        return field.related_model._meta.label_lower
    return ROWS.get(name)


def _names(events):
    """What the rows are called that the changes refer to: ``{(label, id): name}``."""
    wanted = defaultdict(set)
    for event in events:
        for name, pair in event.changes.items():
            if referred := _referred(_field(event, name), name):
                wanted[referred].update(_ids(pair))
    names = {}
    for label, ids in wanted.items():
        rows = _rows(_model(label)).filter(pk__in=ids)
        names |= {(label, row.pk): str(row) for row in rows}
    return _removed(wanted, names) | names


def _ids(pair):
    for value in pair:
        yield from (each for each in (value if isinstance(value, list) else [value]) if each)


def _rows(model):
    """Rows with what they may be called by: two references deep."""
    first = [field for field in model._meta.concrete_fields if field.is_relation]
    paths = [field.name for field in first]
    for field in first:
        further = field.related_model._meta.concrete_fields
        paths += [f"{field.name}__{each.name}" for each in further if each.is_relation]
    return model._base_manager.select_related(*paths)


def _removed(wanted, names):
    """What rows were called that are gone."""
    gone = [(label, pk) for label, ids in wanted.items() for pk in ids if (label, pk) not in names]
    if not gone:
        return {}
    asked = models.Q(object_type__in={label for label, _ in gone})
    found = AuditEvent.objects.filter(asked, verb="remove", object_id__in={pk for _, pk in gone})
    return {(each.object_type, each.object_id): each.object_label for each in found}
