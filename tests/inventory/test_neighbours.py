"""Exports of other programs, known by their headers: filaments and spools of one file."""

from datetime import date
from decimal import Decimal

import pytest

from inventory.models import Filament, Location, Manufacturer, MaterialType, Spool
from inventory.services import seeds
from inventory.services.tables.report import CREATABLE
from tests.factories import a_filament, a_material_type, make_user
from tests.inventory.tables import import_filaments, import_spools, results_by_line
from tests.queries import violations
from tests.responses import done, refused

pytestmark = pytest.mark.usefixtures("farm")

SPOOLMAN = (
    "id,registered,first_used,last_used,filament.id,filament.registered,filament.name,"
    "filament.vendor.id,filament.vendor.registered,filament.vendor.name,filament.material,"
    "filament.price,filament.density,filament.diameter,filament.weight,filament.spool_weight,"
    "filament.color_hex,filament.external_id,price,initial_weight,spool_weight,used_weight,"
    "location,lot_nr,comment,archived\n"
    "12,2025-11-01T10:12:13Z,2025-11-02T08:00:00Z,2026-01-04T19:22:10Z,3,2025-11-01T10:10:00Z,"
    "Galaxy Black,1,2025-11-01T10:09:00Z,Prusament,PLA,29.99,1.24,1.75,1000,193,2B2B2F,"
    "prusament_pla_galaxyblack_1000_175,27.5,1000,193,366.25,Shelf A,L-77,dry it,False\n"
)
OCTOPRINT = (
    '"Spool Name","Color Name","Color Code [hex]","Vendor","Material","Serialnumber",'
    '"Density [g/cm3]","Diameter [mm]","Diameter Tolerance[mm]","Flow rate compensation [%]",'
    '"Temperature [C]","Bed Temperature [C]","Enclosure Temperature [C]",'
    '"Offset Temperature [C]","Offset Bed Temperature [C]","Offset Enclosure Temperature [C]",'
    '"Total weight [g]","Spool weight [g]","Used weight [g]","Total length [mm]",'
    '"Used length [mm]","First use [dd.mm.yyyy hh:mm]","Last use [dd.mm.yyyy hh:mm]",'
    '"Purchased from","Purchased on [dd.mm.yyyy]","Cost","Cost unit","Note"\n'
    '"Graphite PLA","Graphite","#2A2A2E","Nordfaden","PLA","S-0001","1.24","1.75","0.02","",'
    '"210","60","","","","","1000.0","212.0","123.4","","41372.0","02.06.2023 00:00",'
    '"14.11.2023 18:22","Filamentladen","02.06.2023 00:00","24.99","EUR","opened"\n'
)
BAMBUDDY = (
    "material,brand,subtype,color_name,rgba,extra_colors,effect_type,label_weight,weight_used,"
    "remaining,cost_per_kg,nozzle_temp_min,nozzle_temp_max,last_used,note,storage_location,"
    "category,low_stock_threshold_pct\n"
    "PLA,Bambu Lab,Basic,Jade White,FFFFFFFF,,,1000,366.2,633.8,19.99,190,230,"
    "2026-05-23T17:06:11Z,,AMS 1,,20\n"
)
ALL = {"spoolman": SPOOLMAN, "octoprint": OCTOPRINT, "bambuddy": BAMBUDDY}


def the_spool(report):
    assert report.refused == [], results_by_line(report)
    assert violations() == []
    return Spool.objects.select_related("filament__manufacturer", "location").get()


def test_f03_an_export_of_spoolman_makes_filaments_and_spools():
    report = import_spools(SPOOLMAN)
    spool = the_spool(report)
    filament = spool.filament
    assert (filament.manufacturer.name, filament.name) == ("Prusament", "Galaxy Black")
    assert (filament.net_grams, filament.tare_grams) == (1000, 193)
    assert (filament.price, filament.color_hex) == (Decimal("29.99"), "2B2B2F")
    assert filament.external_id == "prusament_pla_galaxyblack_1000_175"
    assert (spool.remaining_grams, spool.price) == (Decimal("633.75"), Decimal("27.5"))
    assert (spool.location.name, spool.lot_number) == ("Shelf A", "L-77")
    assert (spool.comment, spool.received_on) == ("dry it", date(2025, 11, 1))
    assert report.neighbour == "Spoolman"
    assert {"id", "first_used", "filament.id"} <= set(report.left_aside)
    assert "“Import from Spoolman” keeps them" in report.notes[0]


