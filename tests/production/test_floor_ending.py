"""How a run ends on the floor: completed as planned or not, failed, cancelled."""

from decimal import Decimal

import pytest

from inventory.models import InventoryTransaction
from production.models import ActualSource, Reason
from production.services import completion
from production.services.completion.actuals import ItemCount, MaterialActual
from production.services.printing import midprint
from tests.factories import a_printer, a_run, a_running_run, a_spool
from tests.production.floor_helpers import at, entries, page, page_after, touch
from tests.queries import fresh

# --- Complete ----------------------------------------------------------------------------------


def test_a_run_is_completed_as_planned_with_two_touches_and_marked_so(floor, galaxy, hook):
    spool = a_spool(filament=galaxy)
    run = a_running_run((spool, 40, 2), printer=a_printer(), items=[(hook, 4)])
    assert at(run) in page(floor.get("/floor/"))  # the first touch
    assert at(run, "complete-as-planned") in page(floor.get(at(run)))  # the second
    text = page_after(floor, touch(floor, at(run, "complete-as-planned")))
    assert "is completed: 42 g are booked." in text
    assert entries(run) == [("usage", Decimal(-42))]
    assert run.materials.get().actual_source == ActualSource.AS_PLANNED
    assert InventoryTransaction.objects.last().source == "floor"


def filled(run, **changed):
    """What the completion's form sends, as it is prefilled."""
    fields = {}
    for item in run.items.all():
        fields |= {f"item-{item.pk}-good_count": item.quantity, f"item-{item.pk}-scrapped_count": 0}
    for line in run.materials.all():
        fields[f"material-{line.pk}-actual_grams"] = f"{line.planned_grams.normalize():f}"
        if line.planned_purge_grams:
            fields[f"material-{line.pk}-actual_purge_grams"] = (
                f"{line.planned_purge_grams.normalize():f}"
            )
    return fields | changed


def test_what_nobody_touched_in_the_form_is_as_planned(floor, galaxy, hook):
    run = a_running_run((a_spool(filament=galaxy), "40.123456", 2), items=[(hook, 4)])
    line = run.materials.get()
    form = page(floor.get(at(run, "complete")))
    assert 'value="40.12"' in form
    touch(
        floor, at(run, "complete"), **filled(run, **{f"material-{line.pk}-actual_grams": "40.12"})
    )
    line.refresh_from_db()
    assert (line.actual_grams, line.actual_source) == (Decimal("40.123456"), "as_planned")
    assert run.items.get().good_count == 4


def test_typed_grams_count_with_a_point_or_a_comma(floor, galaxy, hook):
    run = a_running_run((a_spool(filament=galaxy), 40), items=[(hook, 4)])
    line = run.materials.get()
    touch(floor, at(run, "complete"), **filled(run, **{f"material-{line.pk}-actual_grams": "38,5"}))
    line.refresh_from_db()
    assert (line.actual_grams, line.actual_source) == (Decimal("38.5"), "typed")


def test_the_weight_on_the_scale_counts_where_it_was_typed(floor, galaxy, hook):
    run = a_running_run((a_spool(1000, filament=galaxy), 40), items=[(hook, 4)])
    line = run.materials.get()
    touch(
        floor,
        at(run, "complete"),
        **filled(run, **{f"material-{line.pk}-gross_after_grams": "1155"}),
    )
    line.refresh_from_db()
    assert (line.actual_grams, line.actual_source) == (45, "weighed")


def test_a_weight_counts_where_the_grams_of_the_plan_were_emptied(floor, galaxy):
    run = a_running_run((a_spool(1000, filament=galaxy), 40))
    line = run.materials.get()
    given = {
        f"material-{line.pk}-actual_grams": "",
        f"material-{line.pk}-gross_after_grams": "1155",
    }
    touch(floor, at(run, "complete"), **filled(run, **given))
    assert (fresh(line).actual_grams, fresh(line).actual_source) == (45, "weighed")


