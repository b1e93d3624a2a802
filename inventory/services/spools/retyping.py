"""A spool that holds another filament than was said."""

from inventory.services import doubles, held_spools
from inventory.services.spools import shelf, stating
from tenants.operations.operation import operation


@operation("spool.retype")
def retype(spool, *, filament, by, at=None):
    """Let the spool be of another filament; returns it. What was used of it stays; what was on it
    when it was full is the new one's net grams, if it was not known. Raises SpoolClaimed,
    SpoolRemoved."""
    filament = doubles.present(filament)
    with shelf.locked(spool, by=by, at=at, archived_too=True) as (book, fresh):
        if fresh.filament_id != filament.pk:
            shelf.require_unclaimed(fresh)
            before, fresh.filament = fresh.filament, filament
            shelf.write(book, fresh, "filament")
            held_spools.follow([fresh], by=by, at=book.at)
            shelf.record(book, fresh, shelf.Verb.RETYPED, before=before, after=filament)
            if fresh.is_initial_assumed and filament.net_grams:
                stating.restate(book, fresh, filament.net_grams)
    return fresh