def test_f02_an_export_of_octoprint_spoolmanager_is_taken():
    report = import_spools(OCTOPRINT)
    spool = the_spool(report)
    assert str(spool.filament) == "Nordfaden Graphite PLA"
    assert (spool.filament.nozzle_temp, spool.filament.bed_temp) == (210, 60)
    assert (spool.initial_grams, spool.remaining_grams) == (1000, Decimal("876.6"))
    assert (spool.supplier, spool.price) == ("Filamentladen", Decimal("24.99"))
    assert (spool.received_on, spool.comment) == (date(2023, 6, 2), "opened")
    assert report.left_aside == [
        "Serialnumber", "Diameter Tolerance[mm]", "Used length [mm]",
        "First use [dd.mm.yyyy hh:mm]", "Last use [dd.mm.yyyy hh:mm]", "Cost unit",
    ]  # fmt: skip


def test_f02_a_cost_in_another_currency_is_refused():
    report = import_spools(OCTOPRINT.replace('"EUR"', '"USD"'))
    assert "“USD” is not understood" in results_by_line(report)[2]["price"]


def test_f04_an_export_of_bambuddy_is_taken():
    seeds.seed()
    report = import_spools(BAMBUDDY)
    spool = the_spool(report)
    filament = spool.filament
    assert (str(filament), filament.color_name) == ("Bambu Lab PLA Basic", "Jade White")
    assert (filament.nozzle_temp, filament.color_hex) == (210, "FFFFFFFF")
    assert (spool.remaining_grams, spool.price) == (Decimal("633.8"), Decimal("19.99"))
    assert spool.location.name == "AMS 1"
    assert "remaining" in report.left_aside


@pytest.mark.parametrize("content", ALL.values(), ids=ALL.keys())
def test_a_neighbours_file_that_is_sent_again_makes_nothing_twice(content):
    seeds.seed()
    import_spools(content)
    again = import_spools(content)
    assert (again.count("unchanged"), Spool.objects.count(), Filament.objects.count()) == (1, 1, 1)
    assert again.missing == {kind: [] for kind in CREATABLE}


def test_lines_of_one_filament_make_it_once_and_an_archived_spool_is_archived():
    header, line = SPOOLMAN.splitlines()
    other = line.replace("366.25", "1000").replace("False", "True").replace("L-77", "L-78")
    report = import_spools("\n".join([header, line, other]))
    assert (report.count("created"), Filament.objects.count()) == (2, 1)
    assert [spool.is_archived for spool in Spool.objects.order_by("pk")] == [False, True]


def test_a_spoolmans_filament_that_the_farm_has_by_hand_gets_its_id():
    mine = a_filament("Galaxy Black", manufacturer=None, material_type=a_material_type("PLA"))
    mine.manufacturer = Manufacturer.objects.create(name="Prusament")
    mine.save()
    spool = the_spool(import_spools(SPOOLMAN))
    assert spool.filament == mine
    assert spool.filament.external_id == "prusament_pla_galaxyblack_1000_175"


def test_spoolmans_export_of_filaments_is_taken():
    report = import_filaments(
        "id,registered,name,vendor.id,vendor.name,material,price,density,diameter,weight,"
        "spool_weight,color_hex,external_id,settings_extruder_temp\n"
        "3,2025-11-01T10:10:00Z,Galaxy Black,1,Prusament,PLA,29.99,1.24,1.75,1000,193,2B2B2F,"
        "x,215\n"
    )
    assert report.refused == []
    filament = Filament.objects.get()
    assert (filament.net_grams, filament.nozzle_temp) == (1000, 215)
    assert report.left_aside == ["id", "registered", "vendor.id"]