def test_what_is_emptied_is_asked_about_grams_and_minutes_alike(floor, galaxy):
    """Neither the plan nor a saved figure is booked for it, and nothing says "as planned"."""
    run = a_running_run((a_spool(filament=galaxy), 40), planned_minutes=90)
    grams = f"material-{run.materials.get().pk}-actual_grams"
    given = filled(run, actual_minutes="90")
    assert page(floor.get(at(run, "complete"))).count(">as planned</p>") == 2
    for name, why in (
        (grams, "a weight; 40 stood here."),
        ("actual_minutes", "minutes; 90 stood here."),
    ):
        for address in ("complete", "note"):
            again = page(touch(floor, at(run, address), **given | {name: ""}), 400)
            assert f"{why}</p>" in again
            assert again.count(">as planned</p>") == 1
    midprint.save_actuals(run, by=None, actual_minutes=80, progress_percent=50)
    noted = given | {"actual_minutes": "80", "progress_percent": ""}
    assert "Enter how far it is; 50 stood here." in page(
        touch(floor, at(run, "note"), **noted), 400
    )
    page(touch(floor, at(run, "complete"), **given | {"actual_minutes": ""}), 400)
    touch(floor, at(run, "complete"), **noted)
    assert (fresh(run).actual_minutes, fresh(run).actual_minutes_source) == (80, "typed")


def test_a_figure_that_is_typed_is_no_estimate_when_the_form_comes_back(floor, galaxy):
    run = a_running_run((a_spool(filament=galaxy), 40), planned_minutes=90)
    grams = f"material-{run.materials.get().pk}-actual_grams"
    given = filled(run, actual_minutes="90", **{grams: "400"})
    again = page(touch(floor, at(run, "complete"), **given), 409)
    assert again.count(">as planned</p>") == 1  # the minutes
    assert f'aria-describedby="id_{grams}_helptext' not in again


def test_an_empty_field_says_what_that_means(floor, galaxy):
    run = a_running_run((a_spool(filament=galaxy), 40))
    assert "Left empty: unknown." in page(floor.get(at(run, "complete")))
    midprint.save_actuals(run, by=None, actual_minutes=80)
    failing = page(floor.get(at(run, "fail")))
    assert "Left empty: 80 min, as saved." in failing
    assert "share of the plan for grams and minutes that are left empty." in failing


def test_the_form_of_a_verb_that_is_not_possible_any_more_leads_to_the_run(floor, galaxy):
    run = a_running_run((a_spool(filament=galaxy), 40))
    line = run.materials.get().pk
    completion.complete(run, by=None, as_planned=True)
    for verb in ("complete", "fail", "cancel", "note", "plate", f"swap/{line}"):
        answer = floor.get(at(run, verb), follow=True)
        assert answer.redirect_chain == [(at(run), 302)], verb
        text = page(answer)
        assert f"is not possible now: run {run.number} is completed." in text
        assert "<h2>Materials</h2>" in text


def test_grams_and_a_weight_together_are_asked_about(floor, galaxy):
    run = a_running_run((a_spool(1000, filament=galaxy), 40))
    pk = run.materials.get().pk
    given = {f"material-{pk}-actual_grams": "41", f"material-{pk}-gross_after_grams": "1155"}
    again = page(touch(floor, at(run, "complete"), **filled(run, **given)), 400)
    assert "Either the grams or the weight, not both." in again
    assert 'value="1155"' in again
    assert fresh(run).status == "in_progress"


def test_scrapped_parts_are_not_good_and_have_a_reason(floor, hook):
    run = a_running_run(items=[(hook, 4)])
    item, why = run.items.get(), Reason.objects.get(kind="scrap", code="warping")
    given = {f"item-{item.pk}-scrapped_count": 1, f"item-{item.pk}-scrap_reason": why.pk}
    touch(floor, at(run, "complete"), **filled(run, **given))
    item.refresh_from_db()
    assert (item.good_count, item.scrapped_count, item.scrap_reason) == (3, 1, why)


