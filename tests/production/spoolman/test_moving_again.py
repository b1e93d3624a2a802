"""A second import: only what is new, and what nobody changed here meanwhile; dry runs, clashes."""

import copy

import pytest
from django_tenants.utils import tenant_context

from inventory.models import ExtraField, Filament, Location, Manufacturer, Spool
from inventory.services import extra_fields, filaments, locations, manufacturers, metering
from inventory.services.moving import catalogue
from inventory.services.moving.arrivals import NumbersTaken, NumberTooLarge
from inventory.services.spools import consumption, retyping, shelf, stating
from production.services import invariants
from production.spoolman.importing import comparison
from production.spoolman.importing.moving import WeightsDiffer, import_source
from tenants.accounts.models import AuditEvent
from tests.factories import a_manufacturer, a_running_run, make_user
from tests.production.spoolman.sources import Spoolman, filament, spool, vendor

MAKERS = [vendor(1, "Ada"), vendor(2, "Bob")]
FILAMENTS = [
    filament(1, vendor=MAKERS[0], name="Red", material="PLA", weight=1000.0, price=20.0),
    filament(2, vendor=MAKERS[1], name="Blue", material="PETG", weight=1000.0),
]
SPOOLS = [
    spool(number, FILAMENTS[number % 2], used=100.0 * number, initial=1000.0, location="A")
    for number in range(1, 6)
]


@pytest.fixture
def there(farm, manager, monkeypatch):
    """A Spoolman that was imported into the farm; its rows can be changed."""
    rows = copy.deepcopy({"vendors": MAKERS, "filaments": FILAMENTS, "spools": SPOOLS})
    _import(rows, manager, monkeypatch)
    return rows


@pytest.fixture
def again(there, manager, monkeypatch):
    """Import it again; returns the counts of an entity's outcomes."""

    def run(**options):
        return _import(there, manager, monkeypatch, **options)

    return run


def _import(rows, by, monkeypatch, **options):
    report = import_source(Spoolman(**rows).source(monkeypatch), by=by, **options)
    assert list(invariants.violations()) == []
    return report


def the(number, model=Spool):
    return model.objects.get(number=number)


def columns():
    return list(Spool.objects.order_by("pk").values())


def test_the_same_again_changes_nothing(again):
    before = columns()
    report = again()
    assert [dict(report.counts[each]) for each in ("vendor", "filament", "spool")] == [
        {"unchanged": 2},
        {"unchanged": 2},
        {"unchanged": 5},
    ]
    assert columns() == before
    assert report.writes == 0


def test_what_is_new_there_comes(there, again):
    there["vendors"].append(vendor(3, "ada"))
    there["filaments"].append(filament(3, vendor=there["vendors"][2], weight=500.0))
    there["spools"].append(spool(6, there["filaments"][2], used=600.0))
    report = again()
    assert report.counts["spool"] == {"unchanged": 5, "new": 1}
    assert (the(6).filament.manufacturer.twin, the(6).excess_grams) == (1, 100)


def test_what_changed_there_alone_changes_here(there, again, manager):
    there["vendors"][0]["name"] = "bob"
    there["filaments"][0] |= {"price": 25.5, "material": "ABS"}
    there["filaments"][0].pop("name")
    more = {"location": "B", "archived": True, "comment": "new"}
    there["spools"][0] |= {"used_weight": 1200.0, "remaining_weight": 0.0, **more}
    there["spools"][1] |= {"initial_weight": 900.0, "remaining_weight": 700.0}
    report = again()
    assert report.counts["vendor"] == {"changed": 1, "unchanged": 1}
    assert report.counts["spool"] == {"changed": 2, "unchanged": 3}
    assert (report.left, report.differently) == ([], [])
    first = the(1)
    assert (first.location.name, first.is_archived, first.excess_grams) == ("B", True, 200)
    assert [each.grams for each in the(2).transactions.order_by("pk")] == [1000, -200, -100]
    assert (the(1, Filament).name, the(1, Filament).material_type.code) == ("", "ABS")
    assert the(1, Manufacturer).twin == 1
    there["spools"][0] |= {"used_weight": 100.0, "remaining_weight": 900.0, "archived": False}
    assert again().counts["spool"] == {"changed": 1, "unchanged": 4}
    assert (the(1).remaining_grams, the(1).excess_grams, the(1).is_archived) == (900, 0, False)


