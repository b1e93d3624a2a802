"""Rows to look for, and the ids that a list answers."""

from inventory.models import ExtraField, Filament, Manufacturer, Spool
from tests.production.spoolman.clients import ok


def ids(client, path, **query):
    """Of the rows of a list, in their order."""
    return [row["id"] for row in ok(client.get(path, query))]


def found(client, rows, path, **query):
    """The names that a test has for the rows of a list, in their order."""
    names = {row.number: name for name, row in rows.items()}
    return [names[number] for number in ids(client, path, **query)]


def spool_with(spool, **fields):
    """The spool with columns that services write, changed as they never would."""
    Spool.objects.filter(pk=spool.pk).update(**fields)
    return spool


def a_field(key, kind="text", *, entity="spool", **fields):
    position = ExtraField.objects.count()
    return ExtraField.objects.create(
        entity=entity, key=key, name=key, field_type=kind, position=position, **fields
    )


def with_extra(row, **values):
    """The row with values of its own fields, each JSON as it is kept."""
    model = {"Spool": Spool, "Filament": Filament, "Manufacturer": Manufacturer}
    model[type(row).__name__].objects.filter(pk=row.pk).update(extra=values)
    return row
