"""Runs planned and changed in the admin."""

from decimal import Decimal

from production.models import ProductionRun
from production.services.runs import lifecycle
from tests.factories import (
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_spool,
)
from tests.production.admin_forms import LIST, fields, page_of

# --- Planning ----------------------------------------------------------------------------------


def new_run(client, **typed):
    form = fields(client.get(f"{LIST}add/"))
    for lines in ("items", "materials"):
        form[f"{lines}-TOTAL_FORMS"] = str(int(any(name.startswith(lines) for name in typed)))
    return client.post(f"{LIST}add/", form | typed)


def test_a_run_is_planned_with_what_it_makes_and_takes(at_admin, operator):
    spool, product, printer = a_spool(), a_product(grams=3, units_per_plate=5), a_printer()
    answer = new_run(
        at_admin,
        printer=printer.pk,
        due_on="2026-12-24",
        **{"items-0-product": product.pk, "items-0-quantity": "12"},
        **{"materials-0-spool": spool.pk, "materials-0-planned_grams": "36.5"},
        **{"materials-0-planned_purge_grams": "0"},
    )
    assert answer.status_code == 302
    run = ProductionRun.objects.get()
    assert (run.printer, run.created_by, run.plate_count) == (printer, operator, 3)
    assert run.materials.get().reserved_grams == Decimal("36.5")
    spool.refresh_from_db()
    assert spool.reserved_grams == Decimal("36.5")


def test_without_materials_they_come_from_the_bill_of_materials(at_admin):
    product = a_product(grams=3)
    new_run(at_admin, **{"items-0-product": product.pk, "items-0-quantity": "12"})
    assert ProductionRun.objects.get().materials.get().planned_grams == 36


def test_a_refused_plan_keeps_what_was_typed(at_admin):
    spool = a_spool(10)
    answer = new_run(
        at_admin,
        notes="for the fair",
        **{"materials-0-spool": spool.pk, "materials-0-planned_grams": "36.5"},
        **{"materials-0-planned_purge_grams": "0"},
    )
    text = answer.content.decode()
    assert answer.status_code == 200
    assert f"spool {spool.code} needs 36.5 g, 10 g available" in text
    assert "for the fair" in text
    assert 'value="36.5"' in text
    assert not ProductionRun.objects.exists()


def test_a_manager_may_plan_past_a_refusal_and_it_stays_on_record(as_manager):
    spool = a_spool(10)
    typed = {"materials-0-spool": spool.pk, "materials-0-planned_grams": "36.5"}
    typed |= {"materials-0-planned_purge_grams": "0", "override_reason": "more comes tomorrow"}
    new_run(as_manager, **typed)
    assert ProductionRun.objects.get().events.get().reason == "more comes tomorrow"


def test_an_operator_may_not(at_admin):
    typed = {"materials-0-spool": a_spool(10).pk, "materials-0-planned_grams": "36.5"}
    typed |= {"materials-0-planned_purge_grams": "0", "override_reason": "please"}
    answer = new_run(at_admin, **typed)
    assert "Only a manager may override" in answer.content.decode()
    assert not ProductionRun.objects.exists()


def test_a_planned_run_and_its_lines_are_changed(at_admin):
    run = a_run((a_spool(), 10), items=[(a_product(), 1)], printer=a_printer())
    other = a_spool()
    form = fields(at_admin.get(page_of(run))) | {
        "priority": "5",
        "items-0-quantity": "7",
        "materials-TOTAL_FORMS": "2",
        "materials-0-planned_grams": "20",
        "materials-1-spool": other.pk,
        "materials-1-planned_grams": "4",
        "materials-1-planned_purge_grams": "1",
        "materials-1-run": run.pk,
    }
    answer = at_admin.post(page_of(run), form)
    assert answer.status_code == 302, answer.context["errors"]
    run.refresh_from_db()
    assert (run.priority, run.items.get().quantity) == (5, 7)
    lines = run.materials.order_by("pk").values_list("planned_grams", "reserved_grams")
    assert list(lines) == [(20, 20), (4, 5)]


def test_a_line_is_removed_and_its_claim_with_it(at_admin):
    spool = a_spool()
    run = a_run((spool, 10))
    at_admin.post(page_of(run), fields(at_admin.get(page_of(run))) | {"materials-0-DELETE": "on"})
    spool.refresh_from_db()
    assert (run.materials.count(), spool.reserved_grams) == (0, 0)