def touch_all(by):
    """Something else with each spool."""
    metering.use(1, by=by, grams=5)
    shelf.move(the(2), location=locations.named("C", by=by), by=by)
    shelf.describe(the(3), by=by, comment="mine")
    consumption.use(the(4), grams=1, reason="test", by=by)
    a_running_run((the(5), 10), by=by)


def test_what_changed_here_is_left(there, again, manager):
    touch_all(manager)
    manufacturers.update(the(1, Manufacturer), by=manager, comment="mine")
    filaments.update(the(1, Filament), by=manager, color_name="Rot")
    before = columns()
    there["vendors"][0]["name"] = there["filaments"][0]["name"] = "Changed"
    for each in there["spools"]:
        each |= {"used_weight": 0.0, "remaining_weight": 1000.0}
    report = again()
    assert report.counts["spool"] == {"left": 5}
    why = "It was changed here since; there it has another name, comment."
    assert report.left[0] == ("vendor", "1", why)
    assert columns() == before
    assert the(1, Filament).name == "Red"


def test_what_a_device_uses_at_the_same_moment_is_left(there, again, monkeypatch):
    """It changes no column that an import reads before."""
    original = catalogue.move_filaments

    def and_meanwhile(rows, *, by):
        original(rows, by=by)
        Spool.objects.filter(number=1).update(metered_grams=5)

    monkeypatch.setattr(catalogue, "move_filaments", and_meanwhile)
    report = import_source(Spoolman(**there).source(monkeypatch), by=None)
    assert report.counts["spool"] == {"unchanged": 4, "left": 1}
    assert report.left == [("spool", "1", "A device has used it here.")]
    assert report.compared == 4


def test_what_was_removed_here_is_left_with_what_refers_to_it(there, again, manager):
    shelf.remove(the(5), by=manager)
    manufacturers.remove(the(2, Manufacturer), by=manager)
    report = again()
    assert report.left == [
        ("vendor", "2", "It was removed here."),
        ("filament", "2", "Its vendor 2 is not there."),
        *(("spool", str(n), "Its filament 2 is not there.") for n in (1, 3, 5)),
    ]


def test_a_dry_run_says_the_same_and_writes_nothing(farm, manager, monkeypatch):
    rows = {"vendors": MAKERS, "filaments": FILAMENTS, "spools": SPOOLS}
    dry = _import(rows, manager, monkeypatch, dry_run=True)
    assert not Spool.objects.exists()
    real = _import(rows, manager, monkeypatch)
    assert real.as_dict() == dry.as_dict() | {"dry_run": False}


def test_numbers_that_others_have_refuse_it_as_a_whole(farm, manager, monkeypatch):
    maker = a_manufacturer()
    rows = {"vendors": [vendor(1, "Ada"), vendor(maker.pk and _number(maker), "Bob")]}
    with pytest.raises(NumbersTaken, match=f"manufacturer {_number(maker)}. Nothing"):
        _import(rows, manager, monkeypatch)
    assert Manufacturer.objects.count() == 1


def _number(row):
    row.refresh_from_db(fields=["number"])
    return row.number


def test_new_rows_of_the_farm_have_numbers_above(farm, manager, monkeypatch):
    highest = _number(a_manufacturer()) + 1000
    _import({"vendors": [vendor(highest, "Ada")]}, manager, monkeypatch)
    assert _number(a_manufacturer("Bob")) == highest + 1
    too_large = {"vendors": [vendor(highest + 10**8, "Cem")]}
    with pytest.raises(NumberTooLarge, match="can't be kept"):
        _import(too_large, manager, monkeypatch)


