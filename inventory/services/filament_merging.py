"""Two filaments of the catalogue that are one, such as one that a bridge made beside the first.

What refers to the double refers to the filament that is kept: spools, bills of materials, what
planned runs ask for, tags. No grams move, and what closed runs recorded stays.
"""

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.models import Filament, FilamentMerge, Manufacturer, Spool, SpoolEvent, UnboundTag
from inventory.services import doubles, filament_references, held_spools, ledger
from inventory.services.spools import carrying
from inventory.services.spools.consumption import require_reason
from tenants.accounts import audited
from tenants.live.announcing import ADDED, DELETED, announce
from tenants.operations.operation import operation, with_dry_run
from tenants.operations.refusals import Invalid, Refusal

COLORS = ("color_hex", "multi_color_hexes", "multi_color_direction")
IF_EMPTY = (
    *("manufacturer", "name", "color_name", "finish", "net_grams", "tare_grams"),
    *("nozzle_temp", "bed_temp", "article_number", "gtin", "external_id"),
    *("reorder_point_grams", "comment"),
)
CARRIED = (*IF_EMPTY, *COLORS, "price", "extra")
EMPTY = (None, "", [])
Verb = SpoolEvent.Verb
TEXT_LENGTH = 200


class SameFilament(Invalid):
    code = "same_filament"
    title = "A filament can't be merged into itself"


class OtherMaterial(Refusal):
    code = "other_material"
    title = "The filaments are of different materials or diameters"


class FilamentRemoved(Refusal):
    code = "filament_removed"
    title = "The filament is removed"


class FilamentNotMerged(Refusal):
    code = "filament_not_merged"
    title = "The filament was not merged"


class ChangedSinceFilamentMerge(Refusal):
    code = "changed_since_filament_merge"
    title = "The filament was merged since"


@with_dry_run
@operation("filament.merge")
def merge(filament, *, double, reason, by, at=None, confirm=False):
    """Book that ``double`` is the same filament; returns the FilamentMerge.

    Spools, bills of materials, planned runs and tags of the double are of the filament, which takes
    what it has no value of; the double is removed, and its number, GTIN, article number, external
    id and names lead to the filament. ``confirm`` merges other materials and diameters. Raises
    SameFilament, OtherMaterial, FilamentRemoved, FilamentMerged, FilamentPrinting, SpoolClaimed,
    ReasonMissing.
    """
    reason = require_reason(reason)
    if filament.pk == double.pk:
        raise SameFilament(
            _("%(filament)s is the same one: name its double.") % {"filament": filament},
            errors={"double": [_("The same filament.")]},
        )
    filament_references.lock(filament, double)
    target, other = _locked(filament, double)
    _require_mergeable(target, other, confirm=confirm)
    at = at or timezone.now()
    before, sentences = filament_references.move(target, other, by=by, at=at)
    before["spools"] = _move_spools(target, other, other.spools, by=by, at=at)
    before["tags"] = _moved(UnboundTag.objects.filter(filament=other), filament=target)
    before["doubles"] = _moved(Filament.objects.filter(merged_into=other), merged_into=target)
    before["target"] = _carry_over(target, other, by=by, at=at)
    _put_away(target, other, by=by, at=at)
    held_spools.follow(_spools_of(target, other), by=by, at=at)
    explanation = _explanation(target, other, before, sentences)
    done = FilamentMerge(target=target, double=other, reason=reason, explanation=explanation)
    done.before, done.by, done.at = before, by, at
    done.save(force_insert=True)
    return done


@operation("filament.unmerge")
def unmerge(filament, *, by, at=None):
    """Take back that the filament was merged into another; returns the FilamentMerge.

    What went over goes back where nobody changed it since; what came to the other filament since
    stays there. Raises FilamentNotMerged, ChangedSinceFilamentMerge, SpoolClaimed,
    BillChangedSinceMerge.
    """
    done = FilamentMerge.objects.filter(double=filament.pk, undone_at=None).first()
    if done is None:
        raise _not_merged(filament)
    filament_references.lock(done.target, filament)
    target, other = _locked(done.target, filament)
    done.refresh_from_db()
    if done.undone_at is not None:
        raise _not_merged(other)
    _require_unmerged(target)
    at, before = at or timezone.now(), done.before
    _bring_back(target, other, by=by, at=at)
    filament_references.put_back(target, other, before, by=by, at=at)
    returning = Spool.objects.filter(pk__in=before["spools"], filament=target)
    _move_spools(other, target, returning, by=by, at=at)
    _moved(UnboundTag.objects.filter(pk__in=before["tags"], filament=target), filament=other)
    further = Filament.objects.filter(pk__in=before["doubles"], merged_into=target)
    _moved(further, merged_into=other)
    _take_back(target, before["target"], by=by, at=at)
    held_spools.follow(_spools_of(target, other), by=by, at=at)
    done.undone_at = at
    done.save(update_fields=["undone_at"])
    done.target, done.double = target, other
    return done


def _locked(target, double):
    rows = Filament.objects.filter(pk__in=(target.pk, double.pk)).with_makers().order_by("pk")
    found = {row.pk: row for row in rows.select_for_update(no_key=True, of=("self",))}
    return found[target.pk], found[double.pk]


