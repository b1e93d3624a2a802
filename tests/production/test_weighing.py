"""Weighing a spool while it prints."""

from decimal import Decimal

import pytest

from inventory.services import receiving
from inventory.services.spools import consumption, scale
from production.services import completion
from production.services.completion.actuals import MaterialActual
from production.services.printing import midprint, weighing
from tenants.operations.refusals import Refusal
from tests.factories import a_filament, a_run, a_running_run, a_spool, spools_of_one
from tests.queries import fresh, remaining, violations

pytestmark = pytest.mark.usefixtures("farm")


def test_a_spool_on_the_shelf_is_counted():
    spool = a_spool(1000)
    a_run((spool, 100))
    assert weighing.weigh(spool, gross_grams=1190, by=None).entry.grams == -10


def test_a_spool_that_prints_keeps_its_weight_for_the_completion():
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    weighed = weighing.weigh(spool, gross_grams=1095, by=None)
    assert (weighed.entry, weighed.line.gross_after_grams, remaining(spool)) == (None, 1095, 1000)
    completion.complete(run, by=None)
    assert remaining(spool) == 895


def test_a_count_may_be_asked_for_all_the_same():
    spool = a_spool(1000)
    a_running_run((spool, 100))
    assert weighing.weigh(spool, gross_grams=1195, by=None, as_count=True).entry.grams == -5


def test_the_scale_can_not_say_which_of_two_runs_took_what():
    spool = a_spool(1000)
    for _ in range(2):
        a_running_run((spool, 100))
    with pytest.raises(weighing.SpoolInSeveralRuns):
        weighing.weigh(spool, gross_grams=1095, by=None)


def test_a_slip_on_the_scale_is_refused_as_for_any_spool():
    with pytest.raises(scale.WeighingImplausible):
        weighing.weigh(a_spool(1000), gross_grams=Decimal(500), by=None)


@pytest.mark.parametrize("gross", [5000, 150])
def test_a_weight_that_can_not_be_is_not_kept_for_the_run_either(gross):
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    with pytest.raises(scale.WeighingImplausible):
        weighing.weigh(spool, gross_grams=gross, by=None)
    assert run.materials.get().gross_after_grams is None
    assert weighing.weigh(spool, gross_grams=gross, by=None, confirm=True).line is not None


def test_a_weight_below_the_empty_reel_says_by_every_way_in_what_is_wrong_and_what_to_do():
    """On a reel of 200 g, and the scale shows 150 g: it is another reel, or another spool."""
    (spool, other), sealed = spools_of_one(2), a_filament()
    run = a_running_run((spool, 40))
    actual = MaterialActual(spool=spool.pk, gross_after_grams=Decimal(150))
    ways = {
        "complete": lambda: completion.complete(run, by=None, materials=[actual]),
        "swap": lambda: midprint.swap_spool(run, by=None, spool=other, so_far=actual),
        "weigh": lambda: scale.weigh(spool, by=None, gross_grams=150),
        "weigh in use": lambda: weighing.weigh(spool, by=None, gross_grams=150),
        "use": lambda: consumption.use(spool, by=None, gross_after_grams=150),
        "receive": lambda: receiving.receive(filament=sealed, by=None, gross_grams=150),
    }
    for name, weigh in ways.items():
        with pytest.raises(Refusal) as refused:
            weigh()
        text = refused.value.detail
        subject = str(sealed) if name == "receive" else spool.code
        for words in (subject, "150 g", "200 g", "Weigh again", "correct the weight of the reel"):
            assert words in text, (name, text)
    assert (fresh(spool).remaining_grams, violations()) == (1000, [])
