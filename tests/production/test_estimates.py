"""As planned and by percent are of a requirement as a whole, and never become a statement."""

from decimal import Decimal

import pytest

from production.models import Reason
from production.services import completion
from production.services.completion.actuals import (
    ActualsMissing,
    Contradiction,
    ItemCount,
    MaterialActual,
)
from production.services.completion.closing import PercentAndGrams
from production.services.printing import midprint
from production.services.runs import lifecycle, lines
from tests.factories import a_product, a_running_run, a_spool, spools_of_one
from tests.production.completed_runs import took
from tests.production.floor_helpers import at, page, page_after, touch
from tests.queries import fresh
from tests.responses import done, refused

pytestmark = pytest.mark.usefixtures("farm")
API = "/api/v1/production-runs/"


@pytest.fixture
def clogged(farm):
    return Reason.objects.get(kind="failure", code="nozzle_clog")


def swapped(plan, gave, *, purge=0):
    """A run that goes on from a second spool; and the two."""
    one, two = spools_of_one(2)
    run = a_running_run((one, plan, purge), items=[(a_product(), 4)])
    midprint.swap_spool(run, by=None, spool=two, so_far=took(one, gave))
    return run, one, two


def figures(run):
    """Part and purge grams of each line, and where they come from."""
    names = ("actual_grams", "actual_purge_grams", "actual_source")
    return list(run.materials.order_by("pk").values_list(*names))


def claims(run):
    return list(run.materials.order_by("pk").values_list("reserved_grams", flat=True))


def test_as_planned_books_the_rest_on_the_spool_that_was_swapped_in():
    run, one, two = swapped(90, 60, purge=10)
    completion.complete(run, by=None, as_planned=True)
    assert figures(run) == [(60, 0, "typed"), (30, 10, "as_planned")]
    assert (fresh(one).remaining_grams, fresh(two).remaining_grams) == (940, 960)


def test_the_floors_button_and_its_form_book_the_rest_too(floor):
    run, _, two = swapped(100, 60)
    second = run.materials.get(spool=two)
    shown = page(floor.get(at(run, "complete")))
    assert f'name="material-{second.pk}-actual_grams" value="40"' in shown
    page_after(floor, touch(floor, at(run, "complete-as-planned")))
    assert figures(run) == [(60, 0, "typed"), (40, 0, "as_planned")]


def test_a_percent_is_of_the_whole_after_a_swap(clogged):
    run, *_ = swapped(100, 60)
    completion.fail(run, by=None, reason=clogged, progress_percent=80)
    assert figures(run) == [(60, 0, "typed"), (20, 0, "percent")]


@pytest.mark.parametrize("percent", [50, 60])
def test_a_spool_that_nothing_is_left_for_is_asked_about(clogged, percent):
    run, _, two = swapped(100, 60)
    with pytest.raises(ActualsMissing, match="nothing is left") as asked:
        completion.fail(run, by=None, reason=clogged, progress_percent=percent)
    assert asked.value.numbers["material_ids"] == [run.materials.get(spool=two).pk]
    completion.fail(run, by=None, reason=clogged, materials=[took(two, 3)])


def test_two_spools_of_one_filament_each_take_their_own_plan_and_the_third_the_rest():
    one, two, three = spools_of_one(3)
    run = a_running_run((one, 50), (two, 50))
    midprint.swap_spool(run, by=None, spool=three, so_far=took(two, 20))
    completion.complete(run, by=None, as_planned=True)
    assert [row[0] for row in figures(run)] == [50, 20, 30]


@pytest.mark.parametrize("same", [True, False])
def test_a_material_added_while_printing_takes_the_grams_it_was_added_with(same):
    one, two = spools_of_one(2)
    run, spool = a_running_run((one, 100)), two if same else a_spool()
    line = lines.add_material(run, by=None, spool=spool, planned_grams=Decimal(30))
    assert (line.planned_grams, line.expected_grams, line.reserved_grams) == (0, 30, 30)
    done = completion.complete(run, by=None, as_planned=True)
    assert figures(run)[1] == (30, 0, "as_planned")
    assert done.variance["materials"][1]["total"]["planned"] == 0


def test_a_material_that_stands_in_for_another_takes_its_rest():
    one, two = spools_of_one(2)
    run = a_running_run((one, 100))
    midprint.save_actuals(run, by=None, materials=[took(one, 70)])
    old = run.materials.get().pk
    fields = {"spool": two, "planned_grams": Decimal(10), "instead_of": old}
    lines.add_material(run, by=None, **fields)
    completion.complete(run, by=None, as_planned=True)
    assert [row[0] for row in figures(run)] == [70, 30]


def test_a_spool_chosen_later_claims_what_its_line_was_added_with():
    run, spool = a_running_run((a_spool(), 100)), a_spool()
    fields = {"filament": spool.filament, "planned_grams": Decimal(30)}
    line = lines.add_material(run, by=None, **fields)
    lines.change_material(line, by=None, spool=spool)
    assert claims(run) == [100, 30]


