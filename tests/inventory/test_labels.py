"""Labels of spools on paper: scanned, read, fitted, and printed through every interface."""

from datetime import date

import pytest
from django.core.exceptions import ImproperlyConfigured, ValidationError

from inventory import codes
from inventory.models import Spool
from inventory.paper import fonts, labels, qr, sheets
from inventory.services.spools import shelf
from tenants.accounts.models import FarmSettings
from tenants.accounts.models.settings import validate_address
from tenants.operations.refusals import Invalid
from tests import pdf
from tests.factories import a_filament, a_manufacturer, a_material_type, a_spool

FARM = "https://alpha.example.com"


def a_label(**fields):
    return labels.of_spool(with_filament(a_spool(**fields)), farm=FARM)


def with_filament(spool):
    return Spool.objects.with_filament().get(pk=spool.pk)


def a_long_filament():
    return a_filament(
        "Extraordinarily long name of a filament " * 2 + "A" * 60,
        manufacturer=a_manufacturer(
            "Incorporated Filament Makers of the Northern Shore and of the Southern Shore"
        ),
        color_name="Grey as the sea on a November morning before the snow",
        multi_color_hexes=["112233", "AABBCCDD"],
        multi_color_direction="coaxial",
    )


# --- What is printed ---------------------------------------------------------------------------


@pytest.mark.usefixtures("farm")
@pytest.mark.parametrize("sheet", sheets.SHEETS)
def test_a_phone_reads_the_code_of_every_label_on_every_sheet(sheet):
    wanted = [a_label() for _ in range(3)] + labels.blank(2, farm=FARM)
    document = labels.pdf(wanted, sheet=sheets.chosen(sheet))
    read = pdf.codes(document)
    assert sorted(read) == sorted(label.address for label in wanted)
    assert set(read) == {f"HTTPS://ALPHA.EXAMPLE.COM/S/{label.code}" for label in wanted}
    pages = 1 if sheets.SHEETS[sheet].labels > 1 else 5
    expected = tuple(round(side) for side in sheets.SHEETS[sheet].page)
    assert pdf.sizes(document) == [expected] * pages


@pytest.mark.usefixtures("farm")
def test_a_person_reads_what_is_on_the_spool():
    filament = a_filament(
        "Ocean blue",
        material_type=a_material_type("PETG"),
        color_name="Blue",
        manufacturer=a_manufacturer("Prusament"),
    )
    spool = a_spool(750, filament=filament, lot_number="L-77", received_on=date(2026, 3, 1))
    [text] = pdf.texts(
        labels.pdf([labels.of_spool(with_filament(spool), farm=FARM)], sheet=sheets.chosen("62x29"))
    )
    for word in (spool.code, "PETG", "Ocean blue", "Blue", "Prusament", "Lot L-77"):
        assert word in text
    assert "750 g net, received 2026-03-01" in text


@pytest.mark.usefixtures("farm")
@pytest.mark.parametrize("color", [{"color_hex": "336699"}, {"color_hex": ""}])
def test_a_colour_without_a_name_is_said_all_the_same(color):
    label = a_label(filament=a_filament(color_name="", **color))
    color_text = "#336699" if color["color_hex"] else "colour not set"
    assert color_text in pdf.texts(labels.pdf([label], sheet=sheets.chosen("62x29")))[0]


@pytest.mark.usefixtures("farm")
@pytest.mark.parametrize("sheet", sheets.SHEETS)
def test_long_names_shrink_and_wrap_and_stay_on_the_label(sheet):
    spool = a_spool(filament=a_long_filament(), lot_number="LOT" * 30)
    document = labels.pdf(
        [labels.of_spool(with_filament(spool), farm=FARM)], sheet=sheets.chosen(sheet)
    )
    on = sheets.SHEETS[sheet]
    left, top = (side * 72 / 25.4 for side in on.corner(0))
    width, height = (side * 72 / 25.4 for side in on.size)
    page = on.page[1] * 72 / 25.4
    found = pdf.letters(document)
    assert len(found) > 40
    for letter, x, bottom, right, above in found:
        if letter.strip():
            assert left <= x <= right <= left + width, letter
            assert page - top - height <= bottom <= above <= page - top, letter
    assert pdf.codes(document) == [qr.address(FARM, f"/S/{spool.code}")]


