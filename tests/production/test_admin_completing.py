"""A run completed in the admin, and what was on other spools: shown, then written, or refused."""

from decimal import Decimal

from production.models import ProductionRun
from production.services import completion
from production.services.completion.actuals import MaterialActual
from production.services.printing import slots
from production.services.runs import lifecycle
from tests.factories import a_filament, a_printer, a_product, a_run, a_running_run, a_slot, a_spool
from tests.production.admin_forms import LIST, carry_out, field, fields, page, page_of, written
from tests.queries import status_of
from tests.responses import text_of

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


def test_the_plan_stands_in_the_fields_and_is_booked_as_such(at_admin):
    run = a_running_run((a_spool(), 100, 5), items=[(a_product(), 2)], planned_minutes=Decimal(60))
    _, done = carry_out(at_admin, page(run, "complete"))
    assert done.status_code == 302
    line, run = run.materials.get(), ProductionRun.objects.get()
    assert (line.actual_grams, line.actual_purge_grams, line.actual_source) == (
        100,
        5,
        "as_planned",
    )
    assert (run.actual_minutes, run.actual_minutes_source) == (60, "as_planned")
    assert run.items.get().good_count == 2


def test_what_was_emptied_is_asked_for_beside_its_field(at_admin):
    run = a_running_run((a_spool(), 100), (a_spool(), 50), items=[(a_product(), 2)])
    first, second = run.materials.order_by("pk")
    typed = {field(first, "actual_grams"): "98", field(second, "actual_grams"): ""}
    url = page(run, "complete")
    answer = at_admin.post(url, fields(at_admin.get(url)) | typed)
    form = answer.context["form"]
    assert form.errors[field(second, "actual_grams")] == [
        "Enter the grams or a weight; 50 stood here."
    ]
    assert field(first, "actual_grams") not in form.errors
    assert 'value="98"' in text_of(answer)


def test_a_slip_is_doubted_and_may_be_confirmed(at_admin):
    run = a_running_run((a_spool(), Decimal("5.7")))
    grams, url = field(run.materials.get(), "actual_grams"), page(run, "complete")
    assert 'name="confirm"' not in text_of(at_admin.get(url))
    answer = at_admin.post(url, fields(at_admin.get(url)) | {grams: "140"})
    assert answer.context["form"].errors[grams] == ["Implausible: check it."]
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
    for address in (
        page_of(run),
        page(run, "complete"),
        f"/admin/inventory/spool/{new.pk}/change/",
    ):
        assert "No plan of its own" in text_of(at_admin.get(address)), address


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
    assert "1000 → 910" in text_of(seen)
    assert done.status_code == 302
    wrong.refresh_from_db()
    right.refresh_from_db()
    assert (wrong.remaining_grams, right.remaining_grams) == (1000, 910)


def test_grams_and_a_weight_of_one_spool_are_asked_about(at_admin):
    run = a_running_run((a_spool(1000), 100))
    line, url = run.materials.get(), page(run, "complete")
    typed = {field(line, "actual_grams"): "90", field(line, "gross_after_grams"): "1108"}
    answer = at_admin.post(url, fields(at_admin.get(url)) | typed)
    after = field(line, "gross_after_grams")
    assert answer.context["form"].errors[after] == ["Either the grams or the weight, not both."]


def test_a_correction_leaves_the_lines_that_nobody_touched_as_they_were_weighed(at_admin, operator):
    run = a_running_run((a_spool(1000), 100), (a_spool(1000), 50))
    weighed, other = run.materials.order_by("pk")
    actuals = [
        MaterialActual(line=weighed.pk, gross_after_grams=Decimal(1108)),
        MaterialActual(line=other.pk, actual_grams=Decimal(50)),
    ]
    completion.complete(run, by=operator, materials=actuals)
    carry_out(at_admin, page(run, "correct"), **{field(other, "actual_grams"): "45"})
    rows = run.materials.order_by("pk").values_list("actual_grams", "actual_source")
    assert list(rows) == [(92, "weighed"), (45, "typed")]
