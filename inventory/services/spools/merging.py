"""Two spools of the book that are one reel, such as one that a bridge made of a tag it didn't know.

Entries stay with the spool they were posted for, so that what runs took counts once. The target is
adjusted to what is on the reel, and the double to 0: the two adjustments together take its receipt
back.
"""

from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import InventoryTransaction, Spool, SpoolMerge, SpoolTag
from inventory.services import held_spools, ledger
from inventory.services.spools import carrying, reckoning, shelf
from inventory.services.spools.consumption import require_reason
from inventory.services.spools.returned import require_not_returned
from tenants.operations.operation import operation, with_dry_run
from tenants.operations.refusals import Invalid, Refusal
from tenants.operations.text import format_moment
from tenants.operations.versions import check_version

MERGED = "merged"  # the reason of the entries
TAKEN_BACK = "merge taken back"
Verb = shelf.Verb


class SameSpool(Invalid):
    code = "same_spool"
    title = "A spool can't be merged into itself"


class OtherFilament(Refusal):
    code = "other_filament"
    title = "The spools are of different filaments"


class NotMerged(Refusal):
    code = "not_merged"
    title = "The spool was not merged"


class ChangedSinceMerge(Refusal):
    code = "changed_since_merge"
    title = "The spool was weighed, archived or merged since"


@with_dry_run
@operation("spool.merge")
def merge(spool, *, double, reason, by, at=None, confirm=False):
    """Book that ``double`` is the same reel as the spool; returns the SpoolMerge.

    What the double gave is booked on the spool, or the balance of whichever was weighed last: see
    `reckoning`. The double is empty, archived and removed, and its labels and tags lead to the
    spool, which takes what it has no value of. ``confirm`` merges spools of different filaments.
    Raises SameSpool, OtherFilament, SpoolClaimed, SpoolLoaded, SpoolArchived, SpoolRemoved, Stale,
    ReasonMissing.
    """
    reason = require_reason(reason)
    if spool.pk == double.pk:
        raise SameSpool(
            _("Spool %(spool)s is the same one: name its double.") % {"spool": spool.code},
            errors={"double": [_("The same spool.")]},
        )
    further = Spool.objects.filter(merged_into=double.pk).order_by("pk")
    with ledger.book([spool.pk, double.pk, *_ids(further)], by=by, at=at) as book:
        target, other = book.spools[spool.pk], book.spools[double.pk]
        check_version(target)
        _require_mergeable(target, other, confirm=confirm)
        found = reckoning.of(target, other)
        entries = _post(book, target, other, found, note=_note(target, other, reason))
        before = {
            "target": carrying.carry_over(book, target, other, found),
            "double": carrying.stored(other, ("archived_at", "removed_at")),
            "tags": _move_tags(book, target, other),
            "doubles": _ids(further),
        }
        _put_away(book, target, other)
    Spool.objects.filter(pk__in=[other.pk, *before["doubles"]]).update(merged_into=target)
    held_spools.follow([target, other], by=by, at=book.at)
    before["entries"] = [entry.pk for entry in entries]
    done = SpoolMerge(
        target=target, double=other, reason=reason, explanation=str(found), before=before
    )
    done.by, done.at, done.entries = by, book.at, entries
    done.save(force_insert=True)
    return done


@operation("spool.unmerge")
def unmerge(spool, *, by, at=None):
    """Take back that the spool was merged into another; returns the SpoolMerge.

    Entries, dates, labels, tags and values are as before; what was done to the other spool since
    stays. Raises NotMerged, ChangedSinceMerge, InsufficientInventory.
    """
    done = SpoolMerge.objects.filter(double=spool.pk, undone_at=None).first()
    if done is None:
        raise _not_merged(spool)
    with ledger.book([done.target_id, spool.pk, *done.before["doubles"]], by=by, at=at) as book:
        done.refresh_from_db()
        target, other = book.spools[done.target_id], book.spools[spool.pk]
        if done.undone_at is not None:
            raise _not_merged(spool)
        _require_unchanged(target, done)
        for each in (book.spools[pk] for pk in done.before["doubles"]):
            each.merged_into = other
            shelf.write(book, each, "merged_into")
        other.merged_into = None
        carrying.restore(other, done.before["double"])
        shelf.write(book, other, "merged_into", "archived_at", "removed_at")
        for entry in InventoryTransaction.objects.filter(pk__in=done.before["entries"]):
            book.reverse(entry, reason=TAKEN_BACK)
        carrying.take_back(book, target, done.before["target"])
        _bring_back(book, target, other, done)
        held_spools.follow([target, other], by=by, at=book.at)
        done.undone_at = book.at
        done.save(update_fields=["undone_at"])
    done.target, done.double = target, other
    return done