def test_what_nobody_said_is_no_draft_after_a_revert(api):
    spool, product = a_spool(), a_product()
    run = a_running_run((spool, 50), items=[(product, 4)], planned_minutes=100)
    completion.complete(run, by=None, as_planned=True)
    completion.revert(run, by=None)
    shown = done(api.get(f"{API}{run.pk}/"))
    (line,), (item,) = shown["materials"], shown["items"]
    unsaid = [line[name] for name in ("actual_grams", "actual_purge_grams", "actual_source")]
    assert (unsaid, item["good_count"], shown["actual_minutes"]) == ([None, None, ""], None, None)
    failed = api.post(
        f"{API}{run.pk}/fail/", {"reason_code": "nozzle_clog", "progress_percent": 40}
    )
    assert done(failed)["entries"][0]["grams"] == "-20.000000"
    completion.revert(run, by=None)
    assert (claims(run), fresh(spool).reserved_grams) == ([50], 50)
    again = completion.complete(run, by=None, as_planned=True)
    assert (again.entries[0].grams, again.variance["items"][0]["good"]) == (-50, 4)


def test_what_somebody_said_stays_for_editing_after_a_revert():
    run, *_ = swapped(100, 60)
    item = run.items.get()
    midprint.note_plate(run, by=None, scrapped={item.pk: 1})
    completion.complete(run, by=None, as_planned=True)
    completion.revert(run, by=None)
    assert figures(run) == [(60, 0, "typed"), (None, None, "")]
    assert (fresh(item).good_count, fresh(item).scrapped_count) == (3, 1)
    assert claims(run) == [60, 40]
    lifecycle.cancel(run, by=None)
    completion.revert(run, by=None)
    assert claims(run) == [60, 40]


def test_scrapped_parts_of_a_failed_run_stay_and_its_good_ones_are_unknown_again(clogged):
    run = a_running_run((a_spool(), 50), items=[(a_product(), 4)])
    item = run.items.get()
    counts = [ItemCount(item=item.pk, good_count=0, scrapped_count=2)]
    completion.fail(run, by=None, reason=clogged, progress_percent=40, items=counts)
    completion.revert(run, by=None)
    assert (fresh(item).good_count, fresh(item).scrapped_count) == (None, 2)
    completion.complete(run, by=None, as_planned=True)
    assert (fresh(item).good_count, fresh(item).good_count_source) == (2, "as_planned")


def test_a_percent_beside_known_grams_is_asked_about(api, clogged, floor):
    spool = a_spool()
    run = a_running_run((spool, 50))
    line = run.materials.get()
    midprint.save_actuals(run, by=None, materials=[took(spool, 45)])
    with pytest.raises(PercentAndGrams, match="40 % of the plan, or the 45 g"):
        completion.fail(run, by=None, reason=clogged, progress_percent=40)
    body = {"reason_code": "nozzle_clog", "progress_percent": 40}
    refused(api.post(f"{API}{run.pk}/fail/", body), 400, "percent_and_grams")
    grams = f"material-{line.pk}-actual_grams"
    fields = {"reason": clogged.pk, "progress_percent": "40"}
    shown = page(touch(floor, at(run, "fail"), **fields, **{grams: "45"}), 400)
    assert "The grams are known already." in shown
    forget = body | {"materials": [{"id": line.pk, "actual_grams": None}], "dry_run": True}
    answer = done(api.post(f"{API}{run.pk}/fail/", forget))
    assert answer["entries"][0]["grams"] == "-20.000000"
    page_after(floor, touch(floor, at(run, "fail"), **fields, **{grams: ""}))
    assert figures(run) == [(20, 0, "percent")]


def test_a_percent_that_was_only_shown_is_not_beside_known_grams(clogged, floor):
    spool = a_spool()
    run = a_running_run((spool, 50))
    midprint.progress(run, by=None, percent=30)
    shown = page(floor.get(at(run, "fail")))
    assert 'name="initial-progress_percent" value="30' in shown
    fields = {"reason": clogged.pk, "progress_percent": "30", "initial-progress_percent": "30.00"}
    fields[f"material-{run.materials.get().pk}-actual_grams"] = "45"
    page_after(floor, touch(floor, at(run, "fail"), **fields))
    assert figures(run) == [(45, 0, "typed")]


def test_typed_grams_beside_a_weight_that_says_something_else_are_refused(api):
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    both = MaterialActual(spool=spool.pk, actual_grams=10, gross_after_grams=988)
    with pytest.raises(Contradiction, match="10 g were typed for .* it took 212 g") as refusal:
        completion.complete(run, by=None, materials=[both], as_planned=True)
    assert refusal.value.numbers["weighed_grams"] == 212
    path = f"{API}{run.pk}/materials/{run.materials.get().pk}/"
    done(api.patch(path, {"actual_grams": "10", "gross_after_grams": "988"}))
    refused(api.post(f"{API}{run.pk}/complete/", {"as_planned": True}), 400, "contradiction")
    done(api.patch(path, {"gross_after_grams": "1110"}))  # the weight alone: what was typed is gone
    answer = done(api.post(f"{API}{run.pk}/complete/", {"as_planned": True}))
    assert answer["entries"][0]["grams"] == "-90.000000"


def test_typed_grams_that_agree_with_the_weight_split_it():
    spool = a_spool(1000)
    run = a_running_run((spool, 90, 10))
    both = took(spool, 95, 7, gross_after_grams=Decimal(1098))
    completion.complete(run, by=None, materials=[both], as_planned=True)
    assert figures(run) == [(95, 7, "weighed")]
