"""Who asks lists and reports for a filament that was merged finds those of the one that remains."""

import pytest

from inventory.services import filament_merging, filaments
from tests.factories import a_running_run, a_spool
from tests.production.api_helpers import rows
from tests.production.completed_runs import completed
from tests.production.verbs.stories import a_double
from tests.queries import fresh
from tests.responses import results

V1 = "/api/v1/"


@pytest.fixture
def pair(farm):
    """A filament with a run, and the double with another, that was merged into it."""
    kept, double = a_double()
    filaments.update(kept, by=None, name="Black", external_id="own")
    filaments.update(double, by=None, name="Schwarz", external_id="other", article_number="A7")
    for filament in (kept, double):
        spool = a_spool(filament=fresh(filament))
        completed(a_running_run((spool, 40)), grams=[40])
    a_spool()
    filament_merging.merge(kept, double=double, reason="The same", by=None)
    return fresh(kept), fresh(double)


def asked(pair):
    """The parameters that name the filament, and those that name its double."""
    for filament in pair:
        yield f"filament={filament.pk}"
        yield f"filament={filament.name}"
        yield f"filament_name={filament.name}"
        yield f"filament_external_id={filament.external_id}"


@pytest.mark.parametrize("name", ["spools", "production-runs", "inventory-transactions"])
def test_lists_lead_on(api, pair, name):
    found = [results(api.get(f"/api/v1/{name}/?{each}")) for each in asked(pair)]
    assert len(found[0]) == {"spools": 2, "production-runs": 2, "inventory-transactions": 4}[name]
    assert found == found[:1] * 8


@pytest.mark.parametrize("name", ["variance", "explanation", "consumption"])
def test_reports_lead_on(api, pair, name):
    found = [rows(api, name, each) for each in asked(pair)]
    (row,) = found[0]
    assert row["runs"] == 2 if name != "consumption" else row["grams"]["total"] == "80.000000"
    assert found == found[:1] * 8


def test_a_filament_is_found_by_the_names_of_its_double(api, pair):
    kept, double = pair
    for query in ("name=schwarz", "external_id=other", "article_number=a7"):
        assert [row["id"] for row in results(api.get(f"/api/v1/filaments/?{query}"))] == [kept.pk]
