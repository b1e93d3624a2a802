"""Products and their bills of materials through the API."""

from decimal import Decimal

from production.models import BomLine, Product
from tests.conftest import FarmAPIClient
from tests.factories import (
    a_material_type,
    a_product,
    a_running_run,
    a_spool,
    make_token,
    make_user,
)
from tests.production.completed_runs import completed
from tests.responses import refused


def test_a_product_and_its_bill_of_materials(api):
    pla = a_material_type("PLA")
    product = api.post("/api/v1/products/", {"sku": "BODY", "name": "Body"}).json()
    lines = f"/api/v1/products/{product['id']}/bom-lines/"
    line = api.post(lines, {"material_type_code": "pla", "grams_per_unit": "20.5"})
    assert line.status_code == 201, line.content
    path = f"{lines}{line.json()['id']}/"
    assert (
        api.put(path, line.json() | {"grams_per_unit": 21}).json()["grams_per_unit"] == "21.000000"
    )
    refused(api.post(lines, {"material_type": pla.pk, "grams_per_unit": 1}), 409, "duplicate")
    refused(api.post(lines, {"material_type": pla.pk, "grams_per_unit": 0}), 400, "invalid")
    assert api.get(f"/api/v1/products/{product['id']}/").json()["bom_lines"][0]["id"]
    assert api.delete(path).status_code == 204
    assert api.post("/api/v1/products/1/bom-lines/", {}).status_code in (400, 404)


def test_a_line_of_another_product_is_404(api):
    product, other = a_product(grams=1), a_product()
    line = product.bom_lines.get()
    path = f"/api/v1/products/{other.pk}/bom-lines/{line.pk}/"
    for method in (api.get, api.delete):
        assert method(path).status_code == 404
    for method in (api.put, api.patch):
        assert method(path, {"grams_per_unit": 2}).status_code == 404
    assert product.bom_lines.get() == line


def test_the_last_runs_propose_a_bill_of_materials_that_is_then_accepted(api, viewer, manager):
    product = a_product("CLIP", grams=10, plate_minutes=30)
    petg = a_material_type("PETG")
    BomLine.objects.create(product=product, material_type=petg, grams_per_unit=Decimal(6))
    path = f"/api/v1/products/{product.pk}/"
    api.force_authenticate(viewer)
    nothing = api.get(f"{path}proposal/").json()
    assert (nothing["run_ids"], nothing["fitting_grams_per_unit"]) == ([], None)
    assert [line["fitting_grams_per_unit"] for line in nothing["bom_lines"]] == [None, None]
    run = a_running_run((a_spool(), 80), items=[(product, 5)])
    completed(run, good=[5], grams=[84], minutes=33)
    found = api.get(f"{path}proposal/").json()
    assert (found["product_sku"], found["run_ids"]) == ("CLIP", [run.pk])
    assert (found["planned_grams_per_unit"], found["fitting_grams_per_unit"]) == (
        "16.000000", "16.800000",
    )  # fmt: skip
    assert (found["grams_percent"], found["fitting_plate_minutes"]) == ("5.0000", "33.00")
    lines = [
        (each["material_type_code"], each["grams_per_unit"], each["fitting_grams_per_unit"])
        for each in found["bom_lines"]
    ]
    assert lines == [("PLA", "10.000000", "10.500000"), ("PETG", "6.000000", "6.300000")]
    api.force_authenticate(manager)
    accepted = api.post(f"{path}accept-actuals/").json()
    assert [line["grams_per_unit"] for line in accepted["bom_lines"]] == ["10.500000", "6.300000"]
    assert accepted["plate_minutes"] == "33.00"


def test_without_a_bill_of_materials_there_is_nothing_to_propose_in_it(api):
    product, other = a_product(), a_product(grams=10)
    for each in (product, other):
        run = a_running_run((a_spool(), 80), items=[(each, 5)])
        completed(run, good=[5], grams=[84])
    found = api.get(f"/api/v1/products/{product.pk}/proposal/").json()
    assert (found["bom_lines"], found["fitting_grams_per_unit"]) == ([], "16.800000")
    refused(api.get(f"/api/v1/products/{product.pk}/proposal/?last=5"), 400, "invalid")
    assert api.get("/api/v1/products/1/proposal/").status_code == 404


def test_two_posts_of_one_sku_at_once_make_one_product(committed_farm, in_threads):
    secret = make_token(make_user(role="manager"))

    def post(_):
        client = FarmAPIClient(host=f"{committed_farm.slug}.localhost")
        client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
        answer = client.post("/api/v1/products/", {"sku": "BODY", "name": "Body"})
        return answer.status_code, answer.json().get("code")

    assert sorted(in_threads(post, 8), key=str) == [(201, None)] + [(409, "duplicate")] * 7
    assert Product.objects.count() == 1
