"""Products and printers in the admin: what they are planned with, and what they really do."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from production.admin import products
from production.models import BomLine, PrinterSlot, Product
from production.services import completion
from production.services.completion.actuals import MaterialActual
from tenants.accounts.models import AuditEvent
from tests.factories import a_material_type, a_printer, a_product, a_run, a_running_run, a_spool
from tests.production.admin_forms import carry_out, fields
from tests.responses import text_of, without_labels


def page(row, verb="change"):
    name = verb if verb == "change" else f"do_{verb}"
    return reverse(f"admin:production_{row._meta.model_name}_{name}", args=[row.pk])


def printed(product, quantity, grams):
    """A completed run of the product that took so many grams by the scale or by hand."""
    run = a_running_run((a_spool(), product.bom_grams * quantity), items=[(product, quantity)])
    typed = MaterialActual(line=run.materials.get().pk, actual_grams=Decimal(grams))
    completion.complete(run, by=None, materials=[typed], as_planned=True, confirm=True)
    return run


# --- Products ----------------------------------------------------------------------------------


def test_a_product_that_takes_more_is_offered_what_would_fit(at_admin):
    product = a_product(grams=10)
    runs = [printed(product, 10, 130), printed(product, 10, 110)]
    text = text_of(at_admin.get(page(product)))
    assert "<strong>12 g</strong> instead of 10 g (+20 %)" in text
    assert all(run.number in text for run in runs)


def test_the_last_runs_of_a_product_are_explained(at_admin, monkeypatch):
    product = a_product(grams=10)
    printed(product, 10, 130)
    printed(product, 10, 110)
    explained = at_admin.get(page(product)).context["explanation"]
    assert (explained["runs"], explained["grams"]["difference"]) == (2, 40)
    monkeypatch.setattr(products, "EXPLAINED", 1)
    answer = at_admin.get(page(product))
    assert answer.context["explanation"]["grams"]["difference"] == 10
    assert answer.context["whole"]["runs"] == 2
    assert "Its last 1 runs: 1 of 1 run can be compared in cost" in text_of(answer)


def test_the_proposal_is_shown_then_accepted_with_its_evidence(at_admin):
    product = a_product(grams=10)
    run = printed(product, 10, 120)
    seen, done = carry_out(at_admin, page(product, "accept"))
    assert '<td class="number">10</td><td class="number">12</td>' in without_labels(text_of(seen))
    assert done.status_code == 302
    assert BomLine.objects.get().grams_per_unit == 12
    evidence = AuditEvent.objects.get(verb="accept_actuals").changes
    assert evidence["evidence"] == [None, [run.number]]


def test_a_product_that_fits_has_no_proposal(at_admin):
    product = a_product(grams=10)
    printed(product, 10, 101)
    answer = at_admin.get(page(product))
    assert answer.context["alert"] is None
    assert [each["verb"].name for each in answer.context["buttons"]] == ["plan"]


def test_who_only_looks_sees_grams_without_trailing_zeros(farm_client, viewer):
    product = a_product(grams=20)
    farm_client.force_login(viewer)
    text = farm_client.get(f"/admin/production/product/{product.pk}/change/").content.decode()
    assert "<p>20</p>" in text
    assert "20.0" not in text


def test_a_bill_of_materials_is_kept_with_its_product(at_admin):
    product, petg = a_product(grams=10), a_material_type("PETG")
    form = fields(at_admin.get(page(product))) | {
        "name": "Better clip",
        "bom_lines-TOTAL_FORMS": "2",
        "bom_lines-0-grams_per_unit": "11.5",
        "bom_lines-1-product": product.pk,
        "bom_lines-1-material_type": petg.pk,
        "bom_lines-1-grams_per_unit": "2",
    }
    answer = at_admin.post(page(product), form)
    assert answer.status_code == 302, answer.context["errors"]
    assert Product.objects.get().name == "Better clip"
    assert list(product.bom_lines.values_list("grams_per_unit", flat=True)) == [Decimal("11.5"), 2]
    assert AuditEvent.objects.of(product.bom_lines.first()).exists()


def test_a_sku_that_is_taken_is_said_beside_it(at_admin):
    a_product("CLIP-1")
    product = a_product("CLIP-2")
    form = fields(at_admin.get(page(product))) | {"sku": "CLIP-1", "description": "kept"}
    answer = at_admin.post(page(product), form)
    assert "sku" in answer.context["adminform"].form.errors
    assert "kept" in text_of(answer)


# --- Printers ----------------------------------------------------------------------------------


def test_a_printer_tells_what_runs_what_is_next_and_its_hours(at_admin):
    printer = a_printer("Oak")
    done = a_running_run((a_spool(), 5), printer=printer)
    completion.complete(done, by=None, as_planned=True, actual_minutes=Decimal(90))
    running = a_running_run((a_spool(), 5), printer=printer)
    planned = a_run((a_spool(), 5), printer=printer)
    text = text_of(at_admin.get("/admin/production/printer/"))
    assert running.number in text
    assert planned.number in text
    assert "1.5" in text
    text = text_of(at_admin.get(page(printer)))
    assert all(run.number in text for run in (done, running, planned))
    assert f"Oak is busy with run {running.number}." in text


def test_an_operator_clears_a_bed(at_admin):
    printer = a_printer(needs_clearing=True)
    url = page(printer, "clear")
    assert "is marked as clear" in text_of(at_admin.get(url))
    at_admin.post(url, fields(at_admin.get(url)) | {"_do": "1"})
    printer.refresh_from_db()
    assert not printer.needs_clearing
    assert at_admin.get(page(printer)).context["buttons"] == []


def test_an_operator_loads_a_slot_but_does_not_change_the_printer(at_admin):
    printer, spool = a_printer(), a_spool()
    slot = PrinterSlot.objects.create(printer=printer, label="A1")
    assert at_admin.post(page(printer), {"name": "Mine"}).status_code == 403
    form = fields(at_admin.get(page(slot))) | {"spool": spool.pk}
    assert at_admin.post(page(slot), form).status_code == 302
    slot.refresh_from_db()
    assert slot.spool == spool
    assert {event.verb for event in spool.events.all()} == {"opened", "loaded"}
    at_admin.post(page(slot), fields(at_admin.get(page(slot))) | {"spool": ""})
    slot.refresh_from_db()
    assert slot.spool is None
    assert spool.events.latest("pk").verb == "unloaded"


def test_a_spool_is_in_one_slot_and_the_form_says_so(at_admin):
    printer, spool = a_printer(), a_spool()
    PrinterSlot.objects.create(printer=printer, label="A1", spool=spool)
    slot = PrinterSlot.objects.create(printer=printer, label="A2")
    form = fields(at_admin.get(page(slot))) | {"spool": spool.pk}
    answer = at_admin.post(page(slot), form)
    assert "spool" in answer.context["adminform"].form.errors


def test_a_manager_changes_a_printer_and_its_slots(as_manager):
    printer = a_printer("Oak")
    form = fields(as_manager.get(page(printer))) | {
        "name": "Elm",
        "slots-TOTAL_FORMS": "1",
        "slots-0-printer": printer.pk,
        "slots-0-label": "A1",
    }
    answer = as_manager.post(page(printer), form)
    assert answer.status_code == 302, answer.context["errors"]
    printer.refresh_from_db()
    assert (printer.name, printer.slots.get().label) == ("Elm", "A1")


@pytest.mark.parametrize("name", ["product", "printer", "printerslot", "reason"])
def test_a_list_takes_the_same_queries_for_1_and_for_20(at_admin, name):
    def one():
        printer = a_printer()
        PrinterSlot.objects.create(printer=printer, label="1", spool=a_spool())
        a_run((a_spool(), 5), items=[(a_product(grams=1), 1)], printer=printer)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert at_admin.get(f"/admin/production/{name}/").status_code == 200
        return len(captured)

    one()
    queries()
    at_one = queries()
    for _ in range(19):
        one()
    assert queries() == at_one
