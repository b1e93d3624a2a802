"""Files imported in the admin: looked at line by line, then imported once, without choosing twice;
and lists taken along as CSV."""

import csv
import io
import json
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.forms.imports import DEFAULTS
from inventory.models import ColumnChoice, Filament, InventoryTransaction, Location, Spool
from tenants.accounts.models import IdempotencyKey
from tests.factories import a_filament, a_material_type, a_spool, make_user
from tests.inventory.test_neighbours import SPOOLMAN
from tests.responses import text_of

FILAMENTS = "/admin/inventory/filament/"
SPOOLS = "/admin/inventory/spool/"
ENTRY = {"id": "acme_red", "manufacturer": "Acme", "name": "Red", "material": "PLA"}
CATALOGUE = [
    ENTRY | {"density": 1.24, "diameter": 1.75, "weight": 1000, "color_hex": "C1121F"},
    {"id": "nameless", "material": "PLA"},
]
TABLE = "name,material,density_g_cm3,price\nSky,PLA,1.24,19.90\n,PLA,1.24,5\n"


def look(client, page, content, name="table.csv"):
    """Choose the file; answers the page that says what it would do."""
    content = content if isinstance(content, bytes) else content.encode()
    return client.post(f"{page}import/", {"file": SimpleUploadedFile(name, content)})


def agree(client, page, seen):
    return client.post(f"{page}import/", sent_by(seen))


def sent_by(seen):
    """What the page's button sends."""
    made = seen.context["report"]["create_missing"]
    return {"signed": seen.context["signed"], "_do": "Import", "create": made}


def outcomes(answer):
    return {group["outcome"]: group["count"] for group in answer.context["groups"]}


def rows_of(answer):
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_a_catalogue_is_shown_entry_by_entry_and_then_imported(at_admin):
    known = a_filament("Green", external_id="acme_green", net_grams=None)
    more = [ENTRY | {"id": "acme_green", "weight": 750, "density": 1.24}]
    seen = look(at_admin, FILAMENTS, json.dumps(CATALOGUE + more), "filaments.json")
    assert outcomes(seen) == {"refused": 1, "filled_in": 1, "created": 1}
    assert "name: This is needed." in text_of(seen)
    assert "fills in" in text_of(seen)
    assert "New manufacturers: Acme." in text_of(seen)
    assert Filament.objects.get() == known  # only looked at
    done = agree(at_admin, FILAMENTS, seen)
    assert "filaments.json is imported" in text_of(done)
    assert set(Filament.objects.values_list("external_id", flat=True)) == {"acme_red", "acme_green"}
    known.refresh_from_db()
    assert known.net_grams == 750


def test_a_table_of_filaments_is_shown_line_by_line(at_admin):
    seen = look(at_admin, FILAMENTS, TABLE)
    assert outcomes(seen) == {"refused": 1, "created": 1}
    assert "name: This is needed." in text_of(seen)
    assert 'value="Import 1 of 2 lines"' in text_of(seen)
    agree(at_admin, FILAMENTS, seen)
    assert Filament.objects.get().name == "Sky"


def test_what_is_there_already_stays_as_it_is(at_admin):
    agree(at_admin, FILAMENTS, look(at_admin, FILAMENTS, TABLE))
    again = look(at_admin, FILAMENTS, TABLE)
    assert outcomes(again) == {"refused": 1, "unchanged": 1}
    assert "There is nothing to import in it." in text_of(again)


def test_spools_are_received_once_however_often_it_is_sent(at_admin):
    a_filament("Sky")
    seen = look(at_admin, SPOOLS, "name,initial_grams\nSky,1000\nSky,750\nMud,1000\n")
    assert outcomes(seen) == {"refused": 1, "created": 2}
    done, again = (agree(at_admin, SPOOLS, seen) for _ in range(2))
    assert text_of(done) == text_of(again)
    IdempotencyKey.objects.update(content=None)
    assert "The request was carried out once" in text_of(agree(at_admin, SPOOLS, seen))
    assert list(Spool.objects.order_by("pk").values_list("initial_grams", flat=True)) == [1000, 750]
    entries = InventoryTransaction.objects.values_list("kind", "source")
    assert list(entries) == [("receipt", "import")] * 2
    codes = Spool.objects.values_list("code", flat=True)
    assert all(code in text_of(done) for code in codes)
    assert "Print the labels" in text_of(done)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"\xff\xfe\x00", "This is no text"),
        ("a.csv", b"colour of the sky\nblue\n", "A column name is needed"),
        ("a.csv", b"", "empty"),
        ("a.json", b'[{"id": "x"', "ends in the middle"),
        ("a.json", b'{"id": "x"}', "not a list"),
    ],
)
def test_a_file_that_is_no_table_says_why(at_admin, name, content, message):
    answer = look(at_admin, FILAMENTS, content, name)
    assert answer.status_code == 200
    assert message in text_of(answer)
    assert 'name="_do"' not in text_of(answer)


