"""Farms for the verbs of `cases_of_the_shelf` and `cases_of_runs`, and how a case is entered."""

from decimal import Decimal

from production.services import completion, lifecycle
from production.services.actuals import ItemCount, MaterialActual
from tests.factories import a_filament, a_printer, a_product, a_run, a_spool


def a_table():
    """A table of cases, ``{operation: arrange}``, and the decorator that enters one."""
    cases = {}

    def verb(operation_type):
        def keep(arrange):
            cases[operation_type] = arrange
            return arrange

        return keep

    return cases, verb


def took(spool, grams, **fields):
    return MaterialActual(
        spool=spool.pk, actual_grams=Decimal(grams), actual_purge_grams=Decimal(0), **fields
    )


def counted(run, good=4, scrapped=1):
    return [
        ItemCount(item=item.pk, good_count=good, scrapped_count=scrapped)
        for item in run.items.all()
    ]


def two_spools():
    filament = a_filament()
    return a_spool(1000, filament=filament), a_spool(1000, filament=filament)


def planned(*takes):
    return a_run(*takes, items=[(a_product(grams=10), 5)], printer=a_printer(needs_clearing=True))


def running(*takes):
    return lifecycle.start(planned(*takes), by=None, printer_cleared=True)


def completed(*takes):
    return completion.complete(running(*takes), by=None, as_planned=True).run
