"""Each verb about sliced files, carried out once: see `stories`."""

from production.services.sliced_files import corrections
from tests.factories import a_correction, a_filament, a_spool
from tests.production.sliced_files.sliced_runs import printed
from tests.production.verbs.preparation import planned_by_file, planned_once_more, received_file


def accepted():
    filament = a_filament()
    printed(a_spool(filament=filament), 100, 104)
    return corrections.accept(filament, by=None)


OF_FILES = {
    "sliced_file.receive": received_file,
    "sliced_file.plan": planned_by_file,
    "sliced_file.plan_once": planned_once_more,
    "slicer_correction.accept": accepted,
    "slicer_correction.withdraw": lambda: corrections.withdraw(a_correction(), by=None),
}
