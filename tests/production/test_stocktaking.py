"""A stocktake: begun for a place, recorded, looked at, posted in one press, and undone."""

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils import timezone

from inventory.models import InventoryTransaction, Location, Spool, Stocktake, StocktakeLine
from inventory.services import ledger, metering, receiving, stock
from inventory.services.spools import consumption, scale, shelf
from production.models import PrinterSlot
from production.services import completion
from production.services.stocktaking import posting, recording, review, sessions, versions
from tenants.operations.refusals import Invalid
from tests.factories import a_filament, a_printer, a_printer_token, a_run, a_running_run, a_spool
from tests.production.completed_runs import took
from tests.queries import fresh, queries_of, remaining, violations

pytestmark = pytest.mark.usefixtures("farm")


@pytest.fixture
def shelves():
    return [Location.objects.create(name=f"Shelf {letter}") for letter in "AB"]


def at_shelf(location, grams=1000, **fields):
    return a_spool(grams, location=location, **fields)


def line_of(stocktake, spool):
    return StocktakeLine.objects.get(stocktake=stocktake, spool=spool)


def post(stocktake, by=None, **more):
    return posting.post(stocktake, reason="Year end", by=by, **more)


@pytest.fixture
def counted(shelves, operator, manager):
    """A stocktake of a shelf on which everything was recorded, and its spools."""
    here, there = shelves
    names = ("weighed", "full", "empty", "as_book", "gone")
    spools = SimpleNamespace(**{name: at_shelf(here) for name in names})
    spools.strayed = at_shelf(there)
    consumption.use(spools.as_book, grams=300, by=operator)
    stocktake = sessions.begin(location=here, by=operator)
    recording.record(stocktake, spool=spools.weighed, gross_grams=1100, by=operator)
    for word in ("full", "empty", "as_book"):
        recording.record(stocktake, spool=getattr(spools, word), result=word, by=manager)
    recording.record(stocktake, spool=spools.strayed, net_grams=1000, moves=True, by=manager)
    recording.note_unknown(stocktake, text="LOT 17", by=operator)
    recording.mark_rest_missing(stocktake, by=operator)
    return stocktake, spools


def left_on(spools):
    return [remaining(each) for each in vars(spools).values()]


def test_what_is_expected_is_what_the_book_says(shelves, operator):
    spool = at_shelf(shelves[0])
    at_shelf(shelves[1])
    consumption.use(spool, grams=300, by=operator)
    stocktake = sessions.begin(location=shelves[0], by=operator)
    assert stocktake.place == "Shelf A"
    line = stocktake.lines.get()
    assert (line.spool, line.place) == (spool, "Shelf A")
    assert (line.expected_grams, line.rate) == (700, Decimal("0.02"))


def test_the_review_says_what_was_found(counted):
    stocktake, spools = counted
    line = line_of(stocktake, spools.weighed)
    assert (line.counted_grams, line.difference_grams, line.difference_value) == (900, -100, -2)
    found = review.review(stocktake)
    assert (found.total.expected, found.total.recorded, found.total.not_found) == (5, 5, 1)
    assert (found.total.unexpected, found.total.unknown) == (1, 1)
    assert (found.differences.grams, found.differences.value) == (-1100, -22)
    assert (found.not_found.grams, found.not_found.value) == (-1000, -20)
    assert (found.together.count, found.together.grams, found.together.value) == (3, -2100, -42)
    differing = [line.spool for line in stocktake.lines.differing().by_value()]
    assert differing == [spools.empty, spools.gone, spools.weighed]
    assert [doubt.line.spool for doubt in found.doubts] == [spools.empty]


def test_one_press_posts_all_and_another_takes_it_back(counted, shelves, manager):
    stocktake, spools = counted
    posted = post(stocktake, manager, missing="empty")
    assert (posted.status, posted.closed_by, posted.reason) == ("posted", manager, "Year end")
    assert left_on(spools) == [900, 1000, 0, 700, 0, 1000]
    assert fresh(spools.strayed).location == shelves[0]
    line = line_of(stocktake, spools.weighed)
    entry = line.entry
    assert (entry.kind, entry.grams, entry.reason) == ("count", -100, "stocktake")
    assert entry.note == f"Stocktake {stocktake.pk}: Year end"
    assert entry.occurred_at == line.counted_at
    assert line_of(stocktake, spools.full).entry.grams == 0
    assert violations() == []

    reopened = posting.undo(stocktake, by=manager)
    assert (reopened.status, reopened.closed_at) == ("open", None)
    assert left_on(spools) == [1000, 1000, 1000, 700, 1000, 1000]
    assert fresh(spools.strayed).location == shelves[1]
    assert violations() == []
    again = post(stocktake, manager)
    assert remaining(spools.weighed) == 900
    assert line_of(again, spools.full).outcome == "posted"
    assert line_of(again, spools.gone).outcome == "left"
    assert fresh(spools.strayed).location == shelves[0]


