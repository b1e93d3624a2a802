"""The values that a farm has: materials, article numbers, lots, locations; and their renaming."""

from django.db.models import Case, F, When
from django.utils.translation import gettext as _

from inventory.models import ExtraField, Filament, Spool
from inventory.services import extra_fields, locations
from inventory.services.seeds import OTHER
from production.spoolman import bodies
from production.spoolman.answers import Failure

EXTRA = "extra."
MAX_LOCATION_LENGTH = 64
NOT_OF_SPOOLS = (
    "Cannot rename values of '%(field)s'. Only fields the spool itself owns can be renamed: "
    "location, or 'extra.<spool extra field key>'."
)


def materials(_call):
    code = F("material_type__code")
    written = Case(When(material_label="", then=code), default=F("material_label"))
    rows = Filament.objects.present().exclude(material_label="", material_type__code=OTHER)
    return _distinct(rows.annotate(label=written).values_list("label", flat=True))


def article_numbers(_call):
    return _distinct(Filament.objects.present().values_list("article_number", flat=True))


def lot_numbers(_call):
    return _distinct(Spool.objects.present().values_list("lot_number", flat=True))


def location_names(_call):
    return _distinct(Spool.objects.present().values_list("location__name", flat=True))


def rename_location(call):
    new_name = bodies.read(bodies.RENAME_LOCATION, call.body)["name"]
    _require_short(new_name)
    locations.rename_all(call.parts["name"], new_name=new_name, by=call.client.user)
    return new_name


def rename_value(call):
    given, field = bodies.read(bodies.RENAME_VALUE, call.body), call.parts["field"]
    if field == "location":
        _require_short(given["new_value"])
        new_name = given["new_value"]
        count = locations.rename_all(given["value"], new_name=new_name, by=call.client.user)
    elif field.startswith(EXTRA):
        row = _field(field.removeprefix(EXTRA))
        count = extra_fields.rename_value(row, by=call.client.user, **given)
    else:
        raise Failure(400, NOT_OF_SPOOLS % {"field": field})
    return {"spools_updated": count}


def _field(key):
    found = ExtraField.objects.filter(entity=ExtraField.Entity.SPOOL, key=key).first()
    if found is None:
        raise Failure(400, _("Unknown extra field %(key)s.") % {"key": key})
    return found


def _require_short(name):
    if len(name) > MAX_LOCATION_LENGTH:
        message = _("A location has at most %(most)s characters.")
        raise Failure(400, message % {"most": MAX_LOCATION_LENGTH})


def _distinct(values):
    return sorted(value for value in values.order_by().distinct() if value)
