"""Clients of the printers' API and people at once: nothing is lost, and the book adds up."""

from decimal import Decimal

import pytest

from inventory.models import Location, Manufacturer, Spool, SpoolTag
from inventory.services import filaments, locations, manufacturers, receiving
from inventory.services.ledger import SpoolArchived
from inventory.services.receiving import FilamentInactive
from inventory.services.removal import AlreadyRemoved
from inventory.services.spools import consumption, shelf, stating, tags
from inventory.services.spools.shelf import SpoolRemoved
from production.services.runs import lifecycle
from production.services.runs.lines import NewMaterial
from tenants.operations.refusals import Duplicate, InUse
from tests.factories import a_filament, a_manufacturer, a_spool
from tests.queries import fresh, violations
from tests.responses import refusals

pytestmark = pytest.mark.usefixtures("committed_farm")

COUNT = 8


@pytest.fixture(autouse=True)
def consistent(committed_farm):
    yield
    assert violations() == []


def grams_posted(spool):
    return list(spool.transactions.order_by("pk").values_list("grams", flat=True))[1:]


def test_equal_measures_at_once_change_it_once(in_threads):
    spool = a_spool(1000)
    results = in_threads(lambda _: stating.measure(spool, gross_grams=900, by=None), COUNT)
    assert refusals(results) == []
    assert grams_posted(spool) == [Decimal(-300)] + [0] * (COUNT - 1)


def test_equal_settings_at_once_post_once(in_threads):
    spool = a_spool(1000)
    in_threads(lambda _: stating.set_remaining(spool, grams=700, by=None), COUNT)
    assert grams_posted(spool) == [-300]


def test_every_use_that_is_given_back_is(in_threads):
    spool = a_spool(1000)
    consumption.use(spool, grams=COUNT * 10, by=None)
    in_threads(lambda _: stating.give_back(spool, grams=10, by=None), COUNT)
    assert fresh(spool).remaining_grams == 1000


def test_what_was_used_stays_whoever_restates_and_uses(in_threads):
    spool = a_spool(1000)
    verbs = [
        lambda: consumption.use(spool, grams=10, by=None),
        lambda: stating.set_initial(spool, grams=750, by=None),
        lambda: stating.set_initial(spool, grams=1250, by=None),
    ]
    assert refusals(in_threads(lambda number: verbs[number % 3](), 9)) == []
    assert fresh(spool).used_grams == 30


def test_values_of_different_keys_are_all_kept(in_threads):
    spool, filament, maker = a_spool(), a_filament(), a_manufacturer()
    updates = [(spool, shelf.describe), (filament, filaments.update), (maker, manufacturers.update)]
    for row, update in updates:
        in_threads(lambda n, r=row, u=update: u(r, by=None, extra={f"k{n}": str(n)}), COUNT)
        assert len(fresh(row).extra) == COUNT


def test_a_spool_is_removed_once_and_not_while_a_run_takes_it(in_threads):
    spool = a_spool()
    results = in_threads(lambda _: shelf.remove(spool, by=None), COUNT)
    assert refusals(results) == [SpoolRemoved] * (COUNT - 1)
    other = a_spool()
    line = NewMaterial(spool=other, planned_grams=Decimal(10))
    verbs = [
        lambda: shelf.remove(other, by=None),
        lambda: lifecycle.create(by=None, materials=[line]),
    ]
    [refused] = refusals(in_threads(lambda number: verbs[number](), 2))
    assert refused in (shelf.SpoolClaimed, SpoolArchived)
    assert fresh(other).is_removed == (refused is SpoolArchived)


def test_none_is_received_of_a_filament_that_is_removed_meanwhile(in_threads):
    filament = a_filament()
    verbs = [
        lambda: filaments.remove(filament, by=None),
        lambda: receiving.receive_stated(filament=filament, by=None),
    ]
    [refused] = refusals(in_threads(lambda number: verbs[number % 2](), 2))
    assert refused in (InUse, FilamentInactive)
    assert Spool.objects.exists() == (refused is InUse)
    results = in_threads(lambda _: filaments.remove(a_filament(), by=None), 2)
    assert refusals(results) == []
    gone = a_filament()
    results = in_threads(lambda _: filaments.remove(gone, by=None), COUNT)
    assert refusals(results) == [AlreadyRemoved] * (COUNT - 1)


def test_manufacturers_of_one_name_get_a_twin_each(in_threads):
    made = in_threads(lambda _: manufacturers.create_twin(name="Polyfil", by=None), 4)
    assert refusals(made) == []
    assert sorted(Manufacturer.objects.values_list("twin", flat=True)) == [0, 1, 2, 3]


def test_a_tag_is_bound_to_one_of_several(in_threads):
    spools = [a_spool() for _ in range(4)]
    results = in_threads(lambda number: tags.bind(spools[number], uid="04A2", by=None), 4)
    assert refusals(results) == [Duplicate] * 3
    assert SpoolTag.objects.count() == 1


def test_a_location_is_made_once(in_threads):
    results = in_threads(lambda _: locations.named("Box", by=None), COUNT)
    assert refusals(results) == []
    assert Location.objects.count() == 1


def test_spools_are_moved_at_once_by_two_names(in_threads):
    place = locations.named("A", by=None)
    for _ in range(3):
        a_spool(location=place)
    results = in_threads(lambda n: locations.rename_all("A", new_name=f"B{n}", by=None), 2)
    assert refusals(results) == []
    assert sorted(results) == [0, 3]