def test_more_parts_than_planned_are_refused_beside_the_item(floor, hook):
    run = a_running_run(items=[(hook, 4)])
    name = f"item-{run.items.get().pk}-good_count"
    again = page(touch(floor, at(run, "complete"), **filled(run, **{name: "50"})), 400)
    assert f'id="id_{name}_error"' in again
    assert 'value="50"' in again


def test_an_unlikely_figure_is_asked_about_and_booked_when_confirmed(floor, galaxy):
    run = a_running_run((a_spool(1000, filament=galaxy), 40))
    given = filled(run, **{f"material-{run.materials.get().pk}-actual_grams": "400"})
    again = page(touch(floor, at(run, "complete"), **given), 409)
    assert "Implausible: check it." in again
    assert "The figures are correct, although they are implausible" in again
    touch(floor, at(run, "complete"), **given, confirm="on")
    assert entries(run) == [("usage", Decimal(-400))]


def test_a_print_that_used_more_than_the_book_had_counts_the_spool_up(floor, galaxy):
    run = a_running_run((a_spool(50, filament=galaxy), 40))
    pk = run.materials.get().pk
    given = filled(run, **{f"material-{pk}-actual_grams": "55"})
    again = page(touch(floor, at(run, "complete"), **given), 409)
    assert "More than the remaining grams of the spool." in again
    touch(floor, at(run, "complete"), **given, **{f"material-{pk}-settle": "on"})
    assert entries(run) == [("count", Decimal(5)), ("usage", Decimal(-55))]


def test_figures_are_kept_for_the_next_shift_and_fill_the_form(floor, galaxy, hook):
    run = a_running_run((a_spool(filament=galaxy), 40), items=[(hook, 4)])
    line, item = run.materials.get(), run.items.get()
    given = {
        f"material-{line.pk}-actual_grams": "39",
        f"item-{item.pk}-good_count": "3",
        "actual_minutes": "95",
    }
    text = page_after(floor, touch(floor, at(run, "complete"), **filled(run, **given), draft="1"))
    assert "nothing is booked yet" in text
    form = page(floor.get(at(run, "complete")))
    assert 'value="39"' in form
    assert 'value="95"' in form
    assert (entries(run), fresh(run).status) == ([], "in_progress")
    draft = {f"material-{line.pk}-actual_grams": "39", f"item-{item.pk}-good_count": "3"}
    touch(floor, at(run, "complete"), **filled(run, **draft), actual_minutes="95")
    assert (fresh(item).good_count, fresh(run).actual_minutes) == (3, 95)
    assert entries(run) == [("usage", Decimal(-39))]


def test_a_form_sent_twice_has_one_effect_and_the_same_answer(floor, galaxy, hook):
    run = a_running_run((a_spool(filament=galaxy), 40), items=[(hook, 4)])
    given = filled(run, idempotency_key="from-the-page")
    first = touch(floor, at(run, "complete"), **given)
    assert "is completed: 40 g are booked." in page_after(floor, first)
    second = touch(floor, at(run, "complete"), **given)
    assert "is completed: 40 g are booked." in page_after(floor, second)
    assert entries(run) == [("usage", Decimal(-40))]


def test_a_run_that_somebody_else_completed_says_so(floor, galaxy):
    run = a_running_run((a_spool(filament=galaxy), 40))
    given = filled(run)
    touch(floor, at(run, "complete"), **given)
    refused = page(touch(floor, at(run, "complete"), **given), 409)
    assert "is completed; “complete” is not possible now" in refused


# --- Fail, cancel ------------------------------------------------------------------------------


def test_a_failed_run_books_the_share_that_was_printed_as_waste(floor, galaxy, hook):
    run = a_running_run((a_spool(filament=galaxy), 40), items=[(hook, 4)])
    why = Reason.objects.get(kind="failure", code="nozzle_clog")
    text = page_after(floor, touch(floor, at(run, "fail"), reason=why.pk, progress_percent="25"))
    assert "has failed" in text
    assert (fresh(run).outcome_reason, entries(run)) == (why, [("waste", Decimal(-10))])


