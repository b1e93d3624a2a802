"""Master data: add, change and remove one row, with its line in the audit trail.

Every interface comes through here, so that no change of a catalogue, a printer or a person goes
unrecorded. What is unique and what is still referred to is decided by the database and answered
as Duplicate and InUse.
"""

import re
from contextlib import contextmanager

from django.apps import apps
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.accounts.models import AuditEvent
from tenants.live import announcing
from tenants.operations.constraints import demands
from tenants.operations.operation import client_address, correlation_id, operation, source
from tenants.operations.refusals import Duplicate, InUse, Invalid
from tenants.operations.text import compose_names, humanize_name

UNIQUE, REFERENCE, CHECK, EXCLUSION = "23505", "23503", "23514", "23P01"
SECRETS = {"password", "pin_hash", "hash", "secret"}
HIDDEN = "(hidden)"


@operation("record.add")
def create(model, /, *, by, at=None, **fields):
    """Make a row of ``model`` (or save an unsaved instance of it) and return it.

    ``at`` dates the line of the audit trail. Raises Invalid, Duplicate.
    """
    obj = model if isinstance(model, models.Model) else model()
    for name, value in fields.items():
        setattr(obj, name, value)
    _check(obj)
    with refusals(obj):
        obj.save(force_insert=True)
    audit("add", obj, by=by, at=at, changes=_all_values(obj))
    announcing.announce_row(obj, announcing.ADDED)
    return obj


@operation("record.change")
def update(obj, /, *, by, at=None, is_announced=True, **fields):
    """Change the named fields and return the fresh object; what is the same leaves no trace.

    ``at`` as in `add`; ``is_announced``: to those who listen (see `tenants.live`). Raises Invalid,
    Duplicate, InUse.
    """
    fresh = _locked(obj)
    before = {name: _value(fresh, name) for name in fields}
    for name, value in fields.items():
        setattr(fresh, name, value)
    _check(fresh)
    changes = {
        name: [old, _value(fresh, name)]
        for name, old in before.items()
        if old != _value(fresh, name)
    }
    if changes:
        with refusals(fresh):
            fresh.save(update_fields=[*changes, *_auto_now_fields(fresh)])
        audit("change", fresh, by=by, at=at, changes=_for_audit(fresh, changes))
        if is_announced:
            announcing.announce_row(fresh)
    return fresh


@operation("record.remove")
def delete(obj, /, *, by):
    """Remove a row that nothing refers to. Raises InUse."""
    fresh = _locked(obj)
    pk = fresh.pk
    announcing.announce_row(fresh, announcing.DELETED)
    with refusals(fresh):
        fresh.delete()
    fresh.pk = pk  # for the audit trail, which names what is gone
    audit("remove", fresh, by=by)


def audit(verb, obj, *, by, at=None, changes=None, by_name=None):
    """Add a line to the audit trail of the schema we are in; in the caller's transaction."""
    line = _line(verb, obj, by=by, at=at or timezone.now(), changes=changes, by_name=by_name)
    line.save(force_insert=True)
    return line


def audit_changes(changed, *, by, at=None):
    """The same of changes of many rows, in one statement: ``[(row, changes)]``."""
    at = at or timezone.now()
    lines = (_line("change", row, by=by, at=at, changes=changes) for row, changes in changed)
    AuditEvent.objects.bulk_create(lines)


def _line(verb, obj, *, by, at, changes, by_name=None):
    return AuditEvent(
        by=by,
        by_name=(by_name or (str(by) if by else "system"))[:150],
        verb=verb,
        object_type=obj._meta.label_lower,
        object_id=obj.pk if isinstance(obj.pk, int) else None,
        object_label=str(obj)[:200],
        changes=changes or {},
        at=at,
        source=source.get(),
        address=client_address.get()[:64],
        correlation_id=correlation_id.get()[:64],
    )


