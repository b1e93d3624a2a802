"""Reports of printers beside verbs of their runs and spools, by real threads: each gram once."""

import random
from decimal import Decimal

import pytest

from inventory.models import UsageMeter
from inventory.services import metering
from inventory.services.spools import scale
from production.services import completion
from production.services.completion.actuals import MaterialActual
from production.services.printing import midprint, slots
from production.services.runs import lifecycle
from tests import budgets
from tests.factories import (
    a_printer,
    a_printer_token,
    a_run,
    a_running_run,
    a_slot,
    a_spool,
    make_user,
    spools_of_one,
)
from tests.queries import fresh, violations
from tests.responses import refusals

pytestmark = pytest.mark.usefixtures("committed_farm")

REPORTS, GRAMS = 7, 2


@pytest.fixture
def token(committed_farm):
    return a_printer_token(make_user(), kind="moonraker")


def report(spool, token, grams=GRAMS):
    metering.use(spool.number, by=token.user, token=token, grams=grams)


@pytest.fixture
def beside(in_threads, token):
    """Do a verb while a device reports of the spool."""

    def work(spool, verb):
        works = [verb, *[lambda: report(spool, token)] * REPORTS]
        assert refusals(in_threads(lambda number: works[number](), len(works))) == []
        assert violations() == []

    return work


def live(spool):
    return fresh(spool).live_grams


def test_a_completion(beside, token):
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    report(spool, token, 80)
    beside(spool, lambda: completion.complete(run, by=None))
    line = run.materials.get()
    assert line.actual_grams == line.metered_grams
    assert live(spool) == 1000 - 80 - REPORTS * GRAMS


def test_a_start(beside, token):
    spool = a_spool(1000)
    run = a_run((spool, 100))
    beside(spool, lambda: lifecycle.start(run, by=None))
    assert live(spool) == 1000 - REPORTS * GRAMS


def test_a_revert(beside, token):
    spool = a_spool(1000)
    run = a_running_run((spool, 100), printer=a_printer())
    report(spool, token, 80)
    completion.complete(run, by=None)
    beside(spool, lambda: completion.revert(run, by=None, is_printing=True))
    assert live(spool) == 1000 - 80 - REPORTS * GRAMS
    completion.complete(run, by=None)
    assert violations() == []


def test_a_weighing(beside, token):
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    report(spool, token, 30)
    beside(spool, lambda: scale.weigh(spool, gross_grams=1150, by=None))
    assert 950 - REPORTS * GRAMS <= live(spool) <= 950
    before = live(spool)
    completion.complete(run, by=None, confirm=True)
    assert live(spool) == before
    assert violations() == []


def test_a_swap(beside, token):
    one, two = spools_of_one(2)
    run = a_running_run((one, 100))
    report(one, token, 30)
    line = run.materials.get().pk
    beside(one, lambda: midprint.swap_spool(run, by=None, spool=two, line=line))
    assert live(one) == 1000 - 30 - REPORTS * GRAMS
    report(two, token, 40)
    completion.complete(run, by=None)
    assert violations() == []
    assert live(one) == 1000 - 30 - REPORTS * GRAMS


def test_figures_saved(beside, token):
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    actual = MaterialActual(spool=spool.pk, actual_grams=Decimal(90), actual_purge_grams=Decimal(0))
    beside(spool, lambda: midprint.save_actuals(run, by=None, materials=[actual]))
    line = run.materials.get()
    since = line.metered_grams - line.metered_before_grams
    assert 0 <= since <= REPORTS * GRAMS
    completion.complete(run, by=None)
    assert live(spool) == 910 - since
    assert violations() == []


def test_one_token_of_many_printers_with_runs_reported_in_any_order(in_threads, token):
    """Each run names spools that others name too; the slot tells whose it is."""
    printers, a_slots, threads = budgets.PRINTERS_OF_ONE_TOKEN, 4, 8
    spools = spools_of_one(printers * a_slots)
    runs = {}
    for number in range(printers):
        printer = a_printer()
        own = spools[number * a_slots : (number + 1) * a_slots]
        for place, spool in enumerate(own):
            slots.load(spool, slot=a_slot(str(place), printer=printer), by=None)
        next_one = spools[(number + 1) * a_slots % len(spools)]
        run = a_running_run(*((spool, 50) for spool in (*own, next_one)), printer=printer)
        runs[run] = own
    reported = [spool for spool in spools for _ in range(3)]
    random.Random(7).shuffle(reported)

    def work(number):
        for spool in reported[number::threads]:
            report(spool, token)

    assert refusals(in_threads(work, threads)) == []
    for run, own in runs.items():
        metered = dict(run.materials.values_list("spool", "metered_grams"))
        assert metered.pop(next(iter(set(metered) - {spool.pk for spool in own}))) == 0
        assert metered == {spool.pk: 3 * GRAMS for spool in own}
        completion.complete(run, by=None, as_planned=False, confirm=True, materials=[
            MaterialActual(line=line.pk, actual_grams=Decimal(0), actual_purge_grams=Decimal(0))
            for line in run.materials.filter(metered_grams=0)
        ])  # fmt: skip
    assert {live(spool) for spool in spools} == {1000 - 3 * GRAMS}
    assert sum(meter.grams for meter in UsageMeter.objects.all()) == len(reported) * GRAMS
    assert violations() == []
