"""The other verbs of a run in the admin: shown, then written, or refused."""

from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.services.spools import scale
from production.models import ProductionRun, RunEvent
from production.services import completion, run_state
from production.services.runs import lifecycle
from production.services.runs.lines import NewItem
from tests.factories import a_filament, a_printer, a_product, a_run, a_running_run, a_spool
from tests.production.admin_forms import LIST, carry_out, failure, field, fields, page, written
from tests.queries import status_of
from tests.responses import text_of

# --- The other outcomes ------------------------------------------------------------------------


def test_a_failure_needs_its_reason_and_books_waste(at_admin):
    run = a_running_run((a_spool(), 100))
    url = page(run, "fail")
    answer = at_admin.post(url, fields(at_admin.get(url)) | {"progress_percent": "40"})
    assert "reason" in answer.context["form"].errors
    seen, done = carry_out(at_admin, url, progress_percent="40", reason=failure().pk)
    assert "Waste" in text_of(seen)
    assert done.status_code == 302
    assert run.transactions.get().grams == -40


def test_a_heading_names_the_products_and_then_the_run(at_admin):
    run = a_running_run((a_spool(), 100), items=[(a_product(name="Clip"), 4)])
    heading = f"<h1>Complete: 4 × Clip · {run.number}</h1>"
    assert heading in at_admin.get(page(run, "complete")).content.decode()
    of_many = a_run(items=[(a_product(name=f"Part {number}"), 2) for number in range(5)])
    heading = f"2 × Part 0, 2 × Part 1, 2 × Part 2, 5 products in all · {of_many.number}</h1>"
    assert heading in at_admin.get(page(of_many, "cancel")).content.decode()


def test_a_run_is_cancelled_and_its_claims_released(at_admin):
    spool = a_spool()
    run = a_run((spool, 100))
    url = page(run, "cancel")
    seen = at_admin.get(url)
    assert "100 → 0" in text_of(seen)  # what is reserved
    at_admin.post(url, fields(seen) | {"_do": "1"})
    assert status_of(run) == "cancelled"


def test_what_a_cancelled_run_used_is_waste(at_admin):
    run = a_running_run((a_spool(), 100))
    grams = field(run.materials.get(), "actual_grams")
    carry_out(at_admin, page(run, "cancel"), **{grams: "12"})
    entry = run.transactions.get()
    assert (status_of(run), entry.kind, entry.grams) == ("cancelled", "waste", -12)


def test_a_completed_run_is_corrected(at_admin, operator):
    run = a_running_run((a_spool(), 100), (a_spool(), 50))
    completion.complete(run, by=operator, as_planned=True)
    line = run.materials.order_by("pk").first()
    seen, done = carry_out(
        at_admin, page(run, "correct"), **{field(line, "actual_grams"): "95", "reason": "misread"}
    )
    assert done.status_code == 302
    assert list(run.transactions.order_by("pk").values_list("kind", "grams"))[2:] == [
        ("reversal", 100),
        ("usage", -95),
    ]


def test_a_completion_is_reverted_with_its_entries_shown(at_admin, operator):
    run = a_running_run((a_spool(), 100))
    completion.complete(run, by=operator, as_planned=True)
    seen = at_admin.get(page(run, "revert"))
    assert "Reversal" in text_of(seen)
    at_admin.post(page(run, "revert"), fields(seen) | {"_do": "1"})
    assert status_of(run) == "in_progress"


def test_a_revert_across_a_count_is_the_managers(farm_client, manager, operator):
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    completion.complete(run, by=operator, as_planned=True)
    scale.weigh(spool, gross_grams=1090, by=operator)
    url = page(run, "revert")
    farm_client.force_login(manager)
    answer = farm_client.get(url)
    assert "was weighed since" in text_of(answer)
    _, done = carry_out(farm_client, url, confirm="on")
    assert done.status_code == 302
    spool.refresh_from_db()
    assert spool.needs_weighing


def test_somebody_elses_verb_is_not_undone_by_an_operator(at_admin):
    run = a_running_run((a_spool(), 100))
    completion.complete(run, by=None, as_planned=True)
    answer = at_admin.get(page(run, "revert"))
    assert "ask a manager" in text_of(answer)
    assert 'name="_do"' not in text_of(answer)


# --- Starting ----------------------------------------------------------------------------------


def test_a_start_asks_for_the_spools_that_are_missing(at_admin):
    spool = a_spool()
    item = NewItem(product=a_product(grams=5), quantity=10)
    run = lifecycle.create(by=None, items=[item])
    line, url = run.materials.get(), page(run, "start")
    answer = at_admin.get(url)
    assert answer.context["form"].errors[f"material-{line.pk}-spool"] == ["Choose a spool."]
    seen, done = carry_out(at_admin, url, **{f"material-{line.pk}-spool": spool.pk})
    assert "0 → 50" in text_of(seen)
    assert f"{spool.code} · Polyfil" in text_of(seen)
    assert (done.status_code, status_of(run)) == (302, "in_progress")


def test_a_start_asks_whether_the_bed_is_clear(at_admin):
    printer = a_printer(needs_clearing=True)
    run = a_run(printer=printer)
    assert "printer_cleared" in at_admin.get(page(run, "start")).context["form"].errors
    _, done = carry_out(at_admin, page(run, "start"), printer_cleared="on")
    assert done.status_code == 302


def test_only_a_manager_is_offered_to_override(farm_client, operator, manager):
    spool = a_spool(100)
    run = a_run((spool, 90))
    scale.weigh(spool, gross_grams=250, by=None, confirm=True)  # 50 g are left
    for user, is_offered in ((operator, False), (manager, True)):
        farm_client.force_login(user)
        answer = farm_client.get(page(run, "start"))
        assert "Not enough filament" in text_of(answer)
        assert ('name="override_reason"' in text_of(answer)) is is_offered


