"""Files as people have them, each by the name it has among the samples."""

from datetime import date
from decimal import Decimal

import pytest

from inventory.models import Filament, InventoryTransaction, Location, Spool
from inventory.services import seeds
from inventory.services.tables.refusals import UnusableTable
from inventory.services.tables.report import CREATABLE
from tenants.accounts.models import FarmSettings
from tenants.accounts.services import change_settings
from tests.factories import a_filament, a_manufacturer, a_material_type
from tests.inventory.tables import import_filaments, import_spools, results_by_line
from tests.queries import violations

pytestmark = pytest.mark.usefixtures("farm")


@pytest.fixture
def black(farm):
    """The filament that most of the files name."""
    return a_filament(
        "Black",
        manufacturer=a_manufacturer("ELEGOO"),
        material_type=a_material_type("PLA+"),
        net_grams=Decimal(1000),
        tare_grams=Decimal(180),
    )


@pytest.fixture
def galaxy(farm):
    maker = a_manufacturer("Prusament")
    return {
        grams: a_filament(
            "Galaxy Black",
            manufacturer=maker,
            net_grams=Decimal(grams),
            external_id=f"galaxy_{grams}",
        )
        for grams in (1000, 2000)
    }


def left_of(report):
    assert report.refused == [], results_by_line(report)
    assert violations() == []
    return [spool.remaining_grams for spool in Spool.objects.order_by("pk")]


def refusal_of(work, content):
    with pytest.raises(UnusableTable) as refused:
        work(content)
    return refused.value.detail


def test_f01_a_fresh_farm_knows_how_dense_the_usual_materials_are():
    seeds.seed()
    report = import_filaments(
        "brand,name,material,color,weight\n"
        "Sunlu,PLA+ Black,PLA+,Black,1000\n"
        "Prusament,Galaxy Black,PLA,Galaxy Black,1000\n"
    )
    assert (report.count("created"), report.refused) == (2, [])
    assert set(Filament.objects.values_list("density_g_cm3", flat=True)) == {Decimal("1.24")}


def test_f05_german_headers_are_the_words_of_the_trade(galaxy):
    Location.objects.create(name="Regal 1")
    report = import_spools(
        "\ufeffHersteller;Name;Material;Preis;Charge;Restgewicht;Gekauft am;Lagerort;Gewicht\n"
        "Prusament;Galaxy Black;PLA;29,99;L-77;633,75;02.06.2023;Regal 1;1000\n"
    )
    assert left_of(report) == [Decimal("633.75")]
    spool = Spool.objects.get()
    assert (spool.lot_number, spool.price) == ("L-77", Decimal("29.99"))
    assert (spool.received_on, spool.location.name) == (date(2023, 6, 2), "Regal 1")


def test_f06_the_weight_of_a_line_says_which_of_two_sizes_it_is(galaxy):
    lines = (
        "\ufeffmanufacturer;name;material;diameter;weight;price;lot;remaining;received\n"
        "Prusament;Galaxy Black;PLA;1,75;1000;29,99;L-77;633,75;02.06.2023\n"
        "Prusament;Galaxy Black;PLA;1,75;2000;1.029,99;L-78;1.000,5;2.6.2023\n"
        ";;;;;;;;\n"
        ";;;;;;;;\n"
    )
    assert left_of(import_spools(lines)) == [Decimal("633.75"), Decimal("1000.5")]
    found = [spool.filament for spool in Spool.objects.order_by("pk")]
    assert found == [galaxy[1000], galaxy[2000]]
    again = import_spools(lines)
    assert (again.count("unchanged"), Spool.objects.count()) == (2, 2)


def test_f06_a_refusal_asks_for_what_was_not_given_and_names_whole_ids(galaxy):
    report = import_spools("manufacturer;name;material\nPrusament;Galaxy Black;PLA\n")
    assert results_by_line(report)[2]["name"] == (
        "2 filaments are called so: give color_name or diameter_mm or initial_grams or "
        "external_id (galaxy_1000, galaxy_2000)."
    )
    Filament.objects.filter(external_id="galaxy_2000").update(is_active=False)
    report = import_spools("manufacturer;name;material\nPrusament;Galaxy Black;PLA\n")
    assert left_of(report) == [1000]