def test_good_parts_that_were_noted_do_not_keep_a_run_from_failing(floor, galaxy, hook):
    run = a_running_run((a_spool(filament=galaxy), 40), items=[(hook, 4)])
    good = ItemCount(item=run.items.get().pk, good_count=4)
    midprint.save_actuals(run, by=None, items=[good])
    assert "4 good Wall hook were saved" in page(floor.get(at(run, "fail")))
    given = {"reason": Reason.objects.get(kind="failure", code="adhesion").pk}
    touch(floor, at(run, "fail"), **given, progress_percent="50")
    assert (fresh(run).status, run.items.get().good_count) == ("failed", 0)


def test_without_a_reason_nothing_fails(floor, galaxy):
    run = a_running_run((a_spool(filament=galaxy), 40))
    again = page(touch(floor, at(run, "fail"), progress_percent="25"), 400)
    assert "This field is required." in again
    assert 'value="25"' in again
    assert fresh(run).status == "in_progress"


def test_reasons_that_are_used_come_first(floor):
    first = a_running_run()
    why = Reason.objects.get(kind="failure", code="wrong_material")
    touch(floor, at(first, "fail"), reason=why.pk, progress_percent="0")
    form = page(floor.get(at(a_running_run(), "fail")))
    assert form.index(why.label) < form.index(
        Reason.objects.get(kind="failure", code="adhesion").label
    )


def test_a_cancelled_run_gives_its_claims_back(floor, galaxy):
    spool = a_spool(filament=galaxy)
    run = a_run((spool, 40))
    assert "is cancelled" in page_after(floor, touch(floor, at(run, "cancel"), reason="Not needed"))
    assert (fresh(run).status, fresh(spool).reserved_grams) == ("cancelled", 0)


def test_what_a_cancelled_run_used_is_waste(floor, galaxy):
    run = a_running_run((a_spool(filament=galaxy), 40))
    touch(floor, at(run, "cancel"), **{f"material-{run.materials.get().pk}-actual_grams": "7"})
    assert entries(run) == [("waste", Decimal(-7))]


@pytest.mark.parametrize(("typed", "used"), [({}, [70]), ({"actual_grams": "12"}, [12])])
def test_a_saved_figure_that_is_shown_is_what_a_cancelled_run_used(floor, galaxy, typed, used):
    run = a_running_run((spool := a_spool(filament=galaxy), 100))
    figure = MaterialActual(spool=spool.pk, actual_grams=Decimal(70))
    midprint.save_actuals(run, by=None, materials=[figure])
    shown = {f"material-{run.materials.get().pk}-actual_grams": "70"}
    typed = {f"material-{run.materials.get().pk}-{name}": value for name, value in typed.items()}
    touch(floor, at(run, "cancel"), **(shown | typed))
    assert entries(run) == [("waste", Decimal(-grams)) for grams in used]


def test_of_a_saved_figure_that_was_emptied_nothing_is_used(floor, galaxy):
    run = a_running_run((spool := a_spool(filament=galaxy), 100))
    figure = MaterialActual(spool=spool.pk, actual_grams=Decimal(70))
    midprint.save_actuals(run, by=None, materials=[figure])
    touch(floor, at(run, "cancel"), **{f"material-{run.materials.get().pk}-actual_grams": ""})
    assert (fresh(run).status, entries(run)) == ("cancelled", [])


@pytest.mark.parametrize("verb", ["complete", "fail", "cancel", "note"])
def test_the_page_of_a_verb_says_what_the_run_is_before_it_is_done(floor, verb):
    run = a_running_run((a_spool(1000), 40))
    text = floor.get(f"/floor/runs/{run.pk}/{verb}/").text
    assert '<b class="status running">In progress</b>' in text
    assert text.count('class="status ') == 1