def _move_spools(target, other, spools, *, by, at):
    """Let these spools of the other be of the target; returns their ids."""
    ids = list(spools.order_by("pk").values_list("pk", flat=True))
    if not ids:
        return []
    with ledger.book(ids, by=by, at=at) as book:
        filament_references.require_free(ids)
        moved = [spool for spool in book.spools.values() if spool.filament_id == other.pk]
        for spool in moved:
            spool.filament = target
            book.touch(spool)
        Spool.objects.filter(pk__in=[spool.pk for spool in moved]).update(filament=target)
        texts = {"before": str(other)[:TEXT_LENGTH], "after": str(target)[:TEXT_LENGTH]}
        SpoolEvent.objects.bulk_create(
            SpoolEvent(spool=spool, verb=Verb.RETYPED, by=by, at=at, **texts) for spool in moved
        )
    return [spool.pk for spool in moved]


def _spools_of(*filaments):
    return Spool.objects.filter(filament__in=filaments).order_by("pk")


def _moved(rows, **values):
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    rows.model.objects.filter(pk__in=ids).update(**values)
    return ids


def _carry_over(target, other, *, by, at):
    """Give the target what only its double has; returns ``{field: [before, after]}``, as JSON. A
    price is of so many grams."""
    given = {
        name: getattr(other, name)
        for name in IF_EMPTY
        if getattr(target, name) in EMPTY and getattr(other, name) not in EMPTY
    }
    if not target.hexes and other.hexes:
        given |= {name: getattr(other, name) for name in COLORS}
    if target.price is None and given.get("net_grams", target.net_grams) == other.net_grams:
        given["price"] = other.price
    given["extra"] = {**other.extra, **target.extra}
    before = _stored(target)
    now = _stored(audited.update(target, by=by, at=at, **given))
    return {name: [before[name], now[name]] for name in CARRIED if before[name] != now[name]}


def _take_back(target, changes, *, by, at):
    """Put back what `_carry_over` changed and nobody has changed since."""
    same = carrying.unchanged_since(changes, now=_stored(target))
    if not set(COLORS) & changes.keys() <= same.keys():
        same = {name: value for name, value in same.items() if name not in COLORS}
    if same:
        audited.update(target, by=by, at=at, **_read(same))


def _stored(filament):
    """The values of what may be carried over as JSON has them."""
    values = {name: filament.serializable_value(name) for name in CARRIED}
    plain = (bool, int, str, dict, list, type(None))
    return {n: value if isinstance(value, plain) else str(value) for n, value in values.items()}


def _read(values):
    found = {name: Filament._meta.get_field(name).to_python(each) for name, each in values.items()}
    if pk := found.pop("manufacturer", None):
        found["manufacturer"] = Manufacturer.objects.get(pk=pk)
    elif "manufacturer" in values:
        found["manufacturer"] = None
    return found


def _put_away(target, other, *, by, at):
    other.removed_at, other.merged_into = at, target
    other.save(update_fields=["removed_at", "merged_into"])
    audited.audit("merge", other, by=by, at=at, changes={"merged_into": [None, _named(target)]})
    audited.audit("merge", target, by=by, at=at, changes={"double": [None, _named(other)]})
    announce("filament", DELETED, id=other.pk)


def _bring_back(target, other, *, by, at):
    other.removed_at = other.merged_into = None
    other.save(update_fields=["removed_at", "merged_into"])
    audited.audit("unmerge", other, by=by, at=at, changes={"merged_into": [_named(target), None]})
    audited.audit("unmerge", target, by=by, at=at, changes={"double": [_named(other), None]})
    announce("filament", ADDED, id=other.pk)


def _named(filament):
    return {"id": filament.pk, "name": str(filament)}


def _explanation(target, other, before, sentences):
    count = len(before["spools"])
    spools = ngettext("%(count)s spool of it", "%(count)s spools of it", count) % {"count": count}
    parts = [spools, *sentences]
    if carried := [name for name in before["target"] if name != "extra"]:
        labels = (str(Filament._meta.get_field(name).verbose_name) for name in carried)
        fields = _("%(target)s had no %(fields)s and takes its") % {
            "target": target,
            "fields": ", ".join(labels),
        }
        parts.append(fields)
    names = {"double": other, "target": target, "parts": "; ".join(parts)}
    return _("%(double)s is %(target)s from now on: %(parts)s.") % names


def _require_mergeable(target, other, *, confirm):
    for each in (target, other):
        doubles.require_filament_not_merged(each)
        if each.is_removed:
            raise FilamentRemoved(
                _("%(filament)s is removed: restore it first.") % {"filament": each},
                filament_id=each.pk,
            )
    if not confirm and _made(target) != _made(other):
        names = {"target": target, "double": other, "its": _made(target), "others": _made(other)}
        raise OtherMaterial(
            _(
                "%(target)s is %(its)s, %(double)s is %(others)s: confirm that they are the same "
                "filament."
            )
            % names,
            filament_id=target.pk,
            double_id=other.pk,
        )


def _made(filament):
    return f"{filament.material_type} {filament.diameter_mm.normalize():f} mm"


def _require_unmerged(target):
    if target.merged_into_id is not None:
        names = {"target": target, "further": target.merged_into}
        raise ChangedSinceFilamentMerge(
            _("%(target)s was merged into %(further)s since: take that back first.") % names,
            filament_id=target.pk,
        )


def _not_merged(filament):
    return FilamentNotMerged(
        _("%(filament)s was not merged into another.") % {"filament": filament},
        filament_id=filament.pk,
    )
