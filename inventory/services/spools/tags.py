"""Tags on spools: chips that readers know them by."""

from django.utils.translation import gettext as _

from inventory import uids
from inventory.models import Spool, SpoolTag
from inventory.services import ledger
from inventory.services.spools import shelf
from tenants.accounts import audited
from tenants.operations.operation import operation
from tenants.operations.refusals import Duplicate, Invalid

MAX_LENGTH = SpoolTag._meta.get_field("uid").max_length


class InvalidTag(Invalid):
    code = "invalid_tag"
    title = "This is not the UID of a tag"


class UnknownTag(Invalid):
    code = "unknown_tag"
    title = "This tag is not on the spool"


@operation("spool.tag")
def bind(spool, *, uid, by, at=None, kind=SpoolTag.Kind.NFC, moves=False):
    """Put a tag on the spool; returns the SpoolTag. With ``moves`` it may be on another one, as it
    may be on one that was removed. Raises InvalidTag, Duplicate, SpoolRemoved."""
    uid = _valid(uid)
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
        shelf.record(book, fresh, shelf.Verb.UNTAGGED, before=uid)
        book.touch(fresh)
    return fresh


def _take_off(book, tag, *, moves):
    other = book.spools.get(tag.spool_id) or Spool.objects.get(pk=tag.spool_id)
    if not moves and not other.is_removed:
        names = {"uid": tag.uid, "spool": other.code}
        raise Duplicate(
            _("The tag %(uid)s is on spool %(spool)s: take it off there first.") % names,
            errors={"uid": [_("On another spool.")]},
            spool_id=other.pk,
        )
    tag.delete()
    shelf.record(book, other, shelf.Verb.UNTAGGED, before=tag.uid)


def _valid(uid):
    uid = uids.normalise(uid)
    if not uid or len(uid) > MAX_LENGTH or not uid.isprintable():
        raise InvalidTag(
            _("The UID of a tag has 1 to %(most)s characters that can be seen.")
            % {"most": MAX_LENGTH},
            errors={"uid": [_("Not the UID of a tag.")]},
        )
    return uid