def test_what_is_used_after_the_weighing_stays_on_top(operator):
    spool = a_spool(1000)
    stocktake = sessions.begin(by=operator)
    recording.record(stocktake, spool=spool, gross_grams=1150, by=operator)
    consumption.use(spool, grams=200, by=operator)
    (doubt,) = review.review(stocktake).doubts
    assert doubt.text == "−200 g were booked since it was counted: they stay on top."
    post(stocktake)
    assert remaining(spool) == 750  # 950 were seen, and 200 used since


def test_more_used_than_was_seen_leaves_nothing(operator):
    spool = a_spool(1000)
    stocktake = sessions.begin(by=operator)
    recording.record(stocktake, spool=spool, net_grams=100, by=operator)
    consumption.use(spool, grams=300, by=operator)
    post(stocktake)
    assert remaining(spool) == 0
    assert violations() == []


def test_what_was_counted_since_by_others_is_left_alone(operator):
    spool = a_spool(1000)
    stocktake = sessions.begin(by=operator)
    recording.record(stocktake, spool=spool, net_grams=500, by=operator)
    scale.weigh(spool, gross_grams=1100, confirm=True, by=operator)
    assert "nothing is posted" in review.review(stocktake).doubts[-1].text
    post(stocktake)
    assert remaining(spool) == 900
    assert line_of(stocktake, spool).outcome == "counted_since"


def test_what_was_weighed_earlier_is_compared_with_the_book_of_then(operator):
    spool = a_spool(1000, at=timezone.now() - timedelta(hours=3))
    stocktake = sessions.begin(by=operator)
    consumption.use(spool, grams=200, by=operator)
    moment = timezone.now() - timedelta(hours=1)
    line = recording.record(stocktake, spool=spool, net_grams=990, counted_at=moment, by=operator)
    assert (line.book_grams, line.difference_grams) == (1000, -10)
    post(stocktake)
    assert remaining(spool) == 790


def test_metered_grams_are_off_the_book_that_is_counted_against(operator):
    spool = a_spool(1000, filament=a_filament())
    device = a_printer_token(operator)
    report = {"by": operator, "token": device, "agent": "PrusaLink"}
    metering.use(fresh(spool).number, grams=Decimal(40), **report)
    stocktake = sessions.begin(by=operator)
    assert line_of(stocktake, spool).expected_grams == 960
    line = recording.record(stocktake, spool=spool, net_grams=950, by=operator)
    assert (line.book_grams, line.difference_grams) == (960, -10)
    metering.use(fresh(spool).number, grams=Decimal(5), **report)
    post(stocktake)
    assert fresh(spool).live_grams == 945
    assert violations() == []


def test_a_spool_that_a_run_takes_from_is_counted_by_what_devices_report(operator):
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    stocktake = sessions.begin(by=operator)
    with pytest.raises(recording.PrintsUnmetered, match=run.number):
        recording.record(stocktake, spool=spool, net_grams=980, by=operator)
    recording.record(stocktake, spool=spool, result="as_book", by=operator)
    token = a_printer_token(operator, printer=run.printer)
    number = fresh(spool).number
    metering.use(number, grams=Decimal(30), by=operator, token=token, agent="PrusaLink")
    line = recording.record(stocktake, spool=spool, net_grams=960, by=operator)
    assert (line.book_grams, line.difference_grams) == (970, -10)
    post(stocktake)
    assert fresh(spool).live_grams == 960
    assert violations() == []
    takes = [took(spool, 100)]
    completion.complete(run, by=operator, materials=takes, confirm=True, as_planned=True)
    assert remaining(spool) == 890
    assert violations() == []


def test_the_last_record_of_a_spool_counts_and_all_are_there_to_read(operator, manager):
    spool = a_spool(1000)
    stocktake = sessions.begin(by=operator)
    recording.record(stocktake, spool=spool, net_grams=900, by=operator)
    recording.record(stocktake, spool=spool, net_grams=900, by=operator)  # sent twice
    line = recording.record(stocktake, spool=spool, net_grams=910, by=manager)
    recording.take_back(stocktake, line=line, by=manager)
    assert fresh(line).result == ""
    records = line.records.values_list("result", "counted_grams", "by")
    assert list(records) == [
        ("net", 900, operator.pk),
        ("net", 910, manager.pk),
        ("", None, manager.pk),
    ]
    with pytest.raises(recording.NotRecorded):
        recording.take_back(stocktake, line=line, by=manager)


