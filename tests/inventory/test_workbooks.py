"""Workbooks (XLSX): what is in them is read as it is meant, and none of them takes the server."""

import io
import time
import zipfile
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from inventory.models import Filament, Spool
from inventory.services.tables import archives, uploads
from inventory.services.tables.refusals import TableTooLarge, UnusableTable
from tenants.web.csv_export import XLSX
from tests.factories import a_filament
from tests.inventory.tables import import_filaments, import_spools, results_by_line
from tests.inventory.workbooks import (
    STRINGS_TYPE,
    a_workbook,
    by_hand,
    saved,
    sheet_of,
    text_cell,
)
from tests.queries import violations
from tests.responses import done, text_of

pytestmark = pytest.mark.usefixtures("farm")
HEADER = ["Filament", "Weight (kg)", "Price", "Received", "Lot", "Comment"]
SECONDS = 10  # of CPU, that the worst may take on a machine that others use too


@pytest.fixture
def red(farm):
    return a_filament("Red", net_grams=Decimal(1000))


def test_xml_is_read_without_entities():
    assert (openpyxl.DEFUSEDXML, openpyxl.LXML) == (True, False)


def test_cells_are_what_they_are_in_the_spreadsheet(red):
    content = a_workbook(
        HEADER,
        ["Red", 0.75, 19.99, date(2023, 6, 2), 77, None],
        [],
        ["Red", 1, "14,99 €", datetime.fromisoformat("2023-06-02T10:00"), "L-1", True],
        ["Red", 0.1 + 0.2, "x", "02.06.2023", 1.5, None],
    )
    report = import_spools(content)
    assert results_by_line(report)[5].keys() == {"price"}
    spools = Spool.objects.order_by("pk")
    assert [spool.initial_grams for spool in spools] == [750, 1000]
    assert [spool.price for spool in spools] == [Decimal("19.99"), Decimal("14.99")]
    assert {spool.received_on for spool in spools} == {date(2023, 6, 2)}
    assert [spool.lot_number for spool in spools] == ["77", "L-1"]
    assert [spool.comment for spool in spools] == ["", "true"]
    assert "Red,0.3,x,02.06.2023,1.5" in report.refused_table
    assert violations() == []


def test_a_number_of_a_workbook_is_never_a_thousand(red):
    import_spools(a_workbook(["name", "weight", "price"], ["Red", 1.234 * 500, "19,99"]))
    assert Spool.objects.get().initial_grams == 617


def test_a_gtin_that_is_a_number_keeps_its_digits():
    content = a_workbook(["name", "material", "density", "gtin"], ["X", "PLA", 1.24, 4006381333931])
    assert import_filaments(content).refused == []
    assert Filament.objects.get().gtin == "4006381333931"


def test_the_sheet_whose_columns_are_known_is_read_and_said_so(red):
    report = import_spools(a_workbook(["name"], ["Red"], title="Stock", others=["Cover"]))
    assert report.notes == ["Read from the sheet “Stock”; not from Cover."]
    assert Spool.objects.count() == 1


def test_hidden_sheets_are_not_read():
    book = Workbook()
    book.create_sheet("Seen")
    book.worksheets[0].sheet_state = "hidden"
    assert "is empty" in refusal_of(saved(book))


def test_a_formula_without_a_value_and_an_error_are_named(red):
    row = (
        f'<row r="1">{text_cell("A1", "name")}{text_cell("B1", "weight")}</row>'
        f'<row r="2">{text_cell("A2", "Red")}<c r="B2"><f>500+250</f><v>750</v></c></row>'
        f'<row r="3">{text_cell("A3", "Red")}<c r="B3"><f>500+250</f></c></row>'
        f'<row r="4">{text_cell("A4", "Red")}<c r="B4" t="e"><v>#REF!</v></c></row>'
    )
    lines = results_by_line(import_spools(by_hand(sheet_of(row))))
    assert lines[2] == "A spool of Polyfil Red, 750 g."
    assert "Cell B3 has a formula without a value" in lines[3]["initial_grams"]
    assert "Cell B4 has the error #REF!" in lines[4]["initial_grams"]


def test_the_api_and_the_admin_take_workbooks(api, at_admin, red):
    content = a_workbook(["name", "lot"], ["Red", "L-1"])
    headers = {"Idempotency-Key": "a"}
    path = "/api/v1/spools/import/"
    report = done(api.generic("POST", path, content, content_type=XLSX, headers=headers))
    assert report["created_count"] == 1
    file = SimpleUploadedFile("spools.xlsx", a_workbook(["name", "lot"], ["Red", "L-2"]))
    page = "/admin/inventory/spool/import/"
    seen = at_admin.post(page, {"file": file})
    sent = {"signed": seen.context["signed"], "_do": "1"}
    assert "is imported" in text_of(at_admin.post(page, sent))
    assert set(Spool.objects.values_list("lot_number", flat=True)) == {"L-1", "L-2"}


