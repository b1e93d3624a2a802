"""What races and their judges have in common."""

from decimal import Decimal

from production.models import ProductionRun
from production.services import completion
from production.services.actuals import MaterialActual
from tests.factories import a_filament, a_running_run, a_spool

Gone = ProductionRun.DoesNotExist


def took(spool, grams):
    return MaterialActual(spool=spool.pk, actual_grams=Decimal(grams))


def spools_of_one(count, grams=1000):
    filament = a_filament()
    return [a_spool(grams, filament=filament) for _ in range(count)]


def completed(*takes):
    return completion.complete(a_running_run(*takes), by=None, as_planned=True).run


def status(run):
    return ProductionRun.objects.get(pk=run.pk).status


def refusals(results):
    return [type(result) for result in results if isinstance(result, Exception)]