def test_places_are_locations_printers_and_none(shelves, operator):
    on_shelf, loaded, nowhere = at_shelf(shelves[0]), at_shelf(shelves[0]), a_spool()
    slot = PrinterSlot.objects.create(printer=a_printer("MK4"), label="1", spool=loaded)
    places = {"MK4": loaded, "Shelf A": on_shelf, "": nowhere}
    how = [{"printer": slot.printer}, {"location": shelves[0]}, {"no_place": True}]
    for (place, spool), given in zip(places.items(), how, strict=True):
        stocktake = sessions.begin(by=operator, confirm=True, **given)
        assert [(line.place, line.spool) for line in stocktake.lines.all()] == [(place, spool)]
    farm = sessions.begin(by=operator, confirm=True)
    assert [each.place for each in review.progress(farm)] == ["", "MK4", "Shelf A"]
    with pytest.raises(Invalid):
        sessions.begin(by=operator, location=shelves[0], no_place=True)
    with pytest.raises(shelf.SpoolLoaded):
        recording.record(
            farm, spool=loaded, result="full", found_at=shelves[1], moves=True, by=operator
        )


def test_a_second_stocktake_of_the_same_spools_is_refused_unless_confirmed(shelves, operator):
    spool = at_shelf(shelves[0])
    first = sessions.begin(by=operator, location=shelves[0])
    with pytest.raises(sessions.InAnotherStocktake, match=f"stocktake {first.pk}: Shelf A"):
        sessions.begin(by=operator)
    second = sessions.begin(by=operator, confirm=True)
    for stocktake in (first, second):
        recording.record(stocktake, spool=spool, net_grams=990, by=operator)
    (doubt,) = review.review(second).doubts
    assert f"stocktake {first.pk}" in doubt.text


def test_refusals_of_a_record(shelves, operator):
    stocktake = sessions.begin(by=operator, location=shelves[0])
    spool = a_spool(1000)
    for given in ({}, {"gross_grams": 1, "result": "full"}, {"result": "weighed"}):
        with pytest.raises(Invalid):
            recording.record(stocktake, spool=spool, by=operator, **given)
    with pytest.raises(recording.NotExpected):
        recording.record(stocktake, spool=spool, result="not_found", by=operator)
    with pytest.raises(scale.WeighingImplausible, match="empty reel"):
        recording.record(stocktake, spool=spool, gross_grams=150, by=operator)
    assert not stocktake.lines.exists()
    line = recording.record(stocktake, spool=spool, gross_grams=150, confirm=True, by=operator)
    assert line.counted_grams == 0
    for given in ({"gross_grams": 99999}, {"net_grams": 1101}):
        with pytest.raises(scale.WeighingImplausible, match="more than the 1000 g received"):
            recording.record(stocktake, spool=spool, by=operator, **given)
    line = recording.record(stocktake, spool=spool, net_grams=1100, by=operator)
    assert "more than the 1000 g received" in review.doubts_of(line)[-1].text
    bare = a_spool(filament=a_filament(tare_grams=None))
    with pytest.raises(scale.TareUnknown):
        recording.record(stocktake, spool=bare, gross_grams=1150, by=operator)
    with pytest.raises(recording.KnownCode):
        recording.note_unknown(stocktake, text=spool.code, by=operator)
    with pytest.raises(Invalid):
        recording.note_unknown(stocktake, text=" ", by=operator)
    shelf.archive(bare, discard=True, by=operator)
    with pytest.raises(ledger.SpoolArchived):
        recording.record(stocktake, spool=bare, net_grams=1, by=operator)


def test_an_archived_spool_that_is_found_is_noted_restored_and_counted(shelves, operator):
    spool = at_shelf(shelves[0])
    shelf.archive(spool, discard=False, by=operator)
    stocktake = sessions.begin(by=operator, location=shelves[0])
    version = review.review(stocktake).version
    for _again in range(2):
        line = recording.note_unknown(stocktake, text=spool.code, by=operator)
    assert (line.spool, line.result, line.records.count()) == (spool, "archived", 1)
    assert review.review(stocktake).doubts[0].text.endswith("restore it, then count it.")
    with pytest.raises(versions.ReviewChanged, match=f"{spool.code}: Archived, found here"):
        post(stocktake, seen_version=version)
    post(stocktake)
    assert line_of(stocktake, spool).outcome == "off_shelf"
    posting.undo(stocktake, by=None)
    shelf.restore(spool, by=operator)
    assert "not any more: count it" in review.review(stocktake).doubts[0].text
    recording.record(stocktake, spool=spool, net_grams=990, by=operator)
    post(stocktake)
    assert remaining(spool) == 990


