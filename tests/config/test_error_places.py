"""An error in a list of a body has its place, whoever finds it: ``items.1.quantity``."""

import pytest
from rest_framework.serializers import ListField, ListSerializer

from inventory import codes
from tests.config.routes import routes
from tests.factories import (
    a_filament,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_sliced_file,
    a_spool,
)
from tests.production.verbs.preparation import a_bare_line

RUNS = "/api/v1/production-runs/"
NOWHERE = 999_999_999


def lists_of_bodies():
    """``{(action, field)}`` of all lists in bodies; imports answer for each line."""
    found = set()
    for route in routes():
        view = getattr(route.view, "cls", None)
        for method, action in getattr(route.view, "actions", {}).items():
            if method == "post" and hasattr(view, "bodies") and not action.startswith("import"):
                body = view.bodies.get(action, view.serializer_class)
                fields = getattr(body(), "fields", {})
                found |= {(action, name) for name, each in fields.items() if is_list(each)}
    return found


def is_list(field):
    return isinstance(field, (ListField, ListSerializer)) and not field.read_only


class Cases:
    """A body for each list of a body, with an error that is not in its first element where the
    first is good; each returns the response and where the error is."""

    def __init__(self, api):
        self.api, self.spool, self.product = api, a_spool(1000), a_product(grams=None)

    def item(self, **more):
        return {"product": self.product.pk, "quantity": 1} | more

    def create_items(self):
        body = {"items": [self.item(), self.item(quantity=0)], "materials": []}
        return self.api.post(RUNS, body), {"items.1.quantity"}

    def create_materials(self):
        body = {"materials": [{"spool": self.spool.pk, "planned_grams": 1}, {"planned_grams": 1}]}
        return self.api.post(RUNS, body), {"materials.1.spool"}

    def bulk_runs(self):
        line = {"spool": self.spool.pk, "planned_grams": "1"}
        bad = {"materials": [line, line]}
        places = {"runs.1.materials.0.spool", "runs.1.materials.1.spool"}
        good = {"items": [self.item()], "materials": []}
        return self.api.post(f"{RUNS}bulk/", {"runs": [good, bad | {"items": []}]}), places

    def create_proposals(self):
        line, spool = a_bare_line()
        good = {"material": line.pk, "spools": [spool.pk]}
        bad = {"material": NOWHERE, "spools": [NOWHERE]}
        places = {"proposals.1.material", "proposals.1.spools"}
        return self.api.post("/api/v1/best-fit/", {"proposals": [good, bad]}), places

    def several(self, **body):
        return self.api.post("/api/v1/printers/several/", {"preset": "sovol-sv08"} | body)

    def several_names(self):
        return self.several(names=["P1", ""]), {"names.1"}

    def several_slots(self):
        return self.several(names=["P1"], slots=["A1", ""]), {"slots.1"}

    def plan_file(self, **body):
        file = a_sliced_file()
        return self.api.post(f"/api/v1/sliced-files/{file.pk}/plan/", body)

    def plan_plates(self):
        return self.plan_file(plates=[1, 0]), {"plates.1"}

    def plan_products(self):
        one = {"plate": 1, "product": self.product.pk, "units": 1}
        return self.plan_file(products=[one, one | {"units": 0}]), {"products.1.units"}

    def plan_slots(self):
        one = {"slot": 1, "grams": "4"}
        return self.plan_file(slots=[one, one | {"grams": "x"}]), {"slots.1.grams"}

    def plan_seconds(self):
        one = {"plate": 1, "seconds": 60}
        return self.plan_file(seconds=[one, one | {"seconds": "x"}]), {"seconds.1.seconds"}

    def plan_printers(self):
        body = {"product": self.product.pk, "quantity": 1, "printers": [a_printer().pk, NOWHERE]}
        return self.api.post(f"{RUNS}plan/", body), {"printers.1"}

    def plan_printer_names(self):
        names = [a_printer("MK4").name, "MK9"]
        body = {"product": self.product.pk, "quantity": 1, "printer_names": names}
        return self.api.post(f"{RUNS}plan/", body), {"printer_names.1"}

    def start_spools(self):
        run = a_run((a_spool(), 10))
        body = {"spools": [{"material": NOWHERE, "spool": self.spool.pk}]}
        return self.api.post(f"{RUNS}{run.pk}/start/", body), {"spools.0.material"}

    def materials_of(self, verb, **more):
        spools = a_spool(100), a_spool(100)
        run = a_running_run(*[(spool, 10) for spool in spools])
        first, second = run.materials.order_by("pk")
        heavy = {"id": second.pk, "gross_before_grams": 100, "gross_after_grams": 200}
        body = {"materials": [{"id": first.pk, "actual_grams": 10}, heavy]} | more
        response = self.api.post(f"{RUNS}{run.pk}/{verb}/", body)
        return response, {"materials.1.gross_after_grams"}

    def items_of(self, verb, **more):
        run = a_running_run((a_spool(100), 10), items=[(self.product, 2)])
        too_many = {"id": run.items.get().pk, "good_count": 2, "scrapped_count": 1}
        response = self.api.post(f"{RUNS}{run.pk}/{verb}/", {"items": [too_many]} | more)
        return response, {"items.0.good_count"}

    def complete_materials(self):
        return self.materials_of("complete")

    def complete_items(self):
        return self.items_of("complete", as_planned=True)

    def fail_materials(self):
        return self.materials_of("fail", reason_code=self.failure())

    def fail_items(self):
        return self.items_of("fail", reason_code=self.failure(), progress_percent=50)

    def cancel_materials(self):
        return self.materials_of("cancel")

    def actuals_materials(self):
        run = a_running_run((a_spool(100), 10))
        body = {"materials": [{"id": run.materials.get().pk}, {"id": NOWHERE}]}
        return self.api.post(f"{RUNS}{run.pk}/actuals/", body), {"materials.1.id"}

    def actuals_items(self):
        run = a_running_run((a_spool(100), 10), items=[(self.product, 2)])
        body = {"items": [{"id": NOWHERE, "good_count": 1}]}
        return self.api.post(f"{RUNS}{run.pk}/actuals/", body), {"items.0.id"}

    def correct_materials(self):
        run = self.completed()
        body = {"materials": [{"id": NOWHERE, "actual_grams": 1}]}
        return self.api.post(f"{RUNS}{run.pk}/correct/", body), {"materials.0.id"}

    def correct_items(self):
        run = self.completed()
        body = {"items": [{"product_sku": "NONE", "good_count": 1}]}
        return self.api.post(f"{RUNS}{run.pk}/correct/", body), {"items.0.product_sku"}

    def record_items(self):
        body = self.over() | {"items": [{"product": self.product.pk, "good_count": 0}]}
        return self.api.post(f"{RUNS}record/", body), {"items.0.quantity"}

    def record_materials(self):
        one = {"spool": self.spool.pk, "gross_before_grams": 1, "gross_after_grams": 2}
        body = self.over() | {"materials": [one]}
        return self.api.post(f"{RUNS}record/", body), {"materials.0.gross_after_grams"}

    def receive_codes(self):
        body = {
            "filament": a_filament(net_grams=1).pk,
            "codes": [codes.generate(), self.spool.code],
        }
        return self.api.post("/api/v1/spools/receive/", body), {"codes.1"}

    def create_multi_color_hexes(self):
        body = {"name": "Rainbow", "material_type": self.spool.filament.material_type_id}
        body |= {"multi_color_hexes": ["FF0000", "red"], "multi_color_direction": "coaxial"}
        return self.api.post("/api/v1/filaments/", body), {"multi_color_hexes.1"}

    def completed(self):
        run = a_running_run((a_spool(100), 10), items=[(self.product, 2)])
        assert self.api.post(f"{RUNS}{run.pk}/complete/", {"as_planned": True}).status_code == 200
        return run

    def failure(self):
        return self.api.get("/api/v1/reasons/?kind=failure").json()["results"][0]["code"]

    @staticmethod
    def over():
        return {"started_at": "2026-03-01T08:00:00Z", "finished_at": "2026-03-01T09:00:00Z"}


@pytest.mark.parametrize(("action", "name"), sorted(lists_of_bodies()))
def test_an_error_in_a_list_has_its_place(api, action, name):
    response, places = getattr(Cases(api), f"{action}_{name}")()
    assert response.status_code in (400, 404, 409), response.content
    assert set(response.json()["errors"]) == places


def test_the_same_one_named_twice_has_its_place(api):
    run = a_running_run((a_spool(100), 10))
    line = {"id": run.materials.get().pk}
    problem = api.post(f"{RUNS}{run.pk}/complete/", {"materials": [line, line]}).json()
    assert list(problem["errors"]) == ["materials.1"]
