"""What a run takes meets a line of a bill of materials as a whole, wherever it is planned; and what
is out of use is planned nowhere."""

from decimal import Decimal

import pytest
from django.urls import reverse

from production.models import BomLine, Printer, Product, ProductionRun, Reason, RunEvent
from production.services import completion
from production.services.reports import demand
from production.services.requirements.claims import IncompatibleSpool
from production.services.requirements.in_use import (
    PrinterInactive,
    ProductInactive,
    ReasonInactive,
)
from production.services.requirements.limits import LimitExceeded
from production.services.runs import lifecycle, lines, planning, repeats
from production.services.runs.lines import NewMaterial
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_spool,
)
from tests.production.admin_forms import LIST, fields
from tests.production.api_helpers import RUNS, at
from tests.production.floor_helpers import at as on_floor
from tests.production.floor_helpers import touch
from tests.responses import done, refused, text_of

pytestmark = pytest.mark.usefixtures("farm")


@pytest.fixture
def petg():
    return a_material_type("PETG")


def of_exactly(filament, grams=10):
    """A product whose bill of materials names one filament."""
    product = a_product()
    BomLine.objects.create(
        product=product,
        material_type=filament.material_type,
        filament=filament,
        grams_per_unit=Decimal(grams),
    )
    return product


def takes(product, **requirement):
    line = NewMaterial(planned_grams=Decimal(10), **requirement)
    items = [lines.NewItem(product=product, quantity=1)]
    return lifecycle.create(by=None, items=items, materials=[line])


def codes(run):
    return [blocker.code for blocker in demand.blockers([run])[run.pk]]


# --- A line meets a line of the bill ------------------------------------------------------------


def test_a_line_meets_a_line_of_the_bill_by_its_type_and_by_its_filament(pla, petg):
    red, blue, tough = a_filament(), a_filament(), a_filament(material_type=petg)
    of_type, of_red = a_product(grams=10), of_exactly(red)
    for fits in ({"material_type": pla}, {"filament": red}, {"spool": a_spool(filament=blue)}):
        takes(of_type, **fits)
    for fits in ({"filament": red}, {"spool": a_spool(filament=red)}):
        takes(of_red, **fits)
    strangers = {
        of_type: ({"material_type": petg}, {"filament": tough}, {"spool": a_spool(filament=tough)}),
        of_red: ({"material_type": pla}, {"filament": blue}, {"spool": a_spool(filament=blue)}),
    }
    for product, requirements in strangers.items():
        for wrong in requirements:
            with pytest.raises(LimitExceeded, match="No product of the run is made of"):
                takes(product, **wrong)
    both = {"material_type": pla, "spool": a_spool(filament=red)}  # the spool says more
    takes(of_red, **both)


def test_it_is_refused_when_lines_and_items_change(pla, petg):
    product, other = a_product(grams=10), a_product(grams=10, material_type=petg)
    run = takes(product, material_type=pla)
    line, item = run.materials.get(), run.items.get()
    with pytest.raises(LimitExceeded):
        lines.add_material(run, by=None, material_type=petg, planned_grams=Decimal(5))
    with pytest.raises(LimitExceeded):
        lines.change_item(item, by=None, product=other)
    with pytest.raises(LimitExceeded):
        lines.change_material(line, by=None, material_type=petg)
    assert ProductionRun.objects.get().version == 1


def test_it_is_refused_in_the_api_the_admin_and_on_the_floor(api, as_manager, petg):
    product = a_product(grams=10)
    item, line = {"product": product.pk, "quantity": 1}, {"material_type_code": "petg"}
    body = {"items": [item], "materials": [line | {"planned_grams": "10"}]}
    problem = refused(api.post(RUNS, body), 409, "limit_exceeded")
    assert problem["errors"] == {"materials": ["No product of the run is made of PETG."]}
    form = fields(as_manager.get(f"{LIST}add/"))
    form |= {"items-TOTAL_FORMS": "1", "items-0-product": product.pk, "items-0-quantity": "1"}
    form |= {"materials-TOTAL_FORMS": "1", "materials-0-material_type": petg.pk}
    form |= {"materials-0-planned_grams": "10", "materials-0-planned_purge_grams": "0"}
    assert "is made of PETG" in text_of(as_manager.post(f"{LIST}add/", form))
    run = takes(product, material_type=product.bom_lines.get().material_type)
    spool = a_spool(filament=a_filament(material_type=petg))
    answer = touch(
        as_manager,
        on_floor(run, "start"),
        **{f"material__{run.materials.get().pk}__spool": spool.code},
    )
    assert "the line asks for PLA" in text_of(answer)
    body["override_reason"] = "A sample in PETG"
    overridden = done(api.post(RUNS, body), 201)
    assert RunEvent.objects.get(run=overridden["id"]).reason == "A sample in PETG"


def test_a_start_says_what_the_blockers_say(petg, manager):
    product, spool = a_product(grams=10), a_spool(filament=a_filament(material_type=petg))
    insists = {"by": manager, "override_reason": "A sample"}
    run = a_run((spool, 10), items=[(product, 1)], **insists)
    assert codes(run) == ["limit_exceeded"]
    with pytest.raises(LimitExceeded):
        lifecycle.start(run, by=None)
    lifecycle.start(run, **insists)
    bare = takes(a_product(), material_type=a_material_type("PLA"))
    lines.change_material(bare.materials.get(), spool=a_spool(filament=spool.filament), **insists)
    assert codes(bare) == ["incompatible_spool"]
    with pytest.raises(IncompatibleSpool):
        lifecycle.start(bare, by=None)


# --- A line of the bill is of its filament's type -----------------------------------------------


