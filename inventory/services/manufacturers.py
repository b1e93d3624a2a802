"""Manufacturers: master data, of which clients of the printers' API may make several of one name,
and take one away whose filaments stay."""

from django.db.models import Max
from django.utils import timezone

from inventory.models import Manufacturer
from inventory.services import extra_values, removal
from tenants.accounts import audited
from tenants.operations.operation import in_transaction, operation
from tenants.operations.refusals import Duplicate
from tenants.operations.text import one_line

create, delete = audited.create, audited.delete
ATTEMPTS = 5  # of a twin that somebody else made at the same moment


def update(manufacturer, /, *, by, **fields):
    """As `audited.update`; ``extra`` is merged by its keys, None takes one out."""

    def work():
        if "extra" in fields:
            rows = Manufacturer.objects.select_for_update(no_key=True)
            extra = rows.values_list("extra", flat=True).get(pk=manufacturer.pk)
            fields["extra"] = extra_values.merged(extra, fields["extra"])
        return audited.update(manufacturer, by=by, **fields)

    return in_transaction(work)


def create_twin(*, name, by, **fields):
    """As `create`, with a name that others may have too. Raises Invalid."""
    return _as_twin(name, lambda twin: create(Manufacturer, by=by, name=name, twin=twin, **fields))


def update_twin(manufacturer, *, by, **fields):
    """As `update`, with a name that others may have too. Raises Invalid."""
    name = fields.get("name", manufacturer.name)
    if one_line(name).lower() == manufacturer.name.lower():
        return update(manufacturer, by=by, **fields)
    return _as_twin(name, lambda twin: update(manufacturer, by=by, twin=twin, **fields))


def _as_twin(name, work):
    for _attempt in range(ATTEMPTS - 1):
        try:
            return work(_next_twin(name))
        except Duplicate:
            continue
    return work(_next_twin(name))


def _next_twin(name):
    """0 for the first of a name."""
    rows = Manufacturer.objects.present().filter(name__iexact=one_line(name))
    last = rows.aggregate(last=Max("twin"))["last"]
    return 0 if last is None or not rows.filter(twin=0).exists() else last + 1


@operation("manufacturer.remove")
def remove(manufacturer, *, by, at=None):
    """Take a manufacturer out of all lists; its filaments stay, with none. Returns it. Raises
    AlreadyRemoved."""
    at = at or timezone.now()
    fresh = removal.locked(manufacturer)
    for filament in fresh.filaments.order_by("pk"):
        audited.update(filament, by=by, at=at, is_announced=False, manufacturer=None)
    return removal.remove(fresh, by=by, at=at)


@operation("manufacturer.restore")
def restore(manufacturer, *, by, at=None):
    """Put a removed manufacturer into the lists again, without filaments; returns it. Raises
    NotRemoved, Duplicate where another has its name by now."""
    return removal.restore(manufacturer, by=by, at=at)
