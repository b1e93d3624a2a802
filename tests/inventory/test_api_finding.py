"""What a program finds in the inventory: by what it is, where it is, and as of when."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from django_tenants.utils import tenant_context

from inventory import colors
from inventory.models import InventoryTransaction, Location, MaterialType, Spool, SpoolEvent
from inventory.services import handling, shelf
from production.services import completion
from tests.factories import (
    a_filament,
    a_manufacturer,
    a_material_type,
    a_run,
    a_running_run,
    a_spool,
)

SPOOLS = "/api/v1/spools/"
LEDGER = "/api/v1/inventory-transactions/"


def found(api, path, query=""):
    answer = api.get(f"{path}?{query}")
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


# --- The catalogue -----------------------------------------------------------------------------


@pytest.fixture
def filaments(farm):
    nova, petg = a_manufacturer("Nova"), a_material_type("PETG", density_g_cm3=Decimal("1.27"))
    return {
        "red": a_filament("Red", color_hex="CC0000", color_name="Signal red", external_id="x1"),
        "blue": a_filament(
            "Blue", manufacturer=nova, color_hex="0033CC", article_number="N-7", net_grams=750
        ),
        "two": a_filament(
            "Fire",
            material_type=petg,
            color_hex="",
            multi_color_hexes=["FFD700", "D00505"],
            multi_color_direction="coaxial",
            diameter_mm=Decimal("2.85"),
            gtin="40123456",
            is_active=False,
        ),
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("name=RED", {"red"}),
        ("manufacturer_name=nova", {"blue"}),
        ("material_type_code=petg", {"two"}),
        ("color_name=signal", {"red"}),
        ("color_near=FF0000", {"red", "two"}),
        ("color_near=%23ff0000ff", {"red", "two"}),
        ("color_near=00FF00", set()),
        ("diameter_mm=2.85", {"two"}),
        ("diameter_mm=1.75", {"red", "blue"}),
        ("article_number=n-7", {"blue"}),
        ("gtin=40123456", {"two"}),
        ("external_id=x1", {"red"}),
        ("is_active=true", {"red", "blue"}),
        ("search=nova", {"blue"}),
        ("color_near=", {"red", "blue", "two"}),
    ],
)
def test_filaments_are_found(api, filaments, query, names):
    ids = found(api, "/api/v1/filaments/", query)
    assert sorted(ids) == sorted(filaments[name].pk for name in names)


def test_filaments_are_ordered_with_what_is_unknown_last(api, filaments):
    filaments["red"].price = None
    filaments["red"].save()
    ids = found(api, "/api/v1/filaments/", "ordering=-price,name")
    assert ids[-1] == filaments["red"].pk
    assert found(api, "/api/v1/filaments/", "ordering=net_grams")[0] == filaments["blue"].pk


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("manufacturers", "name=nova"),
        ("material-types", "code=petg"),
        ("material-types", "is_abrasive=true"),
        ("locations", "name=shelf 1"),
    ],
)
def test_makers_types_and_places_are_found_by_name(api, filaments, path, query):
    Location.objects.create(name="Shelf 1")
    Location.objects.create(name="Shelf 10")
    MaterialType.objects.filter(code="PETG").update(is_abrasive=True)
    assert len(found(api, f"/api/v1/{path}/", query)) == 1


@pytest.mark.parametrize(
    "query",
    ["color_near=red", "color_near=FFF", "diameter_mm=NaN", "diameter_mm=1e400", "diameter_mm=-1"],
)
def test_what_is_no_colour_and_no_amount_is_400(api, query):
    answer = api.get(f"/api/v1/filaments/?{query}")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [query.partition("=")[0]])


def test_colours_are_alike_as_they_look():
    known = ["FF0000", "EE1111FF", "0000FF", "800080", "FF4500", "000000", "FFFFFF"]
    assert colors.alike("FF0000", known) == ["FF0000", "EE1111FF", "FF4500"]
    assert colors.alike("0A0A0A", known) == ["000000"]


# --- Spools ------------------------------------------------------------------------------------


@pytest.fixture
def spools(filaments):
    dry = Location.objects.create(name="Dry box")
    kept = a_spool(1000, filament=filaments["red"], lot_number="L-1", supplier="Shop")
    used = a_spool(1000, filament=filaments["blue"], location=dry)
    handling.use(used, grams=900, by=None)
    gone = shelf.archive(a_spool(500, filament=filaments["two"]), by=None, discard=False)
    return {"kept": kept, "used": used, "gone": gone}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("manufacturer_name=NOVA", {"used"}),
        ("material_type_code=petg", {"gone"}),
        ("color_name=red", {"kept"}),
        ("color_near=ff0000", {"kept", "gone"}),
        ("filament_external_id=x1", {"kept"}),
        ("location_name=dry box", {"used"}),
        ("lot_number=l-1", {"kept"}),
        ("supplier=shop", {"kept"}),
        ("remaining_below=500", {"used"}),
        ("remaining_below=500.000001", {"used", "gone"}),
        ("available_from=500", {"kept", "gone"}),
        ("available_from=500&is_archived=false", {"kept"}),
        ("is_low=true", {"used"}),
        ("is_low=false", {"kept", "gone"}),
        ("is_opened=true", {"used"}),
        ("is_opened=false", {"kept", "gone"}),
        ("is_archived=true", {"gone"}),
    ],
)
def test_spools_are_found(api, spools, query, names):
    ids = found(api, SPOOLS, query)
    assert sorted(ids) == sorted(spools[name].pk for name in names)


def test_what_runs_claim_of_a_spool_is_not_free(api, spools):
    a_run((spools["kept"], 600))
    assert found(api, SPOOLS, "available_from=500&is_archived=false") == []


def test_the_maker_of_a_spool_is_named_by_id_too(api, spools, filaments):
    assert found(api, SPOOLS, f"manufacturer={filaments['blue'].manufacturer_id}") == [
        spools["used"].pk
    ]


@pytest.mark.parametrize("grams", ["x", "NaN", "-1", "1e12", "0.0000001", "Infinity"])
def test_grams_that_can_not_be_are_400(api, grams):
    for name in ("remaining_below", "available_from"):
        answer = api.get(f"{SPOOLS}?{name}={grams}")
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [name])


# --- As of then --------------------------------------------------------------------------------


@pytest.fixture
def days(farm):
    """A spool received three days ago, used two days ago, archived yesterday; the moments."""
    now = timezone.now()
    noon = [timezone.localtime(now - timedelta(days=ago)).replace(hour=12) for ago in (3, 2, 1)]
    spool = a_spool(1000, at=noon[0])
    handling.use(spool, grams=400, by=None, at=noon[1])
    shelf.archive(spool, by=None, discard=True, at=noon[2])
    return spool, noon


def test_a_spool_is_read_as_of_a_moment_and_of_a_day(api, days):
    spool, noon = days
    address = f"{SPOOLS}{spool.pk}/"

    def then(moment):
        answer = api.get(address, {"as_of": moment}).json()
        assert answer["remaining_grams"] == "0.000000"
        return answer["grams_then"]

    assert api.get(address).json()["grams_then"] is None
    second = timedelta(seconds=1)
    assert [then((moment - second).isoformat()) for moment in noon] == [
        None,
        "1000.000000",
        "600.000000",
    ]
    assert then(noon[1].isoformat()) == "600.000000"
    assert [then(moment.date().isoformat()) for moment in noon] == [
        "1000.000000",
        "600.000000",
        "0.000000",
    ]


def test_the_shelf_is_listed_as_it_was(api, days):
    spool, noon = days
    other = a_spool(500, at=noon[1])
    rows = api.get(SPOOLS, {"as_of": noon[1].date().isoformat()}).json()["results"]
    assert {row["id"]: row["grams_then"] for row in rows} == {
        spool.pk: "600.000000",
        other.pk: "500.000000",
    }
    assert found(api, SPOOLS, f"as_of={noon[0].date()}") == [spool.pk]
    assert found(api, SPOOLS, f"as_of={noon[2].date()}") == [other.pk]
    assert found(api, SPOOLS, f"as_of={noon[1].date()}&is_archived=true") == [spool.pk]


def test_a_day_is_the_farms(api):
    """Shortly after midnight in Berlin it is still the day before in UTC."""
    moment = timezone.localtime().replace(hour=0, minute=30) - timedelta(days=1)
    spool = a_spool(100, at=moment)
    before = moment.date() - timedelta(days=1)
    assert found(api, SPOOLS, f"as_of={before}") == []
    assert found(api, SPOOLS, f"as_of={moment.date()}") == [spool.pk]


@pytest.mark.parametrize("moment", ["2026-13-01", "2026-01-01T00:00:00", "soon", "0001-01-01"])
def test_what_is_no_time_is_400(api, moment):
    spool = a_spool()
    for path in (SPOOLS, f"{SPOOLS}{spool.pk}/"):
        answer = api.get(path, {"as_of": moment})
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["as_of"])
    assert api.get(f"{SPOOLS}{spool.pk}/?lot_number=x").status_code == 400


# --- What happened -----------------------------------------------------------------------------


def test_what_happened_to_a_spool_is_read_in_order(api, operator):
    box = Location.objects.create(name="Dry box")
    spool, other = a_spool(), a_spool()
    shelf.move(spool, location=box, by=operator)
    shelf.open(other, by=operator)
    shelf.dry(spool, by=None)
    events = f"{SPOOLS}{spool.pk}/events/"
    moved, dried = api.get(events).json()["results"]
    assert (moved["verb"], moved["after"], moved["by"], moved["by_name"]) == (
        "moved",
        "Dry box",
        operator.pk,
        "otto",
    )
    assert (dried["verb"], dried["by"], dried["spool_code"]) == ("dried", None, spool.code)
    assert found(api, events, "verb=dried,opened") == [dried["id"]]
    assert found(api, events, f"after_id={moved['id']}") == [dried["id"]]
    assert found(api, events, f"at_from={timezone.localdate()}") == [moved["id"], dried["id"]]
    assert found(api, events, "search=box") == [moved["id"]]
    assert api.get(f"{events}{moved['id']}/").json() == moved
    assert api.get(f"{SPOOLS}{other.pk}/events/{moved['id']}/").status_code == 404
    for method in ("post", "put", "delete"):
        assert getattr(api, method)(events, {}).status_code == 405


def test_what_happened_elsewhere_is_not_there(api, other_farm):
    with tenant_context(other_farm):
        theirs = a_spool()
        shelf.open(theirs, by=None)
    assert SpoolEvent.objects.count() == 0
    assert api.get(f"{SPOOLS}{theirs.pk}/events/").status_code == 404


def test_the_ledger_is_narrowed_and_followed(api):
    spool, other = a_spool(), a_spool()
    run = a_running_run((spool, 10))
    completion.complete(run, by=None, as_planned=True)
    receipts = list(InventoryTransaction.objects.filter(kind="receipt").order_by("pk"))
    usage = InventoryTransaction.objects.get(kind="usage")
    assert found(api, LEDGER, f"run_number={run.number.lower()}") == [usage.pk]
    assert found(api, LEDGER, f"run={run.pk}") == [usage.pk]
    assert found(api, LEDGER, f"filament={other.filament_id}") == [receipts[1].pk]
    assert found(api, LEDGER, "source=system") == [each.pk for each in (*receipts, usage)]
    assert found(api, LEDGER, "source=api,floor") == []
    assert found(api, LEDGER, f"after_id={receipts[0].pk}") == [receipts[1].pk, usage.pk]
    assert found(api, LEDGER, f"after_id={usage.pk}") == []
    assert len(found(api, LEDGER, "after_id=0")) == 3
    assert found(api, f"{SPOOLS}{spool.pk}/transactions/", f"after_id={receipts[0].pk}") == [
        usage.pk
    ]
    for query in ("after_id=-1", "after_id=x", "source=mars"):
        assert api.get(f"{LEDGER}?{query}").status_code == 400


def test_an_archived_spool_is_weighed_only_when_it_is_restored(api):
    spool = shelf.archive(a_spool(), by=None, discard=False)
    answer = api.post(f"{SPOOLS}{spool.pk}/weigh/", {"gross_grams": 1100})
    assert (answer.status_code, answer.json()["code"]) == (409, "spool_archived")
    assert "restore it first" in answer.json()["detail"]
    assert Spool.objects.get().remaining_grams == 1000