def test_a_long_workbook_is_a_job():
    assert uploads.is_long("spools", a_workbook(*[["Red"]] * 1_500))
    assert not uploads.is_long("spools", a_workbook(["Red"]))
    assert uploads.is_long("spools", b"name\n" + b" " * uploads.LONG_BYTES)
    assert not uploads.is_long("spools", b"PK\x03\x04 and no more")


# --- Hostile ones -------------------------------------------------------------------------------


def refusal_of(content, kind=UnusableTable):
    started = time.process_time()
    with pytest.raises(kind) as refused:
        import_spools(content)
    assert time.process_time() - started < SECONDS
    return refused.value.detail


def test_a_zip_bomb_is_not_opened():
    content = by_hand(sheet_of(" " * 51 * archives.MEGABYTE))
    assert len(content) < 100_000
    assert "at most 50 MB" in refusal_of(content, TableTooLarge)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_is_unpacked_without_a_limit_is_not_opened(method):
    assert "packed in a way" in refusal_of(by_hand(sheet_of(""), method=method))


def test_texts_beyond_twenty_megabytes_are_not_opened():
    strings = {"xl/sharedStrings.xml": " " * 21 * archives.MEGABYTE}
    assert "at most 20 MB" in refusal_of(by_hand(sheet_of(""), parts=strings), TableTooLarge)
    styles = {"xl/styles.xml": " " * 3 * archives.MEGABYTE}
    assert "at most 2 MB" in refusal_of(by_hand(sheet_of(""), parts=styles), TableTooLarge)


def test_more_tags_than_a_table_needs_are_not_read():
    cells = by_hand(sheet_of(f'<row r="1">{"<c/>" * 1_600_000}</row>'))
    assert "too many cells" in refusal_of(cells, TableTooLarge)
    for name, content in {"sharedStrings": "<si/>" * 450_000, "styles": "<xf/>" * 110_000}.items():
        parts = {f"xl/{name}.xml": content}
        assert "too many cells" in refusal_of(by_hand(sheet_of(""), parts=parts), TableTooLarge)


def test_texts_are_nowhere_but_where_they_are_bounded():
    hidden = STRINGS_TYPE.format(name="worksheets/strings.xml")
    assert "in an unusual place" in refusal_of(by_hand(sheet_of(""), types=hidden))


def test_billion_laughs_expand_to_nothing():
    laughs = "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "lol">' for n in range(10)
    )
    content = by_hand(sheet_of(text_cell("A1", "&l9;"), before=f"<!DOCTYPE x [{laughs}]>"))
    assert "can't be read" in refusal_of(content)


def test_columns_are_cut_whatever_the_file_says(red):
    wide = a_workbook(["name"] + [None] * 16_382 + ["x"], ["Red"])
    assert import_spools(wide).count("created") == 1
    assert "columns are too many" in refusal_of(a_workbook([f"c{n}" for n in range(16_384)]))


def test_a_million_empty_rows_are_passed_over(red):
    far = f'<row r="1048576">{text_cell("A1048576", "Red")}</row>'
    content = by_hand(sheet_of(f'<row r="1">{text_cell("A1", "name")}</row>{far}'))
    started = time.process_time()
    report = import_spools(content)
    assert [row.number for row in report.rows] == [1_048_576]
    written = "".join(f'<row r="{number}"/>' for number in range(2, 300_000))
    content = by_hand(sheet_of(f'<row r="1">{text_cell("A1", "name")}</row>{written}'))
    assert import_spools(content).rows == []
    assert time.process_time() - started < SECONDS


def test_more_rows_than_a_table_may_have_are_too_many(red):
    assert "At most 10,000 lines" in refusal_of(a_workbook(["name"], *[["Red"]] * 10_001))


def test_a_row_beyond_any_sheet_is_never_reached(red):
    rows = f'<row r="1">{text_cell("A1", "name")}</row><row r="99999999999"/>'
    assert import_spools(by_hand(sheet_of(rows))).rows == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old kind (.xls)"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "has a password"),
        (b"PK\x03\x04 cut off", "can't be read"),
        (by_hand("<worksheet"), "can't be read"),
        (by_hand(sheet_of('<row r="x"/>')), "can't be read"),
        (by_hand(sheet_of(f'<row r="1"><c r="A1"><v>{"9" * 9_000}</v></c></row>')), ""),
    ],
    ids=["old", "password", "cut off", "no XML", "no row", "no number"],
)
def test_what_can_not_be_read_says_why(content, message):
    assert message in refusal_of(content)


def test_other_archives_are_no_workbooks():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<x/>")
    assert "no workbook of Excel (.xlsx)" in refusal_of(file.getvalue())


def test_broken_archives_never_break_an_import():
    content = bytearray(a_workbook(["name"], ["Red"]))
    for place in range(0, len(content), 97):
        bent = bytes(content[:place]) + bytes([content[place] ^ 255]) + bytes(content[place + 1 :])
        with suppress(UnusableTable):
            import_spools(bent, dry_run=True)
