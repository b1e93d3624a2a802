"""Wherever the API names a person: by id, by how they sign in, and as pages call them."""

import csv

import pytest

from inventory.services.spools import scale, shelf
from production.services.runs import lifecycle
from production.services.runs.lines import NewMaterial
from tenants.accounts import audited
from tests.factories import a_spool, make_user
from tests.responses import results

V1 = "/api/v1/"


@pytest.fixture
def done_by(farm):
    def work(person):
        spool = a_spool()
        run = lifecycle.create(by=person, materials=[NewMaterial(spool=spool, planned_grams=10)])
        shelf.open(spool, by=person)
        scale.weigh(spool, gross_grams=1200, by=person)
        audited.update(spool.filament, by=person, name=f"By {person}")
        return {
            f"run-events/?run={run.pk}": "by",
            f"spools/{spool.pk}/events/": "by",
            f"inventory-transactions/?spool={spool.pk}&kind=count": "performed_by",
            f"production-runs/?number={run.number}": "created_by",
            f"audit-events/?by={person.pk}": "by",
        }

    return work


@pytest.mark.parametrize("name", ["Zoe Zander", ""])
def test_a_person_is_named_alike_everywhere(api, done_by, name):
    zoe = make_user(username="zoe", name=name)
    for address, field in done_by(zoe).items():
        row = results(api.get(V1 + address))[0]
        named = [row[field], row[f"{field}_username"], row[f"{field}_name"]]
        assert named == [zoe.pk, "zoe", name or "zoe"], address
        mark = "&" if "?" in address else "?"
        table = b"".join(api.get(f"{V1}{address}{mark}format=csv")).decode()
        cells = next(csv.DictReader(table.splitlines()))
        assert cells[f"{field}_username"] == "zoe", address