def test_a_filament_of_a_bill_is_of_the_lines_material_type(api, as_manager, pla, petg):
    red, product = a_filament("Red"), a_product()
    place = f"/api/v1/products/{product.pk}/bom-lines/"
    wrong = {"material_type": petg.pk, "filament": red.pk, "grams_per_unit": "5"}
    problem = refused(api.post(place, wrong), 400, "invalid")
    assert problem["errors"] == {
        "filament": ["Polyfil Red is PLA: choose another, or that material type."]
    }
    line = done(api.post(place, wrong | {"material_type": pla.pk}), 201)
    assert refused(api.patch(f"{place}{line['id']}/", {"material_type": petg.pk}), 400, "invalid")
    page = reverse("admin:production_product_change", args=[product.pk])
    form = fields(as_manager.get(page)) | {"bom_lines-0-material_type": petg.pk}
    assert "Polyfil Red is PLA" in text_of(as_manager.post(page, form))
    answer = api.patch(f"/api/v1/filaments/{red.pk}/", {"material_type": petg.pk})
    problem = refused(answer, 400, "invalid")
    assert problem["errors"] == {
        "material_type": [f"The bill of materials of {product.sku} names it as PLA."]
    }
    assert BomLine.objects.get().material_type == pla


# --- What is out of use -------------------------------------------------------------------------


def test_what_is_out_of_use_is_not_planned(manager):
    old, made = a_product("OLD", grams=1, is_active=False), a_product(grams=1)
    resting, printer = a_printer(is_active=False), a_printer()
    run = a_run(items=[(made, 1)], printer=printer)
    insists = {"by": manager, "override_reason": "Once more"}
    for work in (
        lambda: a_run(items=[(old, 1)], **insists),
        lambda: lines.add_item(run, product=old, quantity=1, **insists),
        lambda: lines.change_item(run.items.get(), product=old, **insists),
    ):
        with pytest.raises(ProductInactive, match="OLD A part is made no more"):
            work()
    for work in (
        lambda: a_run(printer=resting, **insists),
        lambda: lifecycle.update(run, printer=resting, **insists),
        lambda: repeats.copy(run, by=manager, printer=resting),
        lambda: planning.create_many([{"printer": resting}], by=manager),
    ):
        with pytest.raises((PrinterInactive, planning.RunsRefused), match="Out of service"):
            work()
    lines.change_item(run.items.get(), by=None, quantity=2)
    Product.objects.update(is_active=False)
    with pytest.raises(ProductInactive):
        repeats.copy(run, by=manager)
    lines.change_item(run.items.get(), by=None, quantity=3)  # it is planned already
    assert lifecycle.start(run, by=None, confirm=True).is_printing


def test_a_printer_out_of_service_starts_nothing(api, as_manager):
    run = a_run(printer=a_printer("Elm"))
    Printer.objects.update(is_active=False)
    assert codes(run) == ["printer_inactive"]
    problem = refused(
        api.post(at(run, "start"), {"printer_cleared": True}), 409, "printer_inactive"
    )
    assert problem["detail"] == "Out of service: Elm."
    assert "Out of service: Elm." in text_of(touch(as_manager, on_floor(run, "start")))
    assert ProductionRun.objects.get().status == "planned"


def test_a_reason_out_of_use_or_of_another_kind_is_named_by_no_way_in(api, as_manager):
    old = Reason.objects.create(kind="scrap", code="old", label="Old", is_active=False)
    failure = Reason.objects.get(kind="failure", code="nozzle_clog")
    run = a_running_run((a_spool(), 10), items=[(a_product(), 2)])
    item = run.items.get()
    row = {"id": item.pk, "good_count": 1, "scrapped_count": 1}
    for address, body in (
        ("complete", {"items": [row | {"scrap_reason": old.pk}], "as_planned": True}),
        ("complete", {"items": [row | {"scrap_reason_code": "old"}], "as_planned": True}),
        ("actuals", {"items": [row | {"scrap_reason": old.pk}]}),
    ):
        problem = refused(api.post(at(run, address), body), 409, "reason_inactive")
        assert problem["detail"] == "“Old” is out of use: name another reason."
        assert list(problem["errors"]) == ["items.0.scrap_reason"]
    line = at(run, "items", item.pk)
    refused(api.patch(line, {"scrap_reason": old.pk}), 409, "reason_inactive")
    refused(api.patch(line, {"scrap_reason": failure.pk}), 400, "invalid")
    with pytest.raises(ReasonInactive):
        failed = Reason.objects.create(kind="failure", code="old", label="Old", is_active=False)
        completion.fail(run, by=None, reason=failed, progress_percent=10)
    assert "Old" not in text_of(as_manager.get(on_floor(run, "complete")))
    assert "Old" not in text_of(as_manager.get(on_floor(run, "fail")))
    Reason.objects.update(is_active=True)
    done(api.patch(line, {"scrapped_count": 1, "scrap_reason": old.pk}))
    Reason.objects.filter(pk=old.pk).update(is_active=False)
    done(api.patch(line, {"scrapped_count": 2, "scrap_reason": old.pk}))  # it was named before


def test_what_was_printed_before_it_went_out_of_use_is_recorded(api):
    product, printer = a_product(grams=1), a_printer()
    Product.objects.update(is_active=False)
    Printer.objects.update(is_active=False)
    spool = a_spool()
    body = {
        "started_at": "2026-03-01T08:00:00Z",
        "finished_at": "2026-03-01T09:00:00Z",
        "printer": printer.pk,
        "items": [{"product": product.pk, "good_count": 1}],
        "materials": [{"spool": spool.pk, "actual_grams": "1"}],
    }
    done(api.post(f"{RUNS}record/", body), 201)
