"""Plans many runs at once: the plates of an order, over the printers of a farm.

Every run is made by ``lifecycle.create``. On top of that all of them are made or none, the spools
of all are locked once, and all that is wrong with any of them is reported at once.

Locks are taken in one order everywhere: products, printers by id, spools by id, number counter.
"""

from collections import Counter
from contextlib import suppress

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.services import ledger
from production.models import ProductionRun
from production.services.requirements import bom
from production.services.runs import lifecycle
from tenants.accounts.audited import refusals
from tenants.operations.operation import operation
from tenants.operations.quantities import InvalidQuantity, grams
from tenants.operations.refusals import Invalid, Refusal
from tenants.operations.text import humanize_name

MAX_AT_ONCE = 100
MAX_UNITS = 1_000_000
MAX_PLATES = 10_000  # of a run
COLLECTED = (400, 409)  # what a run may be refused with; the rest is no fault of one run
MAX_CAUSES = 5


class RunsRefused(Refusal):
    """Some of the runs can't be planned, so none was; ``refused`` has which, and why.

    ``refused`` is a list of ``{index, code, detail, ...}`` with the figures of each refusal, the
    index counted from 0. ``shortages`` are those of all runs together: a spool that two runs ask
    for is there once, with what both need. Status 400 where nothing but shapes are wrong.
    """

    code = "runs_refused"
    title = "Not every run can be planned"


class TooManyRuns(Invalid):
    code = "too_many_runs"
    title = "Too many runs at once"


@operation("production_run.create_many")
def create_many(runs, *, by, at=None):
    """Plan 1 to 100 runs, all or none; returns them in the order given.

    ``runs`` are dicts of the arguments of ``lifecycle.create``, without ``by`` and ``at``. Their
    spools are locked up front in the order of their ids, so two of these never deadlock; all runs
    are of one moment. Raises RunsRefused with all refusals of all runs, TooManyRuns, UnknownSpool.
    """
    runs = list(runs)
    if not 0 < len(runs) <= MAX_AT_ONCE:
        error = _("Between 1 and %(most)s.") % {"most": MAX_AT_ONCE}
        message = _("Between 1 and %(most)s runs are planned at once, not %(count)s.")
        message %= {"most": MAX_AT_ONCE, "count": len(runs)}
        raise TooManyRuns(message, errors={"runs": [error]})
    bom.locked({item.product.pk for run in runs for item in run.get("items", ())})
    lines = [line for run in runs for line in run.get("materials") or () if line.spool is not None]
    with ledger.book([line.spool.pk for line in lines], by=by, at=at) as book:
        made, refused = [], {}
        available = {pk: spool.available_grams for pk, spool in book.spools.items()}
        for index, fields in enumerate(runs):
            try:
                with refusals(ProductionRun()):
                    made.append(lifecycle.create(by=by, at=book.at, **fields))
            except Refusal as refusal:
                if refusal.status not in COLLECTED:
                    raise
                refused[index] = refusal
        if refused:
            raise _all_refused(len(runs), refused, _shortages(lines, book.spools, available))
    return made


def _all_refused(count, refused, shortages):
    numbers = {
        "refused": [
            {**refusal.numbers, "index": index, "code": refusal.code, "detail": refusal.detail}
            for index, refusal in refused.items()
        ]
    }
    if any(isinstance(refusal, ledger.InsufficientInventory) for refusal in refused.values()):
        numbers["shortages"] = shortages
    errors = {index: refusal.errors or [refusal.detail] for index, refusal in refused.items()}
    whole = RunsRefused(_summary(refused, count), errors={"runs": errors}, **numbers)
    whole.status = max(refusal.status for refusal in refused.values())
    return whole


def _summary(refused, count):
    """The refusals as sentences: a cause that several runs share is named once."""
    causes = {}
    for index, refusal in refused.items():
        causes.setdefault(refusal.detail, []).append(str(index))
    first = _("%(refused)s of %(count)s runs can't be planned, so none was.")
    sentences = [first % {"refused": len(refused), "count": count}]
    sentences += [f"{', '.join(causes[cause])}: {cause}" for cause in list(causes)[:MAX_CAUSES]]
    if (more := len(causes) - MAX_CAUSES) > 0:
        rest = ngettext("And %(count)s more cause.", "And %(count)s more causes.", more)
        sentences.append(rest % {"count": more})
    return " ".join(sentences)


def _shortages(lines, spools, available):
    """What all runs together claim beyond what was available of each spool."""
    needed = Counter()
    for line in lines:
        with suppress(InvalidQuantity):  # its own run is refused for it
            needed[line.spool.pk] += grams(line.planned_grams) + grams(line.planned_purge_grams)
    return [
        {
            "spool_id": pk,
            "spool_code": spools[pk].code,
            "needed_grams": needed[pk],
            "available_grams": available[pk],
            "missing_grams": needed[pk] - available[pk],
        }
        for pk in sorted(needed)
        if needed[pk] > available[pk]
    ]


def require_count(value, field, most):
    """Raise Invalid unless the value is a whole number from 1 to ``most``."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= most:
        figures = {"field": humanize_name(field).capitalize(), "most": f"{most:,}"}
        raise Invalid(
            _("%(field)s is a whole number between 1 and %(most)s.") % figures,
            errors={field: [_("Between 1 and %(most)s.") % figures]},
        )
