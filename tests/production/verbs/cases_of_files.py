"""The verbs about sliced files, each where it has as much to write as can be."""

from production.services.sliced_files import corrections
from tests.factories import a_correction, a_filament, a_spool
from tests.production.sliced_files.sliced_runs import printed
from tests.production.verbs.preparation import a_table

CASES, verb = a_table()


@verb("slicer_correction.accept")
def _():
    filament = a_filament()
    printed(a_spool(filament=filament), 100, 104)
    a_correction(filament=filament)
    return lambda: corrections.accept(filament, by=None)


@verb("slicer_correction.withdraw")
def _():
    filament = a_filament()
    former = a_correction(filament=filament)
    printed(a_spool(filament=filament), 100, 104)
    correction = corrections.accept(filament, by=None)
    assert correction.former == former
    return lambda: corrections.withdraw(correction, by=None)