def test_f08_units_and_dates_are_understood_where_they_can_be_read_in_one_way(black):
    report = import_spools(
        "\ufeffmanufacturer;name;material;price;remaining;received\n"
        "ELEGOO;Black;PLA+;14,99;633,75;02.06.2023\n"
        "ELEGOO;Black;PLA+;14,99;1.000,0;2.6.2023 00:00\n"
        "ELEGOO;Black;PLA+;14,99 €;633,75 g;2.6.23\n"
        "ELEGOO;Black;PLA+;€ 14,99;0,6 kg;6/2/2023\n"
        "ELEGOO;Black;PLA+;EUR 14,99;750;2023-06-02T10:12:13Z\n"
        "ELEGOO;Black;PLA+;14,99 USD;5 st;2023-06-02 10:12\n"
    )
    lines = results_by_line(report)
    assert [row.is_ok for row in report.rows] == [True, True, False, False, True, False]
    assert set(Spool.objects.values_list("price", flat=True)) == {Decimal("14.99")}
    assert set(Spool.objects.values_list("received_on", flat=True)) == {date(2023, 6, 2)}
    assert "two digits" in lines[4]["received_on"]
    assert "month and day" in lines[5]["received_on"]
    assert lines[7] == {
        "price": "“14,99 USD”: “USD” is not understood; EUR can be.",
        "remaining_grams": "“5 st”: “st” is not understood; g, kg, lb, oz can be.",
    }


def test_f09_a_file_of_a_western_windows_is_read_and_said_so(black):
    report = import_spools(
        "manufacturer;name;material;comment\r\nELEGOO;Black;PLA+;Düse 0,4 für Grün\r\n".encode(
            "cp1252"
        )
    )
    assert left_of(report) == [1000]
    assert Spool.objects.get().comment == "Düse 0,4 für Grün"
    assert "read as Windows-1252" in report.notes[0]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_f10_unicode_text_of_excel_is_read(black, encoding):
    lines = "manufacturer\tname\tmaterial\tcomment\r\nELEGOO\tBlack\tPLA+\tDüse\r\n"
    report = import_spools(lines.encode(encoding))
    assert (left_of(report), report.notes) == ([1000], [])
    assert Spool.objects.get().comment == "Düse"


def test_f11_gross_is_what_the_scale_shows(black):
    report = import_spools("vendor,filament,material,gross\nELEGOO,Black,PLA+,812.5\n")
    assert left_of(report) == [Decimal("632.5")]


def test_f12_what_was_used_is_not_what_is_left(black):
    report = import_spools(
        "vendor,filament,material,used weight\nELEGOO,Black,PLA+,366.2\nELEGOO,Black,PLA+,1366\n"
    )
    assert results_by_line(report)[3]["used_grams"] == "1366 g can't be used of 1000 g."
    spool = Spool.objects.get()
    assert (spool.initial_grams, spool.remaining_grams) == (1000, Decimal("633.8"))


def test_f13_a_quantity_is_so_many_spools_and_sent_again_none(black):
    line = "vendor,filament,material,quantity\nELEGOO,Black,PLA+,{}\n"
    report = import_spools(line.format(6))
    assert left_of(report) == [1000] * 6
    assert results_by_line(report)[2] == "6 spools of ELEGOO Black, 1000 g each."
    assert len(report.as_dict()["lines"][0]["ids"]) == 6
    assert InventoryTransaction.objects.filter(kind="receipt").count() == 6
    assert import_spools(line.format(6)).count("unchanged") == 1
    assert import_spools(line.format(8)).count("created") == 1
    assert Spool.objects.count() == 8
    for quantity in ("0", "-1", "201", "many"):
        assert import_spools(line.format(quantity)).refused[0].problems.keys() == {"quantity"}


def test_f14_a_place_that_is_not_there_is_named(black):
    lines = "vendor,filament,material,location\nELEGOO,Black,PLA+,Shelf A\n"
    assert "no location “Shelf A”" in results_by_line(import_spools(lines))[2]["location"]


SPOOLS = "vendor,filament,material,{}\nELEGOO,Black,PLA+,{}\n"