def test_nothing_is_imported_that_was_not_shown_to_whoever_imports_it(at_admin, farm_client):
    seen = look(at_admin, FILAMENTS, TABLE)
    sent = sent_by(seen)
    assert "choose the file again" in text_of(at_admin.post(f"{FILAMENTS}import/", {"_do": "1"}))
    assert "choose the file again" in text_of(at_admin.post(f"{SPOOLS}import/", sent))
    bent = sent | {"signed": f"{sent['signed'][:-3]}abc"}
    assert "choose the file again" in text_of(at_admin.post(f"{FILAMENTS}import/", bent))
    farm_client.force_login(make_user(username="somebody"))
    assert "choose the file again" in text_of(farm_client.post(f"{FILAMENTS}import/", sent))
    assert not Filament.objects.exists()


def test_what_is_missing_is_made_with_a_tick_each(at_admin):
    a_material_type("PLA")
    table = "maker,name,material,grams,shelf\nNova,Grün,PLA,750,Shelf A\n".encode("cp1252")
    seen = look(at_admin, SPOOLS, table)
    assert outcomes(seen) == {"refused": 1}
    assert "read as Windows-1252" in text_of(seen)
    kinds = [each["kind"] for each in seen.context["missing"]]
    assert kinds == ["filaments", "manufacturers", "locations"]
    ticked = sent_by(seen) | {"create": kinds}
    again = at_admin.post(f"{SPOOLS}import/", ticked)  # was not previewed so: not imported yet
    assert (outcomes(again), Spool.objects.count()) == ({"created": 1}, 0)
    ticked = sent_by(again) | {"create": kinds}
    assert "is imported" in text_of(at_admin.post(f"{SPOOLS}import/", ticked))
    spool = Spool.objects.get()
    assert (str(spool.filament), spool.location.name) == ("Nova Grün", "Shelf A")


def test_grams_that_no_line_has_are_asked_for_once(at_admin):
    a_material_type("PLA")
    seen = look(at_admin, SPOOLS, "maker,name,material,gross\nNova,Sky,PLA,812.5\n")
    assert [each["name"] for each in seen.context["asks"]] == list(DEFAULTS)
    given = sent_by(seen) | {"create": ["filaments", "manufacturers"], "_look": "1"}
    again = at_admin.post(f"{SPOOLS}import/", given | {"default_net_grams": "much"})
    assert "“much” is not a number" in text_of(again)
    given |= {"default_net_grams": "1000", "default_tare_grams": "180"}
    again = at_admin.post(f"{SPOOLS}import/", given)
    assert outcomes(again) == {"created": 1}
    assert 'name="default_tare_grams" value="180"' in text_of(again)
    assert "is imported" in text_of(agree(at_admin, SPOOLS, again))
    assert Spool.objects.get().remaining_grams == Decimal("632.5")


def test_a_neighbours_export_is_previewed_with_all_that_is_missing(at_admin):
    seen = look(at_admin, SPOOLS, SPOOLMAN)
    assert "An export of Spoolman. Left aside: id, first_used" in text_of(seen)
    assert all(each["is_made"] for each in seen.context["missing"])
    few = sent_by(seen) | {"create": ["locations"], "_look": "1"}
    assert outcomes(at_admin.post(f"{SPOOLS}import/", few)) == {"refused": 1}
    assert "is imported" in text_of(agree(at_admin, SPOOLS, seen))
    again = look(at_admin, SPOOLS, SPOOLMAN.replace("L-77", "L-78"))
    assert again.context["missing"] == []
    assert text_of(again).count('type="hidden" name="create"') == 4
    assert "is imported" in text_of(agree(at_admin, SPOOLS, again))


def test_spools_that_are_there_are_updated_when_it_is_ticked(at_admin):
    a_filament("Sky", net_grams=1000)
    table = "name;lot;remaining\nSky;L-1;{}\n"
    agree(at_admin, SPOOLS, look(at_admin, SPOOLS, table.format(900)))
    seen = look(at_admin, SPOOLS, table.format(400))
    assert "Update spools that are there already" in text_of(seen)
    ticked = sent_by(seen) | {"update": "on"}
    previewed = at_admin.post(f"{SPOOLS}import/", ticked)
    assert (outcomes(previewed), Spool.objects.get().remaining_grams) == ({"updated": 1}, 900)
    assert 'value="Import 1 of 1 line"' in text_of(previewed)
    at_admin.post(f"{SPOOLS}import/", sent_by(previewed) | {"update": "on"})
    assert Spool.objects.get().remaining_grams == 400


