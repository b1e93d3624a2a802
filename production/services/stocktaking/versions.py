"""The version of a review: who posts a stocktake says which one was looked at.

It is the ids of the last record, entry and event there were, a digest of what posting would do, and
one of what it would be worth.
"""

import hashlib
import re

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from inventory.models import InventoryTransaction, SpoolEvent, Stocktake, StocktakeRecord
from production.services.stocktaking.outlook import prospect
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_number

VERSION = re.compile(r"([0-9]{1,18})-([0-9]{1,18})-([0-9]{1,18})-([0-9a-f]{16})-([0-9a-f]{16})")
NAMED = 5  # spools in a sentence


class ReviewChanged(Refusal):
    code = "review_changed"
    title = "The review has changed since it was looked at"


def version_of(stocktake, lines):
    """The version of the review of an open stocktake, by its `outlook.recorded` lines."""
    records = StocktakeRecord.objects.filter(line__stocktake=OuterRef("pk"))
    rows = (records, InventoryTransaction.objects.all(), SpoolEvent.objects.all())
    last = [Subquery(each.order_by("-pk").values("pk")[:1]) for each in rows]
    ids = Stocktake.objects.filter(pk=stocktake.pk).values_list(*last).get()
    return "-".join([*(str(pk or 0) for pk in ids), *_digests(lines)])


def require_same(stocktake, lines, *, seen_version):
    """Raise ReviewChanged, with what changed, where posting would do something else by now."""
    seen = VERSION.fullmatch(seen_version)
    posts, values = _digests(lines)
    if seen and (seen[4], seen[5]) == (posts, values):
        return
    changes = _changes(stocktake, lines, *map(int, seen.groups()[:3])) if seen else []
    if seen and seen[4] == posts:
        changes.append(_("what a gram of these spools costs has changed"))
    more = ["…"] if len(changes) > NAMED else []
    raise ReviewChanged(
        _("The review of stocktake %(pk)s is another by now: %(changes)s. Look at it again.")
        % {
            "pk": stocktake.pk,
            "changes": "; ".join(changes[:NAMED] + more) or _("what is recorded has changed"),
        },
        stocktake_id=stocktake.pk,
    )


def _digests(lines):
    """Of what posting would do, and of its money: what a gram of each spool costs that changes."""
    found = sorted(map(prospect, lines), key=lambda each: each.line.pk)
    posts = [
        (each.line.pk, each.outcome, _grams(each), each.place, each.line.move_to_id or 0)
        for each in found
    ]
    values = [(each.line.pk, str(each.line.rate)) for each in found if each.grams]
    return [hashlib.sha256(repr(rows).encode()).hexdigest()[:16] for rows in (posts, values)]


def _grams(found):
    """What is posted, of what should be counted again where that is confirmed."""
    return str(prospect(found.line, confirm=True).grams)


def _changes(stocktake, lines, record, entry, event):
    """What happened after the records, entries and events with these ids, spool by spool."""
    records = StocktakeRecord.objects.filter(line__stocktake=stocktake, pk__gt=record)
    recorded = set(records.values_list("line", flat=True))
    spools = [line.spool_id for line in lines]
    entries = InventoryTransaction.objects.filter(spool__in=spools, pk__gt=entry)
    events = SpoolEvent.objects.filter(spool__in=spools, pk__gt=event)
    touched = {*entries.values_list("spool", flat=True), *events.values_list("spool", flat=True)}
    found = []
    for each in map(prospect, lines):
        line, code = each.line, each.line.spool.code
        if line.pk in recorded and line.difference_grams is None:
            found.append(f"{code}: {line.get_result_display()}")
        elif line.pk in recorded:
            figures = {"spool": code, "off": format_number(line.difference_grams)}
            found.append(_("%(spool)s was recorded (%(off)s g)") % figures)
        elif line.spool_id in touched and not each.is_as_recorded:
            found.append(f"{code}: {each.what}")
    back = stocktake.lines.filter(pk__in=recorded, result="").select_related("spool")
    text = _("what was recorded of %(spool)s was taken back")
    return found + [text % {"spool": line.spool.code} for line in back]