@pytest.mark.parametrize(
    ("column", "cell", "lacking", "left"),
    [
        ("comment", "Düse", ["default_net_grams"], 750),
        ("gross", "812.5", ["default_net_grams", "default_tare_grams"], Decimal("632.5")),
        ("used weight", "366.2", ["default_net_grams"], Decimal("383.8")),
        ("weight", "1000", [], 1000),
    ],
)
def test_f09_to_f14_a_fresh_farm_asks_once_for_grams_that_no_line_has(column, cell, lacking, left):
    seeds.seed()
    lines, create = SPOOLS.format(column, cell), CREATABLE
    for made in ((), create):
        report = import_spools(lines, create=made, dry_run=True)
        assert report.as_dict()["lacking"] == lacking
        if lacking:
            assert "How much is on it?" in results_by_line(report)[2]["initial_grams"]
    assert report.manufacturers == ([] if lacking else ["ELEGOO"])
    grams = {"default_net_grams": "750", "default_tare_grams": Decimal(180)}
    report = import_spools(lines, create=create, **grams)
    assert (left_of(report), report.as_dict()["lacking"]) == ([left], [])
    assert import_spools(lines, **grams).count("unchanged") == 1


def test_f18_a_fault_of_a_new_filament_is_named_before_it_is_made():
    seeds.seed()
    lines = "maker,name,material,grams\nNova,B,PLA®,1000\nNova,D,FOG,1000\nNova,E,PLA,\n"
    before, ticked = (import_spools(lines, create=create) for create in ((), CREATABLE))
    for line, column, text in (
        (2, "material", "“®” in it"),
        (3, "density_g_cm3", "FOG is new"),
        (4, "initial_grams", "How much"),
    ):
        assert text in results_by_line(before)[line][column]
        assert results_by_line(ticked)[line].keys() == {column}
        assert text in results_by_line(ticked)[line][column]


def test_a_filament_of_another_maker_is_suggested_only_if_it_is_called_the_same():
    a_filament("PLA Basic", manufacturer=a_manufacturer("Bambu Lab"))
    lines = "vendor,filament,material\nSunlu,{},PLA\n"
    for name, is_alike in (("PLA+ Black", False), ("PLA Basics", True)):
        problem = results_by_line(import_spools(lines.format(name)))[2]["name"]
        assert ("Did you mean" in problem) is is_alike


def test_f18_codes_and_colours_are_plain_or_the_sign_that_is_not_is_named():
    for code in ("PLA BASIC", "PLA/WOOD", "TPU 95A", "PA6 (NYLON)", "SILK PLA", "PLA"):
        a_material_type(code)
    report = import_filaments(
        "maker,name,material,grams,hex\n"
        "Nova,A,PLA Basic,1000,#FFF\n"
        "Nova,B,PLA®,1000,0xFF8800\n"
        "Nova,C,PLA\u2011CF,1000,FF8800\n"
        'Nova,D,"PLA/Wood",1000,"rgb(255,0,0)"\n'
        "Nova,E,TPU 95A,1kg,FF8800FF\n"
        'Nova,F,PA6 (Nylon),"1,000",000000\n'
        "Nova,G,Silk PLA,0,000\n"
        "Nova,H,PLA,1000,0\n"
    )
    colors = Filament.objects.order_by("name").values_list("name", "color_hex", "net_grams")
    assert list(colors) == [("A", "FFFFFF", 1000), ("E", "FF8800FF", 1000)]
    lines = results_by_line(report)
    assert "“®” in it (REGISTERED SIGN, U+00AE)" in lines[3]["material"]
    assert "(NON-BREAKING HYPHEN, U+2011)" in lines[4]["material"]
    assert lines[5]["color_hex"] == "“rgb(255,0,0)” is not 6 or 8 hex digits, such as FF8800."
    assert "may be 1000 or 1.000" in lines[7]["net_grams"]
    assert lines[8] == {"net_grams": "“0” is too little."}
    assert lines[9].keys() == {"color_hex"}


def test_f23_a_header_says_kilograms(black):
    lines = (
        "vendor,filament,material,weight (kg),remaining [kg],price ({})\n"
        "ELEGOO,Black,PLA+,1.0,0.634,19.99\n"
    )
    assert "“USD” is not understood; EUR can be." in refusal_of(import_spools, lines.format("USD"))
    assert left_of(import_spools(lines.format("EUR"))) == [634]
    assert Spool.objects.get().initial_grams == 1000