@pytest.mark.usefixtures("farm")
def test_letters_of_the_farms_are_printed_and_what_no_font_has_is_a_question_mark():
    filament = a_filament("Žluťoučký Ångström ПЭТГ Ελλάδα Việt 丝绸\u0007")
    label = a_label(filament=filament)
    [text] = pdf.texts(labels.pdf([label], sheet=sheets.chosen("5163")))
    assert "Žluťoučký Ångström ПЭТГ Ελλάδα Việt ??" in text
    assert fonts.missing(label.text) == "丝绸"


def test_a_font_of_the_farms_own_has_what_ours_lacks(settings, tmp_path):
    def known(paths):
        settings.FONTS = paths
        for cached in (fonts.load, fonts._letters, fonts._unit_width):
            cached.cache_clear()

    wrong = tmp_path / "wrong.ttf"
    wrong.write_bytes(b"no font")
    try:
        known([str(fonts.ROOT / "files" / "FiraSansCondensed-Thin.ttf")])
        assert fonts.load()[1] == ["More-1"]
        assert fonts.pieces("a") == [(fonts.REGULAR, "a")]
        known([str(wrong)])
        with pytest.raises(ImproperlyConfigured, match="wrong.ttf"):
            fonts.load()
    finally:
        known([])


def test_an_address_is_in_capitals_where_that_makes_the_code_smaller():
    assert qr.address("http://a.example:8000", "/S/X") == "HTTP://A.EXAMPLE:8000/S/X"
    assert qr.address("http://[fe80::1]", "/S/X") == "http://[fe80::1]/S/X"


@pytest.mark.usefixtures("farm")
def test_labels_begin_where_the_sheet_is_free_and_go_on_on_the_next():
    wanted = [a_label()]
    document = labels.pdf(wanted * 3, sheet=sheets.chosen("5163"), start=9)
    assert pdf.sizes(document) == [(216, 279)] * 2
    first, second = pdf.texts(document)
    assert (first.count(wanted[0].code), second.count(wanted[0].code)) == (2, 1)
    top = max(above for _, _, _, _, above in pdf.letters(document))
    assert top < 2.6 * 72  # the last of five rows
    [text] = pdf.texts(labels.pdf(wanted, sheet=sheets.chosen("5163"), copies=4))
    assert text.count(wanted[0].code) == 4


@pytest.mark.usefixtures("farm")
def test_labels_have_the_size_that_is_asked_for_on_a_roll_or_in_the_middle_of_a_paper():
    wanted = [a_label() for _ in range(3)]
    roll = sheets.chosen("custom", width=40, height=12)
    document = labels.pdf(wanted, sheet=roll)
    assert pdf.sizes(document) == [(40, 12)] * 3
    assert pdf.codes(document) == [label.address for label in wanted]
    grid = sheets.chosen("custom", width=90, height=50, paper="A4", columns=2, rows=5, gap_x=10)
    assert (grid.labels, grid.corner(1)) == (10, (110, 23.5))
    document = labels.pdf(wanted, sheet=grid)
    assert (pdf.sizes(document), len(pdf.codes(document))) == ([(210, 297)], 3)


@pytest.mark.parametrize(
    ("name", "size", "fields"),
    [
        ("custom", {}, {"width", "height"}),
        ("custom", {"width": 40, "height": 20, "rows": 2}, {"rows"}),
        (
            "custom",
            {"width": 80, "height": 60, "paper": "A4", "columns": 3, "rows": 5},
            {"columns", "rows"},
        ),
        ("custom", {"width": 210, "height": 297, "paper": "Letter"}, {"rows"}),
        ("L7160", {"width": 40}, {"width"}),
    ],
)
def test_a_size_that_can_not_be_names_its_fields(name, size, fields):
    with pytest.raises(Invalid) as refusal:
        sheets.chosen(name, **size)
    assert refusal.value.errors.keys() == fields