def _post(book, target, other, found, *, note):
    """The entries of the book that make the kept spool what is left, and the double empty."""
    first, change = len(book.entries), found.left_grams - target.remaining_grams
    if change:
        stated = found.stated if found.basis == other else None
        seen = {"is_counted": True, "occurred_at": stated.occurred_at} if stated else {}
        book.adjust(target, change, reason=MERGED, note=note, **seen)
    if other.remaining_grams:
        book.adjust(other, -other.remaining_grams, reason=MERGED, note=note)
    return book.entries[first:]


def _note(target, other, reason):
    names = {"double": other.code, "target": target.code, "reason": reason}
    return _("%(double)s is the same reel as %(target)s: %(reason)s") % names


def _move_tags(book, target, other):
    tags = list(SpoolTag.objects.filter(spool=other).order_by("pk"))
    for tag in tags:
        shelf.record(book, other, Verb.UNTAGGED, before=tag.uid)
        shelf.record(book, target, Verb.TAGGED, after=tag.uid)
    SpoolTag.objects.filter(spool=other).update(spool=target)
    return [tag.pk for tag in tags]


def _put_away(book, target, other):
    other.removed_at = book.at
    if not other.is_archived:
        other.archived_at = book.at
        shelf.record(book, other, Verb.ARCHIVED, after="0 g")
    shelf.write(book, other, "archived_at", "removed_at")
    shelf.record(book, other, Verb.MERGED, after=target.code)
    shelf.record(book, target, Verb.MERGED, before=other.code)


def _bring_back(book, target, other, done):
    for tag in SpoolTag.objects.filter(pk__in=done.before["tags"], spool=target):
        shelf.record(book, target, Verb.UNTAGGED, before=tag.uid)
        shelf.record(book, other, Verb.TAGGED, after=tag.uid)
    SpoolTag.objects.filter(pk__in=done.before["tags"], spool=target).update(spool=other)
    shelf.record(book, other, Verb.UNMERGED, before=target.code)
    if not other.is_archived:
        shelf.record(book, other, Verb.RESTORED)
    shelf.record(book, target, Verb.UNMERGED, after=other.code)


def _require_mergeable(target, other, *, confirm):
    for each in (target, other):
        shelf.require_not_removed(each)
    require_not_returned([target])
    if target.is_archived:
        raise ledger.SpoolArchived(
            _("Spool %(spool)s is archived: restore it first, or keep the other one.")
            % {"spool": target.code},
            spool_id=target.pk,
        )
    shelf.require_unclaimed(other)
    shelf.require_unloaded(other, _("take it out before it is merged"))
    if target.filament_id != other.filament_id and not confirm:
        names = {"target": target.code, "double": other.code}
        names |= {"its": target.filament, "others": other.filament}
        raise OtherFilament(
            _(
                "Spool %(target)s is of %(its)s, spool %(double)s of %(others)s: confirm that they "
                "are the same reel."
            )
            % names,
            spool_id=target.pk,
            double_id=other.pk,
        )


def _require_unchanged(target, done):
    counts = InventoryTransaction.objects.counts().filter(spool=target, created_at__gt=done.at)
    counted = counts.order_by("-pk").first()
    if counted is None and not target.is_archived:
        return
    names = {"spool": target.code, "moment": format_moment(timezone.now())}
    if target.merged_into_id is not None:
        message = _("Spool %(spool)s was merged into another since: take that back first.")
    elif target.is_archived:
        message = _("Spool %(spool)s was archived since: restore it first.")
    else:
        names["moment"] = format_moment(counted.created_at)
        message = _(
            "Spool %(spool)s was counted %(moment)s, after the merge: taking it back would change "
            "what was counted. Reverse that count first, or receive the other reel anew."
        )
    raise ChangedSinceMerge(message % names, spool_id=target.pk)


def _not_merged(spool):
    return NotMerged(
        _("Spool %(spool)s was not merged into another.") % {"spool": spool.code},
        spool_id=spool.pk,
    )


def _ids(rows):
    return list(rows.values_list("pk", flat=True))
