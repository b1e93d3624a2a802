"""The verbs of a run in the admin: what will be written is shown, then written, or refused."""

from decimal import Decimal

import pytest
from django.urls import reverse

from inventory.models import InventoryTransaction
from inventory.services import spools
from production.models import ProductionRun, Reason, RunEvent
from production.services import completion, lifecycle, slots
from production.services.lines import NewItem
from tests.factories import a_filament, a_printer, a_product, a_run, a_running_run, a_slot, a_spool
from tests.production.admin_forms import carry_out, fields

LIST = "/admin/production/productionrun/"


@pytest.fixture
def at_admin(farm_client, operator):
    farm_client.force_login(operator)
    return farm_client


def page(run, verb):
    return reverse(f"admin:production_productionrun_do_{verb}", args=[run.pk])


def text_of(answer):
    return answer.content.decode()


def status_of(run):
    return ProductionRun.objects.get(pk=run.pk).status


def written():
    """Everything a verb could have written."""
    runs = list(ProductionRun.objects.values())
    return runs, InventoryTransaction.objects.count(), RunEvent.objects.count()


def field(line, name):
    kind = "item" if hasattr(line, "good_count") else "material"
    return f"{kind}-{line.pk}-{name}"


def failure():
    return Reason.objects.get(kind="failure", code="nozzle_clog")


# --- Completing --------------------------------------------------------------------------------


def test_a_completion_is_shown_before_it_is_written(at_admin, operator):
    spool = a_spool(500)
    run = a_running_run((spool, 100, 5), items=[(a_product("CLIP-1"), 10)])
    line, item = run.materials.get(), run.items.get()
    typed = {
        field(line, "actual_grams"): "97.5",
        field(line, "actual_purge_grams"): "4",
        field(item, "good_count"): "9",
        field(item, "scrapped_count"): "1",
        "actual_minutes": "61",
    }
    before = written()
    seen = at_admin.post(page(run, "complete"), fields(at_admin.get(page(run, "complete"))) | typed)
    assert written() == before
    assert "−101.5" in text_of(seen)
    assert "500 → 398.5" in text_of(seen)
    done = at_admin.post(page(run, "complete"), fields(seen) | {"_do": "1"})
    assert done.status_code == 302
    run.refresh_from_db()
    entry = run.transactions.get()
    assert (run.status, run.actual_minutes) == ("completed", 61)
    assert (entry.grams, entry.performed_by, entry.source) == (Decimal("-101.5"), operator, "admin")
    assert run.items.get().scrapped_count == 1


def test_nothing_is_asked_in_red_before_anything_was_typed(at_admin):
    run = a_running_run((a_spool(), 100), items=[(a_product(), 1)])
    answer = at_admin.get(page(run, "complete"))
    assert answer.context["form"].errors == {}
    assert "errornote" not in text_of(answer)


def test_what_changed_since_it_was_shown_is_shown_again(at_admin):
    run = a_running_run((a_spool(), 100))
    url, grams = page(run, "complete"), field(run.materials.get(), "actual_grams")
    seen = at_admin.post(url, fields(at_admin.get(url)) | {grams: "90"})
    answer = at_admin.post(url, fields(seen) | {grams: "99", "_do": "1"})
    assert "−99" in text_of(answer)
    assert status_of(run) == "in_progress"
    lifecycle.update(run, by=None, notes="somebody was here")
    answer = at_admin.post(url, fields(answer) | {"_do": "1"})
    assert answer.status_code == 200
    assert status_of(run) == "in_progress"
    assert at_admin.post(url, fields(answer) | {"_do": "1"}).status_code == 302
    assert status_of(run) == "completed"


def test_what_nobody_said_is_asked_for_beside_its_field(at_admin):
    run = a_running_run((a_spool(), 100), (a_spool(), 50), items=[(a_product(), 2)])
    first, second = run.materials.order_by("pk")
    typed = {field(first, "actual_grams"): "98", field(run.items.get(), "good_count"): "2"}
    url = page(run, "complete")
    answer = at_admin.post(url, fields(at_admin.get(url)) | typed)
    form = answer.context["form"]
    assert form.errors[field(second, "actual_grams")] == ["What did it take?"]
    assert field(first, "actual_grams") not in form.errors
    assert 'value="98"' in text_of(answer)


def test_a_slip_is_doubted_and_may_be_confirmed(at_admin):
    run = a_running_run((a_spool(), Decimal("5.7")))
    grams, url = field(run.materials.get(), "actual_grams"), page(run, "complete")
    assert 'name="confirm"' not in text_of(at_admin.get(url))
    answer = at_admin.post(url, fields(at_admin.get(url)) | {grams: "140"})
    assert answer.context["form"].errors[grams] == ["Hard to believe."]
    assert 'name="confirm"' in text_of(answer)
    _, done = carry_out(at_admin, url, **{grams: "140", "confirm": "on"})
    assert done.status_code == 302
    assert run.transactions.get().grams == -140