def test_f24_a_price_for_each_kilogram_is_not_that_of_the_reel():
    report = import_filaments(
        "maker,name,material,weight (kg),price (per kg),density\nNova,KG,PLA,0.75,19.99,1.24\n"
    )
    assert report.refused == []
    filament = Filament.objects.get()
    assert (filament.net_grams, filament.price) == (750, Decimal("14.9925"))


def test_f24_a_price_for_each_kilogram_needs_a_weight():
    report = import_filaments("name,material,price_per_kg,density\nKG,PLA,19.99,1.24\n")
    assert report.refused[0].problems.keys() == {"price_per_kg"}


def test_f25_kilograms_without_saying_are_asked_about(black):
    lines = "vendor,filament,material,{}\nELEGOO,Black,PLA+,0.634\n"
    message = refusal_of(import_spools, lines.format("remaining"))
    assert message == (
        "No remaining_grams is above 0.634: are these grams or kilograms? Name the column "
        "“remaining_grams (g)” or “remaining_grams (kg)”."
    )
    assert left_of(import_spools(lines.format("remaining_grams (kg)"))) == [634]


def test_f26_pounds_are_pounds(black):
    for header in ("weight (lb)", "weight_lb", "weight lbs"):
        lines = f"vendor,filament,material,{header}\nELEGOO,Black,PLA+,2.2\n"
        assert import_spools(lines, again=True).refused == []
    grams = set(Spool.objects.values_list("initial_grams", flat=True))
    assert grams == {Decimal("997.903214")}


# --- What is like them --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("weight (st)", "“weight (st)”: “st” is not understood; g, kg, lb, oz can be."),
        ("diameter (in)", "“in” is not understood; mm can be."),
        ("price ($)", "“$” is not understood; EUR can be."),
        ("gross colour", "no column “gross colour”: leave it out."),
        ("Total weight", "may be one thing or another: with the reel"),
        ("used colour", "leave it out."),
    ],
)
def test_a_heading_that_is_not_understood_is_never_taken_for_another(header, message):
    assert message in refusal_of(import_spools, f"name;{header}\nBlack;1\n")


@pytest.mark.parametrize(
    ("header", "cell", "grams"),
    [
        ("remaining (oz)", "16", "453.59237"),
        ("remaining (g)", "0,5 kg", "500"),
        ("remaining (g)", "5", "5"),
        ("remaining_kg", "0.25", "250"),
        ("Restgewicht [kg]", "0,25", "250"),
        ("remaining", "5 g", "5"),
        ("remaining", "0", "0"),
    ],
)
def test_a_cell_or_its_column_names_the_unit(black, header, cell, grams):
    assert left_of(import_spools(f"name;{header}\nBlack;{cell}\n")) == [Decimal(grams)]


def test_a_moment_is_of_the_day_that_it_is_at_the_farm(black):
    change_settings(FarmSettings.load(), by=None, timezone="Asia/Tokyo")
    import_spools("name;received\nBlack;2023-06-02T20:12:13Z\n")
    assert Spool.objects.get().received_on == date(2023, 6, 3)


def test_all_that_is_wrong_with_a_line_is_said_at_once(black):
    report = import_spools(
        "name;location;price;received;code;remaining\nBlack;The moon;much;1.1.2199;x;1001\n"
        "Blac;The moon;1;;;\n"
    )
    first, second = (row.problems.keys() for row in report.rows)
    assert first == {"location", "price", "received_on", "code", "remaining_grams"}
    assert second == {"name", "location"}


def test_filaments_of_one_name_are_told_apart_by_their_colours():
    a_material_type("PLA")
    lines = "maker,name,material,color\nNova,Basic,PLA,Black\nNova,Basic,PLA,White\n"
    a_manufacturer("Nova")
    assert import_filaments(lines).count("created") == 2
    assert import_filaments(lines).count("unchanged") == 2
    spools = "maker,name,color,weight\nNova,Basic,white,750\nNova,Basic,,750\nNova,Basic,Red,750\n"
    report = import_spools(spools)
    assert [row.is_ok for row in report.rows] == [True, False, False]
    assert Spool.objects.get().filament.color_name == "White"
