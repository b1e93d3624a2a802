"""Which spools of a table are there already: by their labels, or by what they are like."""

from collections import Counter, defaultdict, deque

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from inventory import codes
from inventory.models import InventoryTransaction, Spool
from inventory.services.tables.report import UNCHANGED


def check_labels(rows, *, again):
    """Refuse labels that are none, or on several rows, or on a spool already; where that is the
    spool of the row, it is there already, unless ``again``."""
    labelled = [row for row in rows if "code" in row.values]
    normal = {row: codes.normalise(row.values["code"]) for row in labelled}
    wanted = Counter(normal.values())
    taken = Spool.objects.taken_codes(wanted)
    owners = Spool.objects.filter(code__in=taken) if not again else ()
    owners = {spool.code: spool for spool in owners}
    for row, code in normal.items():
        owner = owners.get(code)
        if not codes.is_valid(code):
            row.refuse("code", _("This is not a spool code; was it mistyped?"))
        elif wanted[code] > 1:
            figures = {"code": code, "count": wanted[code]}
            row.refuse("code", _("%(code)s is on %(count)s lines.") % figures)
        elif row.values.get("quantity", 1) > 1:
            row.refuse("code", _("One label can't be on several spools: one line for each."))
        elif owner and row.is_ok and _key(owner) == _key(row.instance):
            _leave_out(row, [owner])
        elif code in taken:
            row.refuse("code", _("Spool %(code)s is there already.") % {"code": code})


def leave_out(rows, *, today):
    """Leave out each row for which there is a spool of the same filament, lot, grams and price: one
    received on that day, or, for a row without a day, one that was imported. Of several equal rows
    as many are left out as there are spools; of a row of several spools, as many of these.
    Returns the rows that are left out though several spools are like them."""
    rows = [row for row in rows if "code" not in row.values]
    of_day, imported, used = defaultdict(deque), defaultdict(deque), set()
    days = {row.instance.received_on for row in rows}
    alike = Counter()
    for spool in _standing({row.instance.filament_id for row in rows}, days):
        alike[_key(spool)] += 1
        of_day[_key(spool), spool.received_on].append(spool)
        if spool.is_imported:
            imported[_key(spool)].append(spool)
    keys = {row: _key(row.instance) for row in rows}
    for row, key in keys.items():
        queues = [of_day[key, row.instance.received_on]]
        queues += [imported[key]] if "received_on" not in row.values else []
        found = [spool for _new in row.instances if (spool := _next(queues, used))]
        if len(found) == len(row.instances):
            _leave_out(row, found)
        else:
            del row.instances[: len(found)]
    return {row for row in rows if row.outcome == UNCHANGED and alike[keys[row]] > 1}


def _standing(filaments, days):
    """The spools of these filaments whose receipts stand: imported ones, and those of the days."""
    receipts = InventoryTransaction.objects.filter(spool=OuterRef("pk"), kind="receipt")
    receipts = receipts.not_reversed()
    spools = Spool.objects.filter(Exists(receipts), filament__in=filaments)
    spools = spools.annotate(is_imported=Exists(receipts.filter(source="import")))
    return spools.filter(Q(is_imported=True) | Q(received_on__in=days)).order_by("pk")


def _key(spool):
    return spool.filament_id, spool.lot_number, spool.initial_grams, spool.price


def _next(queues, used):
    for spools in queues:
        while spools:
            spool = spools.popleft()
            if spool.pk not in used:
                used.add(spool.pk)
                return spool
    return None


def _leave_out(row, spools):
    row.outcome, row.instances = UNCHANGED, list(spools)
    names = {"code": spools[0].code, "day": spools[0].received_on}
    row.detail = _("Spool %(code)s, received on %(day)s, is the same: it is there already.") % names