def test_a_start_is_taken_back(at_admin, operator):
    run = lifecycle.start(a_run((a_spool(), 5)), by=operator)
    at_admin.post(page(run, "unstart"), fields(at_admin.get(page(run, "unstart"))) | {"_do": "1"})
    assert status_of(run) == "planned"


def test_a_verb_that_is_not_possible_says_so_and_has_no_button(at_admin):
    answer = at_admin.get(page(a_run(), "complete"))
    assert "planned; “complete” is not possible now" in text_of(answer)
    assert 'name="_do"' not in text_of(answer)


# --- New runs, deleted runs --------------------------------------------------------------------


def test_what_was_not_good_is_reprinted(at_admin, operator):
    run = a_running_run((a_spool(), 100), items=[(a_product(), 10)])
    completion.fail(run, by=operator, reason=failure(), progress_percent=50)
    url = page(run, "reprint")
    done = at_admin.post(url, fields(at_admin.get(url)) | {"_do": "1"})
    again = ProductionRun.objects.get(reprint_of=run)
    assert done["Location"] == f"{LIST}{again.pk}/change/"
    assert again.items.get().quantity == 10


def test_a_run_is_deleted_from_its_page(at_admin):
    run = a_run((a_spool(), 5))
    url = page(run, "delete")
    done = at_admin.post(url, fields(at_admin.get(url)) | {"_do": "1"})
    assert done["Location"] == LIST
    run.refresh_from_db()
    assert run.deleted_at


# --- Several at once ---------------------------------------------------------------------------


def together(client, verb, runs, **typed):
    """Choose the action, look, agree; returns both answers."""
    form = {"action": f"do_{verb}", "_selected_action": [run.pk for run in runs]}
    seen = client.post(LIST, form)
    agreed = {**form, **typed, "_seen": seen.context["seen"]}
    if typed:
        seen = client.post(LIST, agreed)
        agreed["_seen"] = seen.context["seen"]
    return seen, client.post(LIST, agreed | {"_do": "1"}, follow=True)


def test_several_are_completed_as_planned_after_each_was_shown(at_admin):
    runs = [a_running_run((a_spool(), grams)) for grams in (10, 20)]
    planned = a_run((a_spool(), 30))
    before = written()
    form = {"action": "do_complete", "_selected_action": [run.pk for run in [*runs, planned]]}
    seen = at_admin.post(LIST, form)
    assert written() == before
    assert "−10" in text_of(seen)
    assert "−20" in text_of(seen)
    assert "will be skipped" in text_of(seen)
    _, done = together(at_admin, "complete", [*runs, planned])
    assert [status_of(run) for run in [*runs, planned]] == ["completed", "completed", "planned"]
    assert "2 of 3 done" in text_of(done)


def test_several_are_cancelled_with_one_reason(at_admin):
    runs = [a_run((a_spool(), 10)) for _ in range(3)]
    together(at_admin, "cancel", runs, reason="no power")
    assert {status_of(run) for run in runs} == {"cancelled"}
    assert set(RunEvent.objects.filter(verb="cancel").values_list("reason", flat=True)) == {
        "no power"
    }


def test_an_action_that_was_not_looked_at_does_nothing(at_admin):
    run = a_run()
    form = {"action": "do_cancel", "_selected_action": [run.pk], "_do": "1", "_seen": ""}
    at_admin.post(LIST, form)
    assert status_of(run) == "planned"


def test_a_viewer_prints_and_does_nothing(farm_client, viewer):
    run = a_run()
    farm_client.force_login(viewer)
    form = {"action": "do_cancel", "_selected_action": [run.pk]}
    text = text_of(farm_client.get(LIST))
    assert "print_travellers" in text
    assert 'value="do_' not in text
    farm_client.post(LIST, form)
    assert status_of(run) == "planned"


def test_a_filament_of_another_kind_is_not_offered_for_a_start(at_admin):
    other = a_spool(filament=a_filament("Wrong", material_type=None))
    wanted = a_filament("Right")
    product = a_product()
    product.bom_lines.create(
        material_type=wanted.material_type, filament=wanted, grams_per_unit=Decimal(2)
    )
    run = lifecycle.create(by=None, items=[NewItem(product=product, quantity=1)])
    assert other.code not in text_of(at_admin.get(page(run, "start")))


# --- What somebody else deletes meanwhile -------------------------------------------------------


@pytest.fixture
def deleting(monkeypatch):
    """``deleting(run)``: somebody does, before the next verb has locked it."""
    lock = run_state.lock

    def delete(run):
        def locked(row, verb):
            ProductionRun.objects.filter(pk=run.pk).update(deleted_at=timezone.now())
            return lock(row, verb)

        monkeypatch.setattr(run_state, "lock", locked)

    return delete


def test_a_run_that_is_deleted_meanwhile_is_missing(at_admin, deleting):
    run = a_run()
    url = page(run, "cancel")
    sent = fields(at_admin.get(url)) | {"_do": "1"}
    deleting(run)
    assert at_admin.post(url, sent).status_code == 404
    assert status_of(run) == "planned"


def test_of_several_runs_one_that_is_deleted_meanwhile_is_named(at_admin, deleting):
    gone, other = a_run(), a_run()
    form = {"action": "do_cancel", "_selected_action": [gone.pk, other.pk]}
    sent = form | fields(at_admin.post(LIST, form)) | {"_do": "1"}
    deleting(gone)
    text = text_of(
        at_admin.post(LIST, sent | {"_selected_action": form["_selected_action"]}, follow=True)
    )
    assert f"{gone.number} was removed at this very moment." in text
    assert (status_of(gone), status_of(other)) == ("planned", "cancelled")
