"""The farm's own fields of manufacturers, filaments and spools."""

import json

from django.db import connection
from django.db.models import F, Func, JSONField, Max, TextField, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from inventory.models import ExtraField, Filament, Manufacturer, Spool
from inventory.services import extra_values
from inventory.services.spools import tag_values, tags
from tenants.accounts import audited
from tenants.live.announcing import announce
from tenants.operations.operation import operation
from tenants.operations.refusals import Duplicate, Invalid

MAX_FIELDS = 128  # of an entity
Entity, Type = ExtraField.Entity, ExtraField.Type
TEXTS = (Type.TEXT, Type.DATETIME, Type.CHOICE)
ROWS = {Entity.VENDOR: Manufacturer, Entity.FILAMENT: Filament, Entity.SPOOL: Spool}


class ExtraFieldInvalid(Invalid):
    code = "extra_field_invalid"
    title = "This can't be a field"


class WithoutKey(Func):
    arg_joiner, template = " - ", "(%(expressions)s)"
    output_field = JSONField()


class WithValue(Func):
    """JSON with a text at a key: ``WithValue(F("extra"), key, text)``."""

    template = "JSONB_SET(%(expressions)s)"
    output_field = JSONField()

    def __init__(self, column, key, value):
        path = Func(key, template="ARRAY[%(expressions)s]", output_field=TextField())
        text = Func(value, function="TO_JSONB", output_field=JSONField())
        super().__init__(column, path, text)


@operation("extra_field.define")
def define(entity, key, *, by, only_new=False, **fields):
    """Make a field, or change the one of the key, and put it last; returns it. Raises
    ExtraFieldInvalid, Invalid; with ``only_new`` Duplicate where there is one of the key."""
    _lock()
    of_entity = ExtraField.objects.filter(entity=entity)
    found = of_entity.filter(key=key).first()
    if found and only_new:
        message = _("There is a field with the key %(key)s already: %(name)s.")
        message %= {"key": key, "name": found.name}
        raise Duplicate(message, errors={"key": [message]})
    new = ExtraField(entity=entity, key=key, **fields)
    _check(new, found)
    if found is None and of_entity.count() >= MAX_FIELDS:
        raise ExtraFieldInvalid(_("At most %(most)s fields are allowed.") % {"most": MAX_FIELDS})
    last = of_entity.aggregate(last=Max("position"))["last"] or 0
    values = {name: getattr(new, name) for name in fields} | {"position": last + 1}
    announce("setting", key=setting_of(entity))
    if found is None:
        return audited.create(new, by=by, position=last + 1)
    return audited.update(found, by=by, **values)


@operation("extra_field.drop")
def drop(field, *, by):
    """Take a field away, with all its values, and the tags that these name."""
    _lock()
    rows = rows_with_values(field)
    before = _before(field, rows.order_by("pk").select_for_update(no_key=True))
    rows.update(extra=WithoutKey(F("extra"), _text(field.key)))
    tags.follow(before, by=by)
    audited.delete(field, by=by)
    announce("setting", key=setting_of(field.entity))


def setting_of(entity):
    """What clients of the printers' API call the fields of an entity."""
    return f"extra_fields_{entity}"


@operation("extra_field.rename_value")
def rename_value(field, *, value, new_value, by):
    """Give a new value to all spools that have this very ``value``, archived ones too; returns how
    many. A tag that the value names is on a spool only where it is the only one. Raises
    ExtraFieldInvalid."""
    if field.entity != Entity.SPOOL:
        raise ExtraFieldInvalid(_("Only values of spools can be renamed."))
    if field.multi_choice:
        message = _("Values of a field with several choices can't be renamed.")
        raise ExtraFieldInvalid(message)
    new = _encoded(field, new_value)
    if problem := extra_values.problem_of(field, new):
        raise ExtraFieldInvalid(problem)
    spools = Spool.objects.present().filter(extra__has_key=field.key)
    raws = {extra[field.key] for extra in spools.values_list("extra", flat=True)}
    same = [raw for raw in raws if _is_same(field, raw, value)]
    ids = spools.filter(**{f"extra__{field.key}__in": same}).order_by("pk")
    if _names_tags(field):
        tags.lock_named({field.key: new}, ids.values_list("pk", flat=True))
    ids = list(ids.select_for_update(no_key=True).values_list("pk", flat=True))
    renamed = Spool.objects.filter(pk__in=ids)
    before = renamed.with_filament().order_by("pk")
    audited.audit_changes(
        [(spool, {"extra": [spool.extra, spool.extra | {field.key: new}]}) for spool in before],
        by=by,
    )
    names = _before(field, before)
    changed = WithValue(F("extra"), _text(field.key), _text(new))
    count = renamed.update(extra=changed, version=F("version") + 1)
    tags.follow(names, by=by)
    return count


def rows_with_values(field):
    """The rows that have a value of the field, removed ones too."""
    return ROWS[field.entity].objects.filter(extra__has_key=field.key)


def values(field):
    """The texts that a field has, in order."""
    rows = ROWS[field.entity].objects.present().filter(extra__has_key=field.key)
    found = set()
    for extra in rows.order_by().values_list("extra", flat=True):
        content = extra_values.decoded(extra[field.key])
        texts = content if isinstance(content, list) else [content]
        found.update(each for each in texts if isinstance(each, str) and each)
    return sorted(found)


def _check(new, found):
    """Raises ExtraFieldInvalid."""
    if problem := _problem(new) or (found and _problem_of_change(found, new)):
        raise ExtraFieldInvalid(problem)
    default = new.default_value
    if default is not None and (problem := extra_values.problem_of(new, default)):
        message = _("Default value is not valid: %(problem)s")
        raise ExtraFieldInvalid(message % {"problem": problem})


def _problem(new):
    if new.field_type == Type.CHOICE:
        if not new.choices:
            return _("Choices must be set for choice fields.")
        is_given = new.multi_choice is not None
        return "" if is_given else _("Multi choice must be set for choice fields.")
    if new.choices is not None:
        return _("Choices must not be set for non-choice fields.")
    is_given = new.multi_choice is not None
    return _("Multi choice must not be set for non-choice fields.") if is_given else ""


def _problem_of_change(found, new):
    if found.field_type != new.field_type:
        return _("Field type cannot be changed.")
    if found.multi_choice != new.multi_choice:
        return _("Multi choice cannot be changed.")
    if set(found.choices or []) - set(new.choices or []):
        return _("Cannot remove existing choices.")
    return ""


def _encoded(field, value):
    """The JSON of a value that is given as a text."""
    return json.dumps(value, ensure_ascii=False) if field.field_type in TEXTS else value


def _is_same(field, raw, value):
    return (extra_values.decoded(raw) if field.field_type in TEXTS else raw) == value


def _names_tags(field):
    return field.entity == Entity.SPOOL and field.key in tag_values.KEYS


def _before(field, rows):
    """``{id: extra}`` of the rows, where the field's values name tags."""
    return dict(rows.values_list("pk", "extra")) if _names_tags(field) else {}


def _text(value):
    return Cast(Value(value), TextField())


def _lock():
    """Until the end of the transaction: fields are counted, and ordered."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE inventory_extrafield IN SHARE ROW EXCLUSIVE MODE")
