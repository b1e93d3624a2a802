"""Products and their bills of materials through the API."""

from production.models import Product
from tests.conftest import FarmAPIClient
from tests.factories import (
    a_material_type,
    make_token,
    make_user,
)
from tests.production.asking import refused


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


def test_two_posts_of_one_sku_at_once_make_one_product(committed_farm, in_threads):
    secret = make_token(make_user(role="manager"))

    def post(_):
        client = FarmAPIClient(host=f"{committed_farm.slug}.localhost")
        client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
        answer = client.post("/api/v1/products/", {"sku": "BODY", "name": "Body"})
        return answer.status_code, answer.json().get("code")

    assert sorted(in_threads(post, 8), key=str) == [(201, None)] + [(409, "duplicate")] * 7
    assert Product.objects.count() == 1
