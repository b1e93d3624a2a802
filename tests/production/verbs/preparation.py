"""Farms for the verbs of `cases_of_the_shelf` and `cases_of_runs`, and how a case is entered."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from inventory.models import UsageMeter
from inventory.services import metering
from inventory.services.clock_correcting import correct_clock
from production.services import completion
from production.services.completion.actuals import ItemCount
from production.services.printing import midprint
from production.services.runs import lifecycle
from production.services.runs.lines import NewMaterial
from production.services.sliced_files import planning_once
from production.services.sliced_files.planning import plan as plan_file
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_printer_token,
    a_product,
    a_product_file,
    a_received_file,
    a_run,
    a_running_run,
    a_sliced_file,
    a_spool,
    make_user,
)
from tests.production.completed_runs import took
from tests.production.slicing import samples


def a_table():
    """A table of cases, ``{operation: arrange}``, and the decorator that enters one."""
    cases = {}

    def verb(operation_type):
        def keep(arrange):
            cases[operation_type] = arrange
            return arrange

        return keep

    return cases, verb


def counted(run, good=4, scrapped=1):
    return [
        ItemCount(item=item.pk, good_count=good, scrapped_count=scrapped)
        for item in run.items.all()
    ]


def a_bare_line(grams=10, *, spool=None):
    """A line of a planned run that has no spool, and one that it could take."""
    spool = spool or a_spool()
    line = NewMaterial(filament=spool.filament, planned_grams=Decimal(grams))
    return lifecycle.create(by=None, materials=[line]).materials.get(), spool


def printing(*takes, **fields):
    """A run that prints from sealed spools, with drafts of what it took of the first."""
    run = a_running_run(*takes, items=[(a_product(grams=5), 4)], printer=a_printer(), **fields)
    spool = takes[0][0]
    counted = [ItemCount(item=run.items.get().pk, good_count=1, scrapped_count=1)]
    midprint.save_actuals(run, by=None, materials=[took(spool, 3)], items=counted)
    return run


def misdated():
    """A spool that was received a day after the moment at which the clock is corrected."""
    a_spool()
    yesterday = timezone.now() - timedelta(days=1)
    return lambda: correct_clock(by=None, at=yesterday)


def without_spool(grams=10):
    """A planned run that asks for a filament, and a spool of it."""
    spool = a_spool()
    line = NewMaterial(filament=spool.filament, planned_grams=Decimal(grams))
    return lifecycle.create(by=None, materials=[line]), spool


def planned(*takes):
    return a_run(*takes, items=[(a_product(grams=10), 5)], printer=a_printer(needs_clearing=True))


def running(*takes):
    return lifecycle.start(planned(*takes), by=None, printer_cleared=True)


def completed(*takes):
    return completion.complete(running(*takes), by=None, as_planned=True).run


def reported_elsewhere():
    """A run that prints, and a spool of its material that it does not name and that is reported."""
    run = lifecycle.create(
        materials=[NewMaterial(spool=a_spool(), material_type=a_material_type())],
        printer=a_printer(),
        by=None,
    )
    lifecycle.start(run, by=None)
    other = a_spool(filament=a_filament())
    token = a_printer_token(make_user(), printer=run.printer)
    metering.use(other.number, by=token.user, token=token, grams=27)
    return run, other


def reported_late():
    """A run that was completed as planned, and the ids of meters of what was reported since."""
    spool, token = a_spool(), a_printer_token(make_user(), kind="bridge")
    run = a_running_run((spool, 30))
    completion.complete(run, by=None, as_planned=True)
    metering.use(spool.number, by=token.user, token=token, grams=27)
    return run, list(UsageMeter.objects.filter(spool=spool).values_list("pk", flat=True))


def received_file():
    return a_received_file(samples.PRUSA)


def planned_by_file():
    a_material_type("PLA")
    return plan_file(a_sliced_file(), by=None)


def planned_before():
    """A sliced file, of which a product is known."""
    return a_product_file(a_product(grams=10)).sliced_file


def planned_once_more():
    return planning_once.plan_once(planned_before(), printer=a_printer(), by=None)