# --- What is missing ----------------------------------------------------------------------------

TABLE = "vendor,filament,material,weight,location\nNova,Sky,PLA SILK,750,Shelf A\n"


def outcome(create):
    a_filament("Another, without an id", manufacturer=None)
    report = import_spools(TABLE, create=create)
    return report, results_by_line(report)[2]


def test_f14_what_is_missing_is_named_and_made_when_it_is_wanted():
    report, problems = outcome(create=None)
    assert report.missing == {
        "filaments": ["Nova Sky"],
        "manufacturers": ["Nova"],
        "material_types": ["PLA SILK"],
        "locations": ["Shelf A"],
    }
    assert problems.keys() == {"name", "location"}
    assert not Manufacturer.objects.filter(name="Nova").exists()
    report, detail = outcome(create=CREATABLE)
    assert detail == "A spool of Nova Sky, 750 g."
    assert Location.objects.get().name == "Shelf A"
    silk = MaterialType.objects.get(code="PLA SILK")
    assert (silk.family.code, silk.density_g_cm3) == ("PLA", Decimal("1.24"))


def test_nothing_is_made_for_a_line_that_is_refused():
    a_material_type("PLA")
    lines = TABLE.replace("location", "location,price") + "X,Y,FOG,750,R,much\n"
    lines = lines.replace("Shelf A", "Shelf A,9")
    for dry_run in (True, False):
        report = import_spools(lines, create=CREATABLE, dry_run=dry_run)
        assert results_by_line(report)[3].keys() == {"price", "density_g_cm3"}
        assert (report.manufacturers, report.material_types) == (["Nova"], ["PLA SILK"])
        assert report.missing["locations"] == ["Shelf A", "R"]
    assert [str(made) for made in Filament.objects.all()] == ["Nova Sky"]
    assert Location.objects.get().name == "Shelf A"


@pytest.mark.parametrize(
    ("create", "columns"),
    [
        (["filaments", "manufacturers", "material_types"], {"location"}),
        (["filaments", "manufacturers", "locations"], {"material"}),
        (["filaments", "material_types", "locations"], {"manufacturer"}),
        (["manufacturers", "material_types", "locations"], {"name"}),
    ],
)
def test_each_kind_is_made_only_if_it_is_wanted(create, columns):
    _report, problems = outcome(create)
    assert problems.keys() == columns
    assert not Spool.objects.exists()


def test_who_may_not_add_filaments_makes_none():
    somebody = make_user(role="viewer")
    report = import_spools(SPOOLMAN, by=somebody)
    assert (report.create_missing, Filament.objects.count()) == ([], 0)
    assert results_by_line(report)[2].keys() == {"external_id", "location"}


def test_the_api_makes_what_is_missing(api):
    address = "/api/v1/spools/import/"

    def send(content, key, query=""):
        return done(
            api.generic(
                "POST",
                f"{address}?{query}",
                content.encode(),
                content_type="text/csv",
                headers={"Idempotency-Key": key},
            )
        )

    a_material_type("PLA")
    assert send(TABLE, "a")["refused_count"] == 1
    none = api.generic(
        "POST", f"{address}?dry_run=true&default_net_grams=0", b"name\nX\n", "text/csv"
    )
    assert "default_net_grams" in str(refused(none, 400, "bad_cell"))
    report = send(
        TABLE.replace(",750", ","), "n", "create_missing=true&default_net_grams=800&dry_run=1"
    )
    assert (report["created_count"], report["lacking"]) == (1, [])
    report = send(TABLE, "b", "create_missing=true")
    assert (report["created_count"], report["manufacturers"]) == (1, ["Nova"])
    assert send(SPOOLMAN, "c", "create_missing=false")["refused_count"] == 1
    report = send(SPOOLMAN, "d")
    assert (report["neighbour"], report["created_count"]) == ("Spoolman", 1)
    assert report["create_missing"] == list(CREATABLE)