def columns_sent_by(seen, **headings):
    """What the page sends where these headings were written for columns."""
    columns = seen.context["columns"]
    return {
        "signed": seen.context["signed"],
        "create": seen.context["report"]["create_missing"] if "report" in seen.context else [],
        "column": [each["name"] for each in columns],
        "heading_was": [each["heading"] for each in columns],
        "heading": [headings.get(each["name"], each["heading"]) for each in columns],
    }


def test_columns_that_are_not_known_are_chosen_and_remembered(at_admin):
    a_filament("Sky", net_grams=1000)
    table = "Sorte;Füllstand;Wetter\nSky;0,75;fair\n"
    seen = look(at_admin, SPOOLS, table)
    assert "no column “Sorte”" in text_of(seen)
    assert [each["heading"] for each in seen.context["columns"]] == ["", "", ""]
    assert seen.context["columns"][1]["samples"] == ["0,75"]
    sent = columns_sent_by(seen, sorte="name", füllstand="remaining_grams")
    asked = at_admin.post(f"{SPOOLS}import/", sent | {"_look": "1"})
    assert "are these grams or kilograms?" in text_of(asked)
    sent = columns_sent_by(asked, füllstand="remaining_grams (kg)")
    previewed = at_admin.post(f"{SPOOLS}import/", sent | {"_look": "1"})
    assert outcomes(previewed) == {"created": 1}
    assert not ColumnChoice.objects.exists()
    done = at_admin.post(f"{SPOOLS}import/", columns_sent_by(previewed) | {"_do": "1"})
    assert "is imported" in text_of(done)
    assert Spool.objects.get().remaining_grams == 750
    again = look(at_admin, SPOOLS, table.replace("0,75", "0,5"))
    assert outcomes(again) == {"unchanged": 1}
    assert [each["heading"] for each in again.context["columns"]] == [
        "name", "remaining_grams (kg)", "",
    ]  # fmt: skip


def test_a_column_that_is_read_otherwise_is_previewed_again_before_it_is_imported(at_admin):
    a_filament("Sky", net_grams=1000)
    seen = look(at_admin, SPOOLS, "name;lot;note\nSky;L-1;N\n")
    sent = columns_sent_by(seen, note="supplier") | {"_do": "1"}
    previewed = at_admin.post(f"{SPOOLS}import/", sent)
    assert (outcomes(previewed), Spool.objects.count()) == ({"created": 1}, 0)
    at_admin.post(f"{SPOOLS}import/", columns_sent_by(previewed) | {"_do": "1"})
    assert Spool.objects.get().supplier == "N"
    wrong = at_admin.post(f"{SPOOLS}import/", columns_sent_by(seen, note="lot") | {"_look": "1"})
    assert "lot_number is there twice." in text_of(wrong)


def test_a_viewer_imports_nothing(farm_client, viewer):
    farm_client.force_login(viewer)
    for page in (FILAMENTS, SPOOLS):
        assert farm_client.get(f"{page}import/").status_code == 403
        assert look(farm_client, page, TABLE).status_code == 403
        assert "import/" not in text_of(farm_client.get(page))


def test_an_empty_table_is_there_to_fill_in(at_admin):
    answer = at_admin.get(f"{SPOOLS}import/?as=csv")
    assert answer["Content-Disposition"] == 'attachment; filename="spools.csv"'
    assert b"lot_number" in answer.content


# --- Taken along -------------------------------------------------------------------------------


def test_a_list_is_taken_along_as_it_is_narrowed(at_admin):
    shelf = Location.objects.create(name="Shelf A")
    spool = a_spool(750, filament=a_filament("Sky"), location=shelf)
    a_spool(1000)
    page = at_admin.get(f"{SPOOLS}?location={shelf.pk}")
    row = rows_of(at_admin.get(page.context["csv_url"]))
    assert [(each["code"], each["name"], each["location"]) for each in row] == [
        (spool.code, "Sky", "Shelf A")
    ]
    assert row[0]["remaining_grams"] == "750"


def test_filaments_that_were_taken_along_come_back_unchanged(at_admin):
    a_filament("=cmd()", color_name="Blue", net_grams=1000)
    answer = at_admin.get(f"{FILAMENTS}csv/")
    seen = look(at_admin, FILAMENTS, b"".join(answer.streaming_content))
    assert outcomes(seen) == {"unchanged": 1}


def test_a_table_takes_the_same_queries_for_1_row_and_for_30(at_admin):
    pages = [FILAMENTS, SPOOLS, "/admin/inventory/inventorytransaction/"]

    def queries(rows):
        with CaptureQueriesContext(connection) as captured:
            read = [rows_of(at_admin.get(f"{page}csv/")) for page in pages]
        assert [len(found) for found in read] == [rows] * 3
        return len(captured)

    a_spool()
    queries(1)
    at_one = queries(1)
    for number in range(29):
        a_spool(filament=a_filament(f"F{number}"))
    assert queries(30) == at_one