def test_a_closed_stocktake_is_neither_recorded_nor_posted(operator, manager):
    spool = a_spool(1000)
    stocktake = sessions.begin(by=operator)
    with pytest.raises(posting.NothingRecorded):
        post(stocktake)
    recording.record(stocktake, spool=spool, net_grams=1, by=operator)
    with pytest.raises(consumption.ReasonMissing):
        posting.post(stocktake, reason=" ", by=manager)
    with pytest.raises(sessions.StocktakeClosed):
        posting.undo(stocktake, by=manager)
    sessions.cancel(stocktake, by=manager)
    verbs = (
        lambda: recording.record(stocktake, spool=spool, net_grams=2, by=operator),
        lambda: recording.mark_rest_missing(stocktake, by=operator),
        lambda: recording.note_unknown(stocktake, text="x", by=operator),
        lambda: post(stocktake),
        lambda: sessions.cancel(stocktake, by=manager),
    )
    for verb in verbs:
        with pytest.raises(sessions.StocktakeClosed, match="is cancelled"):
            verb()
    assert remaining(spool) == 1000


def test_missing_spools_are_archived_where_nothing_uses_them(operator):
    gone, named, later = a_spool(500), a_spool(500), a_spool(500)
    planned = a_run((named, 10))
    printing = a_running_run((a_spool(500), 10))
    stocktake = sessions.begin(by=operator)
    recording.mark_rest_missing(stocktake, by=operator)
    doubts = [doubt.text for doubt in review.review(stocktake).doubts]
    assert f"run {planned.number} is to take from it" in doubts[0]
    assert f"run {printing.number} takes from it: it is left alone" in doubts[1]
    shelf.archive(later, discard=False, by=operator)
    posted = post(stocktake, missing="archive")
    outcomes = [line_of(posted, each).outcome for each in (gone, named, later)]
    assert outcomes == ["archived", "in_use", "off_shelf"]
    assert posted.lines.get(outcome="printing").spool.remaining_grams == 500
    assert review.review(posted).version is None
    assert [remaining(each) for each in (gone, named, later)] == [0, 0, 500]
    assert fresh(gone).archived_at == posted.closed_at
    posting.undo(posted, by=None)
    assert fresh(gone).archived_at is None
    assert [remaining(each) for each in (gone, named)] == [500, 500]
    assert fresh(later).archived_at is not None


def test_what_needed_weighing_needs_it_again_after_undo(operator):
    spool = a_spool(1000, needs_weighing=True)
    stocktake = sessions.begin(by=operator)
    recording.record(stocktake, spool=spool, net_grams=900, by=operator)
    post(stocktake)
    assert not fresh(spool).needs_weighing
    posting.undo(stocktake, by=operator)
    assert fresh(spool).needs_weighing


def test_what_was_counted_after_it_is_not_undone(operator):
    spool = a_spool(1000)
    stocktake = sessions.begin(by=operator)
    recording.record(stocktake, spool=spool, net_grams=900, by=operator)
    post(stocktake)
    consumption.use(spool, gross_after_grams=1090, by=operator)
    with pytest.raises(posting.CountedAfterStocktake, match=spool.code):
        posting.undo(stocktake, by=operator)
    assert fresh(stocktake).status == "posted"


def test_an_unknown_price_is_not_worth_nothing(operator):
    priced, unpriced = a_spool(), a_spool(filament=a_filament(price=None))
    stocktake = sessions.begin(by=operator)
    recording.record(stocktake, spool=unpriced, net_grams=900, by=operator)
    found = review.review(stocktake).differences
    assert (found.value, found.unpriced, found.grams) == (None, 1, -100)
    recording.record(stocktake, spool=priced, net_grams=900, by=operator)
    found = review.review(stocktake).differences
    assert (found.value, found.unpriced) == (-2, 1)
    assert line_of(stocktake, unpriced).difference_value is None


def test_spools_that_were_not_counted_for_a_year():
    now = timezone.now()
    old = now - timedelta(days=500)
    never, weighed, undone, _new = a_spool(at=old), a_spool(at=old), a_spool(at=old), a_spool()
    scale.weigh(weighed, gross_grams=1190, by=None)
    entry = scale.weigh(undone, gross_grams=1190, by=None)
    posting_undone = ledger.book([undone.pk], by=None)
    with posting_undone as book:
        book.reverse(entry)
    found = stock.not_counted_since(now - timedelta(days=365), Spool.objects.on_shelf())
    assert set(found) == {never, undone}


def test_four_thousand_spools_take_no_more_statements_than_four(operator):
    def statements(count):
        receiving.receive_many(filament=a_filament(), count=count, by=None)
        found = [queries_of(lambda: sessions.begin(by=operator))]
        stocktake = Stocktake.objects.first()
        works = (
            lambda: recording.mark_rest_missing(stocktake, by=operator),
            lambda: review.review(stocktake),
            lambda: post(stocktake, missing="empty"),
        )
        return found + [queries_of(work) for work in works]

    assert statements(3) == statements(40)
    assert InventoryTransaction.objects.filter(kind="count").count() == 3 + 43
