"""What happened between the record of a stocktake and its posting."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from inventory.models import Location
from inventory.services import reversing
from inventory.services.spools import consumption, merging, revaluing, scale, shelf, stating
from production.models import ProductionRun
from production.services import completion
from production.services.completion.actuals import MaterialActual
from production.services.printing import slots
from production.services.stocktaking import posting, recording, review, sessions
from tenants.accounts import audited
from tenants.operations.refusals import InUse, Invalid
from tests.factories import a_running_run, a_slot, a_spool
from tests.production.completed_runs import took
from tests.queries import fresh, remaining, violations

pytestmark = pytest.mark.usefixtures("farm")


@pytest.fixture
def here():
    return Location.objects.create(name="Shelf A")


def posted(stocktake, **more):
    return posting.post(stocktake, reason="Year end", by=None, **more)


def outcomes(stocktake):
    lines = stocktake.lines.order_by("spool_id")
    return [line.outcome if not line.place_outcome else line.place_outcome for line in lines]


def test_what_turned_up_since_it_was_not_found_is_left_alone(here):
    used, moved, gone, gone_again = spools = [a_spool(1000, location=here) for _ in range(4)]
    stocktake = sessions.begin(location=here, by=None)
    for spool in spools:
        recording.record(stocktake, spool=spool, result="not_found", by=None)
    consumption.use(used, grams=100, by=None)
    for spool in (moved, gone_again):
        there = Location.objects.get_or_create(name="Dry box")[0]
        shelf.move(spool, location=there, by=None)
    recording.record(stocktake, spool=gone_again, result="not_found", by=None)
    posted(stocktake, missing="empty")
    assert [remaining(spool) for spool in spools] == [900, 1000, 0, 0]
    assert outcomes(stocktake) == ["turned_up", "turned_up", "posted", "posted"]


def test_a_weight_after_a_print_says_what_is_there_now(here):
    spools = [a_spool(1000, location=here) for _ in range(2)]
    stocktake = sessions.begin(location=here, by=None)
    for spool in spools:
        recording.record(stocktake, spool=spool, net_grams=900, by=None)
        run = a_running_run((spool, 84))
        weighed = MaterialActual(line=run.materials.get().pk, gross_after_grams=Decimal(1016))
        if spool == spools[0]:
            completion.complete(run, by=None, materials=[weighed], confirm=True)
        else:
            completion.complete(run, by=None, materials=[took(spool, 84)], confirm=True)
            completion.correct(run, by=None, materials=[weighed], confirm=True)
    posted(stocktake)
    assert [remaining(spool) for spool in spools] == [1016 - spool.tare() for spool in spools]
    assert outcomes(stocktake) == ["counted_since"] * 2


def test_a_price_that_is_corrected_moves_no_weight(here):
    before, since = (a_spool(1000, location=here) for _ in range(2))
    stocktake = sessions.begin(location=here, by=None)
    consumption.use(before, gross_after_grams=1180, by=None)
    for spool in (before, since):
        recording.record(stocktake, spool=spool, net_grams=900, by=None)
    consumption.use(since, gross_after_grams=1080, by=None)
    for spool in (before, since):
        revaluing.revalue(shelf.describe(spool, price=Decimal(40), by=None), by=None)
    posted(stocktake)
    assert [remaining(spool) for spool in (before, since)] == [900, 880]
    assert outcomes(stocktake) == ["posted", "counted_since"]


def merged_with_one_weighed_since(spool):
    double = a_spool(1000, filament=spool.filament)
    scale.weigh(double, gross_grams=1080, confirm=True, by=None)
    merging.merge(spool, double=double, reason="one reel", confirm=True, by=None)


def test_whatever_fixed_the_book_since_is_left_alone(here):
    doors = (
        lambda spool: scale.weigh(spool, gross_grams=1080, confirm=True, by=None),
        lambda spool: consumption.use(spool, gross_after_grams=1080, by=None),
        lambda spool: consumption.waste(spool, gross_after_grams=1080, by=None),
        lambda spool: stating.measure(spool, gross_grams=1080, by=None),
        lambda spool: stating.set_remaining(spool, grams=880, by=None),
        lambda spool: stating.set_used(spool, grams=120, by=None),
        merged_with_one_weighed_since,
        lambda spool: consumption.empty(spool, as_="waste", by=None),
    )
    spools = [a_spool(1000, location=here) for _ in doors]
    stocktake = sessions.begin(location=here, by=None)
    for spool, door in zip(spools, doors, strict=True):
        recording.record(stocktake, spool=spool, net_grams=900, by=None)
        door(spool)
    doubts = [doubt.text for doubt in review.review(stocktake).doubts]
    assert sum("weighed again since" in text for text in doubts) == len(doors)
    posted(stocktake)
    assert [remaining(spool) for spool in spools] == [880] * 7 + [0]
    assert outcomes(stocktake) == ["counted_since"] * 8


def test_the_difference_of_two_weights_tells_no_balance(here):
    spool = a_spool(1000, location=here)
    stocktake = sessions.begin(location=here, by=None)
    recording.record(stocktake, spool=spool, net_grams=900, by=None)
    run = a_running_run((spool, 84))
    before_and_after = {"gross_before_grams": Decimal(1100), "gross_after_grams": Decimal(1016)}
    weighed = MaterialActual(line=run.materials.get().pk, **before_and_after)
    completion.complete(run, by=None, materials=[weighed], confirm=True)
    posted(stocktake)
    assert remaining(spool) == 816


def test_an_older_weight_gives_way_whenever_it_is_entered(here):
    spools = [a_spool(1000, location=here, at=now() - timedelta(hours=3)) for _ in range(3)]
    by_scale, by_other, by_phone = spools
    older = sessions.begin(location=here, by=None)
    stocktake = sessions.begin(location=here, confirm=True, by=None)
    moment = now() - timedelta(hours=1)
    recording.record(older, spool=by_other, net_grams=950, counted_at=moment, by=None)
    for spool in spools:
        recording.record(stocktake, spool=spool, net_grams=900, by=None)
    scale.weigh(by_scale, gross_grams=1150, weighed_at=moment, confirm=True, by=None)
    posted(older)
    earlier = {"net_grams": 950, "counted_at": moment}
    line = recording.record(stocktake, spool=by_phone, by=None, **earlier)
    assert (line.counted_grams, line.records.count()) == (900, 2)
    consumption.use(by_scale, grams=20, by=None)
    texts = [doubt.text for doubt in review.review(stocktake).doubts]
    assert "−50 g were booked since by an older count: they come off again." in texts
    posted(stocktake)
    assert [remaining(spool) for spool in spools] == [880, 900, 900]
    assert violations() == []


def completed(spool, grams=100):
    run = a_running_run((spool, grams))
    completion.complete(run, by=None, materials=[took(spool, grams)], confirm=True)
    return run


def test_a_cause_that_is_put_right_is_not_booked_twice(here):
    moved, corrected, again, used = wrong = [a_spool(1000, location=here) for _ in range(4)]
    right = a_spool(1000, location=here, filament=moved.filament)
    runs = [completed(spool) for spool in wrong[:3]]
    entry = consumption.use(used, grams=100, by=None)
    consumption.use(again, grams=7, by=None)
    stocktake = sessions.begin(location=here, by=None)
    counted = {moved: 1000, right: 900, corrected: 950, again: 943, used: 1000}
    for spool, grams in counted.items():
        recording.record(stocktake, spool=spool, net_grams=grams, by=None)
    completion.reassign(runs[0], by=None, line=runs[0].materials.get().pk, spool=right)
    completion.correct(runs[1], by=None, materials=[took(corrected, 50)], confirm=True)
    completion.revert(runs[2], by=None)
    doubts = [doubt.text for doubt in review.review(stocktake).doubts]
    assert f"Run {runs[2].number} took from it when it was counted: count it again." in doubts
    completion.complete(runs[2], by=None, materials=[took(again, 50)], confirm=True)
    reversing.reverse(entry, reason="never used", by=None)
    revaluing.revalue(shelf.describe(moved, price=Decimal(40), by=None), by=None)
    consumption.use(moved, grams=20, by=None)
    texts = [doubt.text for doubt in review.review(stocktake).doubts]
    assert sum("booked otherwise since" in text for text in texts) == 5
    assert sum("stay on top" in text for text in texts) == 1
    posted(stocktake)
    assert [remaining(spool) for spool in counted] == [980, 900, 950, 943, 1000]
    assert outcomes(stocktake) == ["posted"] * 5
    assert violations() == []


def test_what_can_not_be_known_is_counted_again_unless_confirmed(here):
    spools = [a_spool(1000, location=here) for _ in range(2)]
    runs = [completed(spool) for spool in spools]
    stocktake = sessions.begin(location=here, by=None)
    for spool, run in zip(spools, runs, strict=True):
        recording.record(stocktake, spool=spool, net_grams=880, by=None)
        completion.revert(run, by=None, is_printing=True)
        completion.complete(run, by=None, materials=[took(spool, 150)], confirm=True)
    texts = [doubt.text for doubt in review.review(stocktake).doubts]
    assert all("count it again" in text for text in texts)
    assert {run.number for run in runs} == {text.split()[1] for text in texts}
    posted(stocktake)
    assert outcomes(stocktake) == ["unclear"] * 2
    assert [remaining(spool) for spool in spools] == [850, 850]
    posting.undo(stocktake, by=None)
    recording.record(stocktake, spool=spools[0], net_grams=840, by=None)
    posted(stocktake, confirm=True)
    assert outcomes(stocktake) == ["posted"] * 2
    assert remaining(spools[0]) == 840


def test_a_count_while_a_run_printed_is_refused_once_it_is_booked_too(here):
    spool = a_spool(1000, location=here, at=now() - timedelta(hours=3))
    stocktake = sessions.begin(location=here, by=None)
    run = a_running_run((spool, 84))
    moment = now()
    completion.complete(run, by=None, materials=[took(spool, 84)], confirm=True)
    record = {"spool": spool, "counted_at": moment, "by": None}
    with pytest.raises(recording.CountedWhilePrinting, match=run.number):
        recording.record(stocktake, net_grams=950, **record)
    assert recording.record(stocktake, result="as_book", **record).difference_grams == 0
    before = now() - timedelta(hours=1)
    line = recording.record(stocktake, spool=spool, net_grams=990, counted_at=before, by=None)
    assert line.result == "as_book"  # that was later
    assert recording.record(stocktake, spool=spool, net_grams=900, by=None).book_grams == 916
    completion.revert(run, by=None)
    with pytest.raises(recording.PrintsUnmetered, match=run.number):
        recording.record(stocktake, spool=spool, net_grams=950, by=None)


def test_a_count_while_a_run_prints_that_is_started_later_is_doubtful(here):
    spool = a_spool(1000, location=here, at=now() - timedelta(hours=3))
    stocktake = sessions.begin(location=here, by=None)
    recording.record(stocktake, spool=spool, net_grams=990, by=None)
    run = a_running_run((spool, 84))
    assert review.review(stocktake).doubts == []
    ProductionRun.objects.filter(pk=run.pk).update(started_at=now() - timedelta(hours=1))
    (doubt,) = review.review(stocktake).doubts
    assert doubt.text == f"Run {run.number} took from it when it was counted: count it again."
    completion.complete(run, by=None, materials=[took(spool, 84)], confirm=True)
    assert review.review(stocktake).doubts[0].text == doubt.text


def test_a_spool_that_was_moved_or_loaded_since_stays_there(here):
    there = Location.objects.create(name="Dry box")
    moved, back, loaded, taken = (a_spool(500) for _ in range(4))
    stocktake = sessions.begin(location=here, by=None)
    for spool in (moved, back, loaded, taken):
        recording.record(stocktake, spool=spool, result="as_book", moves=True, by=None)
    shelf.move(moved, location=there, by=None)
    shelf.move(back, location=here, by=None)
    slots.load(loaded, slot=a_slot(), by=None)
    texts = {doubt.line.spool: doubt.text for doubt in review.review(stocktake).doubts}
    assert texts.keys() == {moved, loaded}
    assert "stays where it is" in texts[moved]
    posted(stocktake)
    assert outcomes(stocktake) == ["moved_since", "there", "loaded", "moved"]
    assert [fresh(spool).location for spool in (moved, back, taken)] == [there, here, here]


def test_a_place_to_which_spools_are_to_be_moved_is_not_deleted(here):
    there = Location.objects.create(name="Dry box")
    spool = a_spool(500, location=here)
    stocktake = sessions.begin(location=here, by=None)
    recording.record(stocktake, spool=spool, result="as_book", found_at=there, moves=True, by=None)
    with pytest.raises(InUse, match=f"Stocktake {stocktake.pk}: Shelf A"):
        audited.delete(there, by=None)
    sessions.cancel(stocktake, by=None)
    audited.delete(there, by=None)
    assert stocktake.lines.get().move_to is None


def test_the_place_of_an_open_stocktake_is_not_deleted(here):
    stocktake = sessions.begin(location=here, by=None)
    with pytest.raises(InUse, match=f"Stocktake {stocktake.pk}: Shelf A, which is open, counts"):
        audited.delete(here, by=None)
    sessions.cancel(stocktake, by=None)
    audited.delete(here, by=None)
    assert fresh(stocktake).location is None


def test_undo_leaves_spools_whose_place_was_deleted(here):
    there = Location.objects.create(name="Dry box")
    stayed, gone = (a_spool(500, location=each) for each in (there, here))
    nowhere = a_spool(500)
    stocktake = sessions.begin(by=None)
    for spool, place in ((stayed, here), (gone, there), (nowhere, here)):
        how = {"result": "as_book", "found_at": place, "moves": True}
        recording.record(stocktake, spool=spool, by=None, **how)
    posted(stocktake)
    shelf.move(gone, location=None, by=None)
    audited.delete(there, by=None)
    posting.undo(stocktake, by=None)
    assert [fresh(spool).location for spool in (stayed, gone, nowhere)] == [here, None, None]
    texts = {doubt.line.spool: doubt.text for doubt in review.review(stocktake).doubts}
    assert "stayed here" in texts[stayed]


def test_a_count_is_not_from_before_the_receipt(here):
    spool = a_spool(1000, location=here)
    stocktake = sessions.begin(location=here, by=None)
    before = spool.transactions.get().created_at - timedelta(days=30)
    with pytest.raises(Invalid, match="can't be counted before"):
        recording.record(stocktake, spool=spool, net_grams=990, counted_at=before, by=None)