def test_another_weight_here_refuses_it_as_a_whole(farm, manager, monkeypatch):
    monkeypatch.setattr(comparison, "of_row", lambda row, _filament: {"remaining_weight": 1.0})
    rows = {"vendors": MAKERS, "filaments": FILAMENTS, "spools": SPOOLS}
    with pytest.raises(WeightsDiffer, match="nothing was imported: .*spool 1: 1.0 / 900.0"):
        _import(rows, manager, monkeypatch)
    assert not Spool.objects.exists()


def test_an_import_is_of_its_farm_alone(there, other_farm):
    with tenant_context(other_farm):
        assert not Spool.objects.exists()
        assert make_user().pk


def test_it_can_be_used_and_measured_afterwards(there, manager):
    stating.measure(the(1), gross_grams=500, by=manager)
    stating.set_used(the(2), grams=1, by=manager)
    retyping.retype(the(3), filament=the(1, Filament), by=manager)
    assert list(invariants.violations()) == []


@pytest.mark.parametrize(
    "place", ["inventory.services.ledger.write", "tenants.accounts.audited.audit"]
)
def test_an_import_that_breaks_down_leaves_nothing(farm, manager, monkeypatch, place):
    rows = {"vendors": MAKERS, "filaments": FILAMENTS, "spools": SPOOLS}
    monkeypatch.setattr(place, lambda *_args, **_more: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        _import(rows, manager, monkeypatch)
    rows = [model.objects.count() for model in (Manufacturer, Filament, Location, Spool)]
    assert rows == [0, 0, 0, 0]


def test_two_at_once_bring_everything_once(committed_farm, in_threads, monkeypatch):
    rows = {"vendors": MAKERS, "filaments": FILAMENTS, "spools": SPOOLS}
    source = Spoolman(**rows).source(monkeypatch)
    reports = in_threads(lambda _: import_source(source, by=None), 2)
    assert sorted(report.counts["spool"]["new"] for report in reports) == [0, 5]
    assert Spool.objects.count() == 5
    assert list(invariants.violations()) == []


def test_a_value_that_was_renamed_here_stays(there, manager, monkeypatch):
    field = {"name": "K", "key": "k", "field_type": "text"}
    there["spools"][0]["extra"] = {"k": '"a"'}

    def again():
        source = Spoolman(**there, fields={"spool": [field]}).source(monkeypatch)
        return import_source(source, by=manager).counts["spool"]

    assert again() == {"changed": 1, "unchanged": 4}
    known = ExtraField.objects.get(key="k")
    extra_fields.rename_value(known, value="a", new_value="b", by=manager)
    assert again() == {"left": 1, "unchanged": 4}
    assert the(1).extra == {"k": '"b"'}


def test_values_that_are_gone_there_go_here(there, manager, monkeypatch):
    fields = {"vendor": [{"name": "K", "key": "k", "field_type": "text"}]}

    def extra_after(extra):
        there["vendors"][0]["extra"] = extra
        import_source(Spoolman(**there, fields=fields).source(monkeypatch), by=manager)
        return the(1, Manufacturer).extra

    assert extra_after({"k": '"a"'}) == {"k": '"a"'}
    assert extra_after({}) == {}


def test_the_audit_trail_has_a_line_for_all_that_is_new(there, manager):
    event = AuditEvent.objects.get(verb="import")
    assert (event.by, event.source) == (manager, "import")
    assert event.object_label == "Import from http://spoolman.example.com:7912"
    assert event.changes == {"vendor": [None, 2], "filament": [None, 2], "spool": [None, 5]}


def test_a_price_that_became_too_high_there_is_left(there, again):
    tiny = {"initial_weight": 0.000002, "used_weight": 0.000001, "remaining_weight": 0.000001}
    there["spools"][0] |= {"price": 99_999_999.0, **tiny}
    report = again()
    assert report.left == [("spool", "1", "A gram of it would cost too much.")]
    assert the(1).price is None


def test_an_initial_weight_that_was_taken_back_here_stays_so(again, manager):
    """It leaves neither an entry nor an event, but another version."""
    stating.set_initial(the(1), grams=None, by=manager)
    assert again().counts["spool"] == {"left": 1, "unchanged": 4}
    assert the(1).is_initial_assumed