def test_a_change_of_what_somebody_else_changed_is_refused(at_admin):
    run = a_run()
    form = fields(at_admin.get(page_of(run))) | {"notes": "mine"}
    lifecycle.update(run, by=None, notes="theirs")
    answer = at_admin.post(page_of(run), form)
    assert "read it again" in answer.content.decode()
    run.refresh_from_db()
    assert run.notes == "theirs"


def test_status_number_and_figures_can_not_be_written_by_a_form(at_admin):
    run = a_running_run((a_spool(), 10), items=[(a_product(), 5)])
    before = ProductionRun.objects.values().get()
    line, item = run.materials.values().get(), run.items.values().get()
    form = fields(at_admin.get(page_of(run))) | {
        "status": "completed",
        "number": "X-1",
        "finished_at": "2026-01-01T10:00",
        "hour_rate": "0",
        "version": "99",
        "deleted_at": "2026-01-01T10:00",
        "plate_count": "9",
        "notes": "only this",
        "materials-0-id": line["id"],
        "materials-0-planned_grams": "1",
        "materials-0-reserved_grams": "0",
        "materials-0-actual_grams": "1",
        "items-0-id": item["id"],
        "items-0-good_count": "5",
        "items-0-quantity": "50",
    }
    assert at_admin.post(page_of(run), form).status_code == 302
    after = ProductionRun.objects.values().get()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"notes", "version", "updated_at"}
    assert (run.materials.values().get(), run.items.values().get()) == (line, item)


# --- Runs of a product -----------------------------------------------------------------------


def test_runs_of_a_product_are_planned_over_printers(at_admin):
    product = a_product(grams=8, units_per_plate=10, plate_minutes=60)
    printers = [a_printer() for _ in range(3)]
    page = f"/admin/production/product/{product.pk}/plan/"
    typed = {"quantity": "55", "printers": [each.pk for each in printers], "plates_per_run": "1"}
    seen = at_admin.post(page, typed)
    assert "6 runs" in seen.content.decode()
    assert not ProductionRun.objects.exists()
    answer = at_admin.post(page, typed | {"_do": "", "_seen": seen.context["seen"]})
    assert answer.status_code == 302, answer.content.decode()
    runs = ProductionRun.objects.order_by("pk")
    assert [run.items.get().quantity for run in runs] == [10, 10, 10, 10, 10, 5]
    assert {run.printer for run in runs} == set(printers)


def test_runs_previewed_in_two_tabs_are_planned_once(at_admin):
    product, printer = a_product(grams=8, units_per_plate=10), a_printer()
    page = f"/admin/production/product/{product.pk}/plan/"
    typed = {"quantity": "10", "printers": [printer.pk], "plates_per_run": "1"}
    seen = at_admin.post(page, typed)
    other = at_admin.post(page, typed | {"quantity": "20"})
    done = [
        at_admin.post(page, typed | {"_do": "", "_seen": seen.context["seen"]}) for _tab in range(2)
    ]
    assert [answer.status_code for answer in done] == [302, 302]
    assert ProductionRun.objects.count() == 1
    typed |= {"quantity": "20", "_do": "", "_seen": other.context["seen"]}
    again = at_admin.post(page, typed)
    assert again.status_code == 200
    assert ProductionRun.objects.count() == 1
    assert at_admin.post(page, typed | {"_seen": again.context["seen"]}).status_code == 302
    assert ProductionRun.objects.count() == 3


def test_without_plates_a_run_all_of_a_printer_is_one_run(at_admin):
    product, printer = a_product(grams=8, units_per_plate=10), a_printer()
    page = f"/admin/production/product/{product.pk}/plan/"
    typed = {"quantity": "55", "printers": [printer.pk], "plates_per_run": ""}
    seen = at_admin.post(page, typed)
    at_admin.post(page, typed | {"_do": "", "_seen": seen.context["seen"]})
    assert ProductionRun.objects.get().plate_count == 6


def test_a_product_of_unknown_plates_says_what_to_do(at_admin):
    product, printer = a_product(grams=8, units_per_plate=None), a_printer()
    page = f"/admin/production/product/{product.pk}/plan/"
    text = at_admin.post(page, {"quantity": "5", "printers": [printer.pk]}).content.decode()
    assert "fit on a plate" in text
