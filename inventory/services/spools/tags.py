"""Tags on spools: chips that readers know them by."""

from collections import Counter
from itertools import chain

from django.db import connection
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory import uids
from inventory.models import Spool, SpoolEvent, SpoolTag
from inventory.services import ledger
from inventory.services.spools import shelf, tag_values
from tenants.accounts import audited
from tenants.operations.operation import operation
from tenants.operations.refusals import Busy, Duplicate, Invalid

LOCK = "SELECT pg_advisory_xact_lock(hashtext('tag ' || %s), hashtext(current_schema()))"


class InvalidTag(Invalid):
    code = "invalid_tag"
    title = "This is not the UID of a tag"


class UnknownTag(Invalid):
    code = "unknown_tag"
    title = "This tag is not on the spool"


@operation("spool.tag")
def bind(spool, *, uid, by, at=None, kind=SpoolTag.Kind.NFC, moves=False):
    """Put a tag on the spool; returns the SpoolTag. With ``moves`` it may be on another one, as it
    may be on one that was removed: that one's extra values name it no more. Raises InvalidTag,
    Duplicate, SpoolRemoved."""
    uid = _valid(uid)
    lock([uid])
    known = SpoolTag.objects.filter(uid=uid).select_related("spool").first()
    ids = {spool.pk, known.spool_id if known else spool.pk}
    with ledger.book(ids, by=by, at=at) as book:
        fresh = book.spools[spool.pk]
        shelf.require_not_removed(fresh)
        tag = SpoolTag.objects.filter(uid=uid).select_for_update().first()
        if tag and tag.spool_id == fresh.pk:
            return tag
        if tag:
            _take_off(book, tag, moves=moves)
        tag = SpoolTag(spool=fresh, uid=uid, kind=kind, bound_at=book.at)
        with audited.refusals(tag):
            tag.save(force_insert=True)
        shelf.record(book, fresh, shelf.Verb.TAGGED, after=uid)
        book.touch(fresh)
    return tag


@operation("spool.untag")
def unbind(spool, *, uid, by, at=None):
    """Take a tag off the spool; returns the spool. Raises UnknownTag, SpoolRemoved."""
    uid = _valid(uid)
    with shelf.locked(spool, by=by, at=at, archived_too=True) as (book, fresh):
        if not SpoolTag.objects.filter(spool=fresh, uid=uid).delete()[0]:
            names = {"uid": uid, "spool": fresh.code}
            raise UnknownTag(
                _("The tag %(uid)s is not on spool %(spool)s.") % names,
                errors={"uid": [_("Not on this spool.")]},
                spool_id=fresh.pk,
            )
        _forget(book, fresh, uid)
    return fresh


def describe(spool, *, by, at=None, **fields):
    """`shelf.describe`; the tags that ``extra`` names are on the spool then, wherever they were,
    and those that it named before and names no more are off it. Returns it fresh."""
    extra = fields.get("extra") or {}
    if extra.keys().isdisjoint(tag_values.KEYS):
        return shelf.describe(spool, by=by, at=at, **fields)
    named = tag_values.uids_in(extra)
    lock(named)
    others = SpoolTag.objects.filter(uid__in=named).values_list("spool", flat=True)
    before = ledger.locked({spool.pk, *others})[spool.pk].extra
    fresh = shelf.describe(spool, by=by, at=at, **fields)
    left = tag_values.uids_in(fresh.extra)
    for uid in set(tag_values.uids_in(before)).difference(left):
        if fresh.tags.filter(uid=uid).exists():
            fresh = unbind(fresh, uid=uid, by=by, at=at)
    for uid in named:
        bind(fresh, uid=uid, moves=True, by=by, at=at)
    return fresh


def lock_named(extra, spools):
    """Lock the tags that extra values name, then these spools and those that the tags are on."""
    named = tag_values.uids_in(extra)
    lock(named)
    others = SpoolTag.objects.filter(uid__in=named).values_list("spool", flat=True)
    ledger.locked({*spools, *others})


def follow(before, *, by):
    """Let the tags of locked spools follow a change of values of many: ``before`` is
    ``{spool id: extra}``. Those that were named and are named no more are off, and those that only
    one spool names now are on it."""
    spools = Spool.objects.in_bulk(before)
    named = {pk: tag_values.uids_in(spool.extra) for pk, spool in spools.items()}
    gone = {
        (pk, uid)
        for pk, extra in before.items()
        for uid in set(tag_values.uids_in(extra)).difference(named[pk])
    }
    tags = SpoolTag.objects.filter(uid__in={uid for _pk, uid in gone}).order_by("pk")
    tags = [tag for tag in tags if (tag.spool_id, tag.uid) in gone]
    SpoolTag.objects.filter(pk__in=[tag.pk for tag in tags]).delete()
    event = {"verb": shelf.Verb.UNTAGGED, "by": by, "at": timezone.now()}
    SpoolEvent.objects.bulk_create(
        SpoolEvent(spool_id=tag.spool_id, before=tag.uid, **event) for tag in tags
    )
    untagged = Spool.objects.filter(pk__in={tag.spool_id for tag in tags})
    untagged.update(version=F("version") + 1)
    for uid, times in Counter(chain.from_iterable(named.values())).items():
        owner = next(spool for pk, spool in spools.items() if uid in named[pk])
        if times == 1 and not owner.is_removed:
            bind(owner, uid=uid, moves=True, by=by)


def found(uids_of_tags):
    """The spool that the first of these tags that is on one is on, or None."""
    spools = (Spool.objects.tagged(uid).first() for uid in uids_of_tags)
    return next(filter(None, spools), None)


def lock(uids_of_tags):
    """Nobody else puts these tags on a spool until the transaction ends; before locks of spools."""
    with connection.cursor() as cursor:
        for uid in sorted(uids_of_tags):
            cursor.execute(LOCK, [uid])


def _take_off(book, tag, *, moves):
    other = book.spools.get(tag.spool_id)
    if other is None:  # a merge moved it at this moment
        raise Busy()
    if not moves and not other.is_removed:
        names = {"uid": tag.uid, "spool": other.code}
        raise Duplicate(
            _("The tag %(uid)s is on spool %(spool)s: take it off there first.") % names,
            errors={"uid": [_("On another spool.")]},
            spool_id=other.pk,
        )
    tag.delete()
    _forget(book, other, tag.uid)


def _forget(book, spool, uid):
    """What remains to be done with a spool that the tag was taken off."""
    shelf.record(book, spool, shelf.Verb.UNTAGGED, before=uid)
    extra = tag_values.without(spool.extra, uid)
    if extra != spool.extra:
        spool.extra = extra
        shelf.write(book, spool, "extra")
    book.touch(spool)


def _valid(uid):
    uid = uids.normalise(uid)
    if not tag_values.is_uid(uid):
        raise InvalidTag(
            _("The UID of a tag has 1 to %(most)s characters that can be seen.")
            % {"most": tag_values.MAX_LENGTH},
            errors={"uid": [_("Not the UID of a tag.")]},
        )
    return uid