@contextmanager
def refusals(obj):
    """Turn what the database refuses into a Refusal that names the field."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if (refusal := refusal_of(error, obj)) is None:
            raise
        raise refusal from error


def refusal_of(error, obj=None):
    """The refusal for an IntegrityError: Duplicate, InUse or Invalid; None when it is not of
    the database's making. ``obj`` is the row concerned, by default any of the table that spoke."""
    if isinstance(error, (models.ProtectedError, models.RestrictedError)):
        rows = getattr(error, "protected_objects", None) or error.restricted_objects
        return _in_use(obj, {row._meta.verbose_name_plural for row in rows})
    diagnostics = getattr(error.__cause__, "diag", None)
    if diagnostics is None:
        return None
    if _is_referred_to(diagnostics, obj):
        return _in_use(obj, {(diagnostics.table_name or "").partition("_")[2]})
    obj = obj or _model_of(diagnostics.table_name)
    if diagnostics.sqlstate in {UNIQUE, EXCLUSION}:
        return _duplicate(obj, _fields_named(obj, diagnostics.message_detail or ""))
    return _inconsistent(obj, diagnostics)


def _is_referred_to(diagnostics, obj):
    if diagnostics.sqlstate != REFERENCE:
        return False
    if obj is not None:
        return diagnostics.table_name != obj._meta.db_table
    return "still referenced" in (diagnostics.message_detail or "")


def _duplicate(obj, fields):
    what = " and ".join(fields) or "value"
    errors = {
        field: [_("Another %(kind)s has this already.") % {"kind": _kind(obj)}] for field in fields
    }
    return Duplicate(
        _("Another %(kind)s has the same %(what)s.") % {"kind": _kind(obj), "what": what},
        errors=errors,
    )


def _inconsistent(obj, diagnostics):
    names = {"kind": _kind(obj), "name": diagnostics.constraint_name}
    for constraint in obj._meta.constraints if obj else ():
        if constraint.name == diagnostics.constraint_name:
            errors = {field: [text] for field, text in demands(constraint, obj).items()}
            return Invalid(_summary(errors), errors=errors)
    message = _("The %(kind)s is not consistent (%(name)s).") % names
    fields = _fields_named(obj, diagnostics.message_detail or "")
    return Invalid(message, errors={field: [message] for field in fields})


def _model_of(table):
    return next((model for model in apps.get_models() if model._meta.db_table == table), None)


def _in_use(obj, users):
    return InUse(
        _("This %(kind)s is still used by %(users)s.")
        % {"kind": _kind(obj), "users": ", ".join(sorted(map(str, users)))}
    )


def _fields_named(obj, detail):
    """Fields in ``Key (lower(name::text), maker_id)=(...)``; the words around it may be any's."""
    key = re.search(r"\((.*?)\)=\(", detail)
    words = set(re.findall(r"\w+", key.group(1))) if key else set()
    fields = obj._meta.concrete_fields if obj else ()
    return [field.name for field in fields if field.column in words]


def _kind(obj):
    return obj._meta.verbose_name if obj else "row"


def _check(obj):
    compose_names(obj)
    try:
        obj.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        errors = error.message_dict
        general = errors.pop(NON_FIELD_ERRORS, [])
        raise Invalid("; ".join(general) or _summary(errors), errors=errors) from error


def _summary(errors):
    diagnostics = (
        (humanize_name(field).capitalize(), " ".join(messages))
        for field, messages in errors.items()
    )
    return "; ".join(f"{field}: {messages}" for field, messages in diagnostics)


def _locked(obj):
    rows = obj._meta.model._default_manager.select_for_update(no_key=True, of=("self",))
    return rows.get(pk=obj.pk)


def _auto_now_fields(obj):
    return [field.name for field in obj._meta.concrete_fields if getattr(field, "auto_now", False)]


def _value(obj, name):
    field = obj._meta.get_field(name)
    return getattr(obj, field.attname)


def _all_values(obj):
    names = [field.name for field in obj._meta.concrete_fields if not field.primary_key]
    values = {name: _value(obj, name) for name in names}
    given = {name: [None, value] for name, value in values.items() if value not in (None, "")}
    return _for_audit(obj, given)


def _for_audit(obj, changes):
    """Changes as the audit trail keeps them: without secrets, and what is referred to with its
    name, as in ``{"id": 3, "name": "Shelf A"}``: it may be called otherwise later, or be gone."""
    return {
        name: [HIDDEN, HIDDEN]
        if name in SECRETS
        else [_with_name(obj, name, each) for each in pair]
        for name, pair in changes.items()
    }


def _with_name(obj, name, value):
    field = obj._meta.get_field(name)
    if value is None or not field.is_relation:
        return value
    is_there = value == getattr(obj, field.attname)
    rows, key = field.related_model._base_manager, field.target_field.attname
    row = getattr(obj, name) if is_there else rows.get(**{key: value})
    return {"id": value, "name": str(row)}
