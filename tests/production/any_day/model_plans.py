"""What planning runs, and changing their lines, does to a `model.Farm`.

Each verb takes the farm first, changes it or raises Refused, and answers what it made.
"""

from tests.production.any_day.model import (
    OPEN,
    ZERO,
    Item,
    Refused,
    Run,
    granted,
    require_distinct,
)


def create(farm, *, lines, quantities, by, has_printer=False, override=""):
    """Lines are ``model.Line``; answers the Run, which has no id yet."""
    overridden = granted(override, by)
    require_distinct(line.spool for line in lines)
    farm.made += 1
    run = Run(farm.made, lines, [Item(quantity) for quantity in quantities], has_printer)
    book = farm.book(overridden=overridden)
    for line in lines:
        if line.spool is not None:
            spool = farm.spools[line.spool]
            if not overridden and not line.fits(spool):
                raise Refused("IncompatibleSpool")
            book.place(line, spool, line.plan)
    book.close()
    run.last_by = by
    return run


def add_material(farm, pk, *, line):
    run = farm.run_for(pk, *OPEN)
    require_distinct([line.spool, *(row.spool for row in run.lines)])
    if line.spool is not None:
        book = farm.book()
        if not line.fits(farm.spools[line.spool]):
            raise Refused("IncompatibleSpool")
        book.place(line, farm.spools[line.spool], line.plan)
        book.close()
    if run.status == "in_progress":
        line.expected, line.planned, line.purge = line.plan, ZERO, ZERO
    run.lines.append(line)
    return line


def change_material(farm, pk, *, line, planned=None, spool=None, drops_spool=False):
    """``planned`` and ``spool`` are what changes, ``drops_spool`` takes the line's away."""
    run = farm.run_for(pk, *OPEN)
    row = next(row for row in run.lines if row.pk == line)
    if run.status == "in_progress" and planned not in (None, row.planned):
        raise Refused("PlanFrozen")
    to = None if drops_spool else (row.spool if spool is None else spool)
    if to == row.spool and planned in (None, row.planned):
        return  # a run that was started before may have a claim of what it took, which stays
    if to is not None:
        require_distinct([to, *(other.spool for other in run.lines if other is not row)])
    claim = row.reserved
    if row.spool is None:
        claim = row.due if row.actual is None else row.took
    if run.status == "planned":
        row.planned = row.planned if planned is None else planned
        claim = row.plan
    book = farm.book()
    if to not in (None, row.spool) and not row.fits(farm.spools[to]):
        raise Refused("IncompatibleSpool")
    book.place(row, None if to is None else farm.spools[to], claim)
    book.close()


def remove_material(farm, pk, *, line):
    run = farm.run_for(pk, *OPEN)
    row = next(row for row in run.lines if row.pk == line)
    farm.book().release([row])
    if run.status == "planned":
        run.lines.remove(row)
    else:
        row.actual, row.actual_purge, row.before, row.after = ZERO, ZERO, None, None
