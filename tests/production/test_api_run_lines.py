"""Items and materials of a run at addresses of their own."""

import pytest

from inventory.models import Spool
from tests.factories import (
    a_product,
    a_run,
    a_spool,
)
from tests.production.api_helpers import at
from tests.responses import refused


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


@pytest.mark.parametrize("kind", ["items", "materials"])
def test_a_line_of_another_run_is_404(api, kind):
    product = a_product()
    run, other = (a_run((a_spool(), 1), items=[(product, 1)]) for _ in range(2))
    line = getattr(other, kind).get()
    path = at(run, kind, line.pk)
    whole = api.get(at(other, kind, line.pk)).json()
    assert whole["id"] == line.pk
    assert api.get(path).status_code == 404
    assert api.put(path, whole).status_code == 404
    assert api.patch(path, {}).status_code == 404
    assert api.delete(path).status_code == 404
    assert [row["id"] for row in api.get(at(run, kind)).json()["results"]] != [line.pk]


@pytest.mark.parametrize("kind", ["items", "materials"])
def test_the_lines_of_a_deleted_run_are_404(api, kind):
    run = a_run((a_spool(), 1), items=[(a_product(), 1)])
    line = getattr(run, kind).get()
    assert api.delete(at(run)).status_code == 204
    for answer in (
        api.get(at(run, kind)),
        api.post(at(run, kind), {}),
        api.get(at(run, kind, line.pk)),
        api.patch(at(run, kind, line.pk), {}),
        api.delete(at(run, kind, line.pk)),
    ):
        assert answer.status_code == 404, answer.content
