"""Items and materials of a run at addresses of their own."""

from inventory.models import Spool
from tests.factories import (
    a_product,
    a_run,
    a_spool,
)
from tests.production.asking import at, refused


def test_items_are_added_changed_and_removed(api):
    run, product = a_run(), a_product()
    added = api.post(at(run, "items"), {"product_sku": product.sku, "quantity": 2})
    assert added.status_code == 201, added.content
    path = at(run, "items", added.json()["id"])
    assert added["Location"].endswith(path)
    assert api.put(path, added.json() | {"quantity": 4}).json()["quantity"] == 4
    assert api.patch(path, {"quantity": 0}).status_code == 400
    assert api.get(at(run)).json()["version"] > 1
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


def test_materials_are_added_changed_and_removed_and_claims_follow(api):
    run, spool = a_run(), a_spool()
    added = api.post(at(run, "materials"), {"spool": spool.pk, "planned_grams": "100"})
    assert added.status_code == 201, added.content
    path = at(run, "materials", added.json()["id"])
    answer = api.put(path, added.json() | {"planned_grams": 150})
    assert answer.json()["reserved_grams"] == "150.000000"
    refused(api.patch(path, {"planned_grams": 1001}), 409, "insufficient_inventory")
    assert api.delete(path).status_code == 204
    assert Spool.objects.get().reserved_grams == 0


def test_the_version_of_the_run_guards_its_lines(api):
    run = a_run((a_spool(), 100))
    line, etag = run.materials.get(), api.get(at(run))["ETag"]
    for expected in (200, 412):
        answer = api.patch(
            at(run, "materials", line.pk), {"planned_grams": 90}, headers={"If-Match": etag}
        )
        assert answer.status_code == expected


def test_a_line_of_another_run_is_404(api):
    run, other = a_run((a_spool(), 1)), a_run((a_spool(), 1))
    line = other.materials.get()
    assert api.get(at(run, "materials", line.pk)).status_code == 404
    assert api.patch(at(run, "materials", line.pk), {"planned_grams": 2}).status_code == 404
    assert api.delete(at(run, "materials", line.pk)).status_code == 404