def test_more_than_the_book_has_may_be_settled(at_admin):
    spool = a_spool(100)
    run = a_running_run((spool, 90))
    line, url = run.materials.get(), page(run, "complete")
    answer = at_admin.post(url, fields(at_admin.get(url)) | {field(line, "actual_grams"): "104"})
    assert field(line, "actual_grams") in answer.context["form"].errors
    assert f'name="{field(line, "settle")}"' in text_of(answer)
    typed = {field(line, "actual_grams"): "104", field(line, "settle"): "on"}
    seen, done = carry_out(at_admin, url, **typed)
    assert done.status_code == 302
    assert list(run.transactions.values_list("kind", "grams")) == [("count", 4), ("usage", -104)]


def test_a_run_is_completed_by_the_scale(at_admin):
    spool = a_spool(1000)  # on a reel of 200 g
    run = a_running_run((spool, 100))
    gross = field(run.materials.get(), "gross_after_grams")
    carry_out(at_admin, page(run, "complete"), **{gross: "1108"})
    assert run.transactions.get().grams == -92
    assert run.materials.get().actual_source == "weighed"


def test_a_spool_that_got_heavier_is_refused_at_the_scale(at_admin):
    run = a_running_run((a_spool(1000), 100))
    gross, url = field(run.materials.get(), "gross_after_grams"), page(run, "complete")
    answer = at_admin.post(url, fields(at_admin.get(url)) | {gross: "1300"})
    assert gross in answer.context["form"].errors


def test_drafts_prefill_the_completion(at_admin):
    run = a_running_run((a_spool(), 100))
    completion_lines = run.materials.get()
    completion_lines.actual_grams = 93
    completion_lines.save()
    seen = at_admin.get(page(run, "complete"))
    assert "−93" in text_of(seen)
    assert at_admin.post(page(run, "complete"), fields(seen) | {"_do": "1"}).status_code == 302


# --- Other spools ------------------------------------------------------------------------------


def test_a_spool_that_ran_out_is_swapped(at_admin):
    filament = a_filament()
    old, new = a_spool(100, filament=filament), a_spool(filament=filament)
    run = a_running_run((old, 90))
    line, url = run.materials.get(), page(run, "swap_spool")
    answer = at_admin.post(url, fields(at_admin.get(url)) | {"line": line.pk, "spool": new.pk})
    assert answer.context["form"].errors["is_empty"] == ["What did it give so far?"]
    carry_out(at_admin, url, line=line.pk, spool=new.pk, actual_grams="70")
    lines = run.materials.order_by("pk").values_list("spool", "reserved_grams")
    assert list(lines) == [(old.pk, 70), (new.pk, 20)]


def test_a_spool_that_is_swapped_is_swapped_in_its_printer_too(at_admin):
    filament, slot = a_filament(), a_slot("A1")
    old, new = a_spool(filament=filament), a_spool(filament=filament)
    slots.load(old, slot=slot, by=None)
    run = a_running_run((old, 90), printer=slot.printer)
    line, url = run.materials.get(), page(run, "swap_spool")
    carry_out(at_admin, url, line=line.pk, spool=new.pk, is_empty="on")
    slot.refresh_from_db()
    assert slot.spool == new
    assert set(run.materials.values_list("spool", flat=True)) == {old.pk, new.pk}


def test_a_run_is_planned_once_more(at_admin):
    run = a_run((a_spool(), 90), items=[(a_product("CLIP"), 3)], printer=a_printer())
    _, done = carry_out(at_admin, page(run, "copy"), due_on="2027-01-05")
    again = ProductionRun.objects.exclude(pk=run.pk).get()
    assert done["Location"] == f"{LIST}{again.pk}/change/"
    assert (again.printer, str(again.due_on)) == (run.printer, "2027-01-05")
    assert again.items.get().quantity == 3


def test_what_was_booked_on_the_wrong_spool_is_reassigned(at_admin, operator):
    filament = a_filament()
    wrong, right = a_spool(filament=filament), a_spool(filament=filament)
    run = a_running_run((wrong, 90))
    completion.complete(run, by=operator, as_planned=True)
    line = run.materials.get()
    seen, done = carry_out(at_admin, page(run, "reassign"), line=line.pk, spool=right.pk)
    assert "1,000 → 910" in text_of(seen)
    assert done.status_code == 302
    wrong.refresh_from_db()
    right.refresh_from_db()
    assert (wrong.remaining_grams, right.remaining_grams) == (1000, 910)


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
    spools.weigh(spool, gross_grams=1090, by=operator)
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
    assert f"{spool.code} · Polyfil" in text_of(answer)
    seen, done = carry_out(at_admin, url, **{f"material-{line.pk}-spool": spool.pk})
    assert "0 → 50" in text_of(seen)
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
    spools.weigh(spool, gross_grams=250, by=None, confirm=True)  # 50 g are left
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
    assert "planned; it can&#x27;t do “complete” now" in text_of(answer)
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
    assert "will be left alone" in text_of(seen)
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