@pytest.mark.usefixtures("farm")
def test_only_what_is_chosen_is_printed():
    filament = a_filament("Ocean blue", material_type=a_material_type("PETG"), nozzle_temp=240)
    spool = with_filament(a_spool(750, filament=filament, lot_number="L-77", tare_grams=210))

    def printed(*contents, sheet="62x29"):
        label = labels.of_spool(spool, farm=FARM)
        document = labels.pdf([label], sheet=sheets.chosen(sheet), contents=contents)
        return " ".join(pdf.texts(document)[0].split()), pdf.codes(document)

    assert printed("code", "material") == (f"{spool.code} PETG", [])
    text, codes_read = printed("qr", "temperatures", "reel")
    assert (text, len(codes_read)) == ("Nozzle 240 °C Empty reel 210 g", 1)
    assert printed("code", "material", "name", "lot", sheet="tape-9")[0] == (
        f"{spool.code} · PETG · Ocean blue Lot L-77"
    )


@pytest.mark.usefixtures("farm")
def test_a_code_too_small_for_phones_is_noticed():
    label = a_label()
    readable = {name for name, sheet in sheets.SHEETS.items() if labels.is_readable(label, sheet)}
    assert sheets.SHEETS.keys() - readable == {"tape-9"}
    assert labels.is_readable(label, sheets.chosen("tape-9"), contents=["code", "name"])


@pytest.mark.usefixtures("farm")
def test_what_does_not_fit_on_a_label_is_noticed_and_a_cut_code_refused():
    label = a_label(lot_number="LOT" * 5)
    assert labels.is_whole(label, sheets.chosen("L7160"))
    assert not labels.is_whole(a_label(lot_number="LOT" * 30), sheets.chosen("tape-9"))
    assert labels.is_whole(label, sheets.chosen("tape-9"), contents=["code", "material", "name"])
    small = sheets.chosen("custom", width=10, height=10)
    assert label.code in pdf.texts(labels.pdf([label], sheet=small, contents=["qr", "code"]))[0]
    smaller = sheets.chosen("custom", width=8, height=8)
    with pytest.raises(labels.CodeCut, match=label.code):
        labels.pdf([label], sheet=smaller, contents=["code", "name"])


def test_what_a_sheet_does_not_have_is_refused():
    label = labels.Label(code="X", address="X")
    with pytest.raises(labels.NotOnSheet, match="21 labels"):
        labels.pdf([label], sheet=sheets.chosen("L7160"), start=22)
    with pytest.raises(labels.TooManyLabels, match="1001 labels"):
        labels.pdf([label] * 1001, sheet=sheets.chosen("L7160"))


@pytest.mark.usefixtures("farm")
def test_blank_labels_have_codes_that_no_spool_has_or_had(monkeypatch):
    spool = a_spool()
    former, spool = spool.code, shelf.relabel(spool, by=None)
    made = iter([former, spool.code, "000000000", *map(str, range(20))])
    monkeypatch.setattr(codes, "generate", lambda: next(made))
    assert labels.fresh_codes(2) == ["0", "000000000"]
    monkeypatch.undo()
    assert all(codes.is_valid(code) for code in labels.fresh_codes(50))


# --- The farm's address ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["https://farm.example.com", "http://192.168.1.20:8000", "http://[fe80::1]:8000"]
)
def test_an_address_is_scheme_and_host(address):
    validate_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "farm.example.com",
        "ftp://farm.example.com",
        "https://farm.example.com/",
        "https://farm.example.com/x",
        "https://me@farm.example.com",
        "https://farm.example.com?x",
        "https://",
        "https://farm example.com",
        "https://farm.example.com:0",
        "https://farm.example.com:99999",
        "https://[farm",
        "https://farm.example.com\n",
    ],
)
def test_what_is_none_is_refused(address):
    with pytest.raises(ValidationError):
        validate_address(address)


def test_labels_lead_to_the_farms_address_or_else_where_one_came_by(api):
    spool = a_spool()
    path = f"/api/v1/spools/{spool.pk}/label/?sheet=62x29"
    assert pdf.codes(api.get(path).content) == [f"HTTP://ALPHA.LOCALHOST/S/{spool.code}"]
    FarmSettings.objects.update(address="https://spools.example.com")
    assert pdf.codes(api.get(path).content) == [f"HTTPS://SPOOLS.EXAMPLE.COM/S/{spool.code}"]
