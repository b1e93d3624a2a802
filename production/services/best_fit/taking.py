"""Takes what was proposed: lines get their spools, and reserve them.

Each run is changed as a whole or not at all: what can't be done any more is left out, with its
reason. Everything is locked at once, in the order of all verbs.
"""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.services import ledger
from production.models import ProductionRun
from production.services import run_state
from production.services.requirements import claims, corrected, limits, twin_claims
from production.services.requirements.twin_claims import Share
from tenants.operations.bulk import bulk_update
from tenants.operations.operation import operation
from tenants.operations.refusals import Invalid, Refusal

MOST = 1_000  # lines at once
MOST_SPOOLS = 20  # of a line


class AlreadyHasSpool(Refusal):
    code = "already_has_spool"
    title = "The material has a spool by now"


@dataclass(frozen=True)
class Taken:
    """What became of a run: the lines that have spools now, or why there are none."""

    run: ProductionRun
    lines: list
    refusal: Refusal | None = None

    @property
    def ids(self):
        return [line.pk for line in self.lines]


@operation("production_run.take_proposals")
def take(chosen, *, by, at=None):
    """Reserve spools for lines of planned runs: ``chosen`` is ``[(RunMaterial, [Spool, ...])]``,
    several where they follow each other. Returns a Taken for each run, in the order in which they
    are named. Raises Invalid where a line is named twice, or too many are."""
    _require_once([line.pk for line, _spools in chosen])
    of_run = {}
    for line, spools in chosen:
        of_run.setdefault(line.run_id, []).append((line, spools))
    run_state.lock_many(of_run, {spool.pk for _line, spools in chosen for spool in spools})
    at = at or timezone.now()  # one for all: they are undone together
    runs = ProductionRun.objects.in_bulk(of_run)
    done = []
    for pk, mine in of_run.items():
        try:
            done.append(Taken(runs[pk], assign_spools(runs[pk], mine, by=by, at=at)))
        except Refusal as refusal:
            done.append(Taken(runs[pk], [], refusal))
        except ProductionRun.DoesNotExist:
            gone = run_state.NotInRun(_("Run %(run)s was deleted.") % {"run": runs[pk].number})
            done.append(Taken(runs[pk], [], gone))
    return done


@operation("production_run.assign_spools")
def assign_spools(run, chosen, *, by, at=None):
    """Give lines of a planned run the spools that are chosen for them, as `take` does, and reserve
    these; returns the lines, those of spools that follow among them.

    Raises InvalidRunStatus, NotInRun, AlreadyHasSpool, DuplicateSpool, IncompatibleSpool,
    LimitExceeded, InsufficientInventory, SpoolHeld.
    """
    run = run_state.lock(run, "assign_spools")
    lines = run_state.lock_lines(run)
    by_id = {line.pk: line for line in lines}
    chosen = [(by_id.get(line.pk), spools) for line, spools in chosen]
    _require_bare(run, chosen)
    named = [spool.pk for _line, spools in chosen for spool in spools]
    claims.require_distinct([*named, *(line.spool_id for line in lines)])
    with ledger.book(named, by=by, at=at) as book:
        claims.require_not_held(book, [book.spools[pk] for pk in named])
        first = {line.pk: book.spools[spools[0].pk] for line, spools in chosen}
        remark = corrected.follow_spools(run, lines, first, book.spools)
        following = []
        for line, spools in chosen:
            following += _following(book, line, [book.spools[spool.pk] for spool in spools])
            claims.require_match(line, first[line.pk])
            claims.place(book, line, first[line.pk], line.planned_total_grams)
        after = [*lines, *following]
        limits.require_within(run, run_state.items_of(run), after, book.spools)
        bulk_update(lines, ("spool", "reserved_grams", *corrected.FIELDS))
        for line in following:
            line.save(force_insert=True)
            run.changes.add(line)
    run_state.save(run, "assign_spools", by=by, at=book.at, reason=remark)
    return [*(line for line, _spools in chosen), *following]


def _following(book, line, spools):
    """Lines for the spools that follow the first one: each gives all that is available, the last
    the rest. The line keeps what the first one gives."""
    rest, new = line.planned_total_grams - spools[0].available_grams, []
    for spool in spools[1:]:
        part = rest if spool is spools[-1] else min(rest, spool.available_grams)
        if part > 0:
            claims.require_match(line, spool)
            new.append(twin_claims.following(line, Share(None, spool, part)))
            book.change_claim(spool, ledger.ZERO, part)
            rest -= part
    return new


def _require_once(ids):
    if len(ids) > MOST:
        text = _("At most %(most)s materials at once, not %(count)s.")
        raise Invalid(text % {"most": MOST, "count": len(ids)})
    if twice := sorted({pk for pk in ids if ids.count(pk) > 1}):
        text = _("Material %(twice)s is named twice.")
        raise Invalid(text % {"twice": ", ".join(map(str, twice))})


def _require_bare(run, chosen):
    """Raise NotInRun, AlreadyHasSpool for lines that can't get these spools."""
    if any(line is None for line, _spools in chosen):
        text = _("A material of run %(run)s was removed meanwhile.") % {"run": run.number}
        raise run_state.NotInRun(text)
    for line, _spools in chosen:
        if line.spool_id is not None:
            figures = {"run": run.number, "material": line.filament or line.material_type}
            text = _("%(material)s of run %(run)s has a spool by now.") % figures
            raise AlreadyHasSpool(text, material_id=line.pk, spool_id=line.spool_id)
