"""Labels of spools on paper: scanned, read, fitted, and printed through every face."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory import codes
from inventory.models import Spool
from inventory.paper import fonts, labels, qr, sheets
from inventory.serializers.labels import MOST_SPOOLS
from inventory.services import shelf
from tenants.accounts.models import FarmSettings
from tenants.accounts.models.settings import validate_address
from tests import printed
from tests.factories import a_filament, a_manufacturer, a_material_type, a_spool

FARM = "https://alpha.example.com"
LABELS = "/api/v1/spools/labels/"
PAGE = "/admin/inventory/spool/labels/"
BLANKS = "/admin/inventory/spool/labels/blank/"


@pytest.fixture
def at_admin(farm_client, operator):
    farm_client.force_login(operator)
    return farm_client


def a_label(**fields):
    return labels.of_spool(shown(a_spool(**fields)), farm=FARM)


def shown(spool):
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
    document = labels.pdf(wanted, sheet=sheet)
    read = printed.codes(document)
    assert sorted(read) == sorted(label.address for label in wanted)
    assert set(read) == {f"HTTPS://ALPHA.EXAMPLE.COM/S/{label.code}" for label in wanted}
    pages = 1 if sheets.SHEETS[sheet].labels > 1 else 5
    expected = tuple(round(side) for side in sheets.SHEETS[sheet].page)
    assert printed.sizes(document) == [expected] * pages


@pytest.mark.usefixtures("farm")
def test_a_person_reads_what_is_on_the_spool():
    filament = a_filament(
        "Ocean blue",
        material_type=a_material_type("PETG"),
        color_name="Blue",
        manufacturer=a_manufacturer("Prusament"),
    )
    spool = a_spool(750, filament=filament, lot_number="L-77", received_on=date(2026, 3, 1))
    [text] = printed.texts(labels.pdf([labels.of_spool(shown(spool), farm=FARM)], sheet="62x29"))
    for word in (spool.code, "PETG", "Ocean blue", "Blue", "Prusament", "Lot L-77"):
        assert word in text
    assert "750 g net, received 2026-03-01" in text


@pytest.mark.usefixtures("farm")
@pytest.mark.parametrize("color", [{"color_hex": "336699"}, {"color_hex": ""}])
def test_a_colour_without_a_name_is_said_all_the_same(color):
    label = a_label(filament=a_filament(color_name="", **color))
    said = "#336699" if color["color_hex"] else "no colour given"
    assert said in printed.texts(labels.pdf([label], sheet="62x29"))[0]


@pytest.mark.usefixtures("farm")
@pytest.mark.parametrize("sheet", sheets.SHEETS)
def test_long_names_shrink_and_wrap_and_stay_on_the_label(sheet):
    spool = a_spool(filament=a_long_filament(), lot_number="LOT" * 30)
    document = labels.pdf([labels.of_spool(shown(spool), farm=FARM)], sheet=sheet)
    on = sheets.SHEETS[sheet]
    left, top = (side * 72 / 25.4 for side in on.corner(0))
    width, height = (side * 72 / 25.4 for side in on.size)
    page = on.page[1] * 72 / 25.4
    found = printed.letters(document)
    assert len(found) > 60
    for letter, x, bottom, right, above in found:
        if letter.strip():
            assert left <= x <= right <= left + width, letter
            assert page - top - height <= bottom <= above <= page - top, letter
    assert printed.codes(document) == [qr.address(FARM, f"/S/{spool.code}")]


@pytest.mark.usefixtures("farm")
def test_letters_of_the_farms_are_printed_and_what_no_font_has_is_a_question_mark():
    filament = a_filament("Žluťoučký Ångström ПЭТГ Ελλάδα Việt 丝绸\u0007")
    label = a_label(filament=filament)
    [text] = printed.texts(labels.pdf([label], sheet="5163"))
    assert "Žluťoučký Ångström ПЭТГ Ελλάδα Việt ??" in text
    assert fonts.missing(label.text) == "丝绸"


def test_a_font_of_the_farms_own_has_what_ours_lacks(settings, tmp_path):
    def known(paths):
        settings.FONTS = paths
        for kept in (fonts.load, fonts._letters, fonts._unit_width):
            kept.cache_clear()

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
    document = labels.pdf(wanted * 3, sheet="5163", start=9)
    assert printed.sizes(document) == [(216, 279)] * 2
    first, second = printed.texts(document)
    assert (first.count(wanted[0].code), second.count(wanted[0].code)) == (2, 1)
    top = max(above for _, _, _, _, above in printed.letters(document))
    assert top < 2.6 * 72  # the last of five rows
    assert printed.texts(labels.pdf(wanted, sheet="5163", copies=4))[0].count(wanted[0].code) == 4


def test_what_a_sheet_does_not_have_is_refused():
    label = labels.Label(code="X", address="X")
    with pytest.raises(labels.NotOnSheet, match="21 labels"):
        labels.pdf([label], sheet="L7160", start=22)
    with pytest.raises(labels.TooManyLabels, match="1001 labels"):
        labels.pdf([label] * 1001, sheet="L7160")


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
    assert printed.codes(api.get(path).content) == [f"HTTP://ALPHA.LOCALHOST/S/{spool.code}"]
    FarmSettings.objects.update(address="https://spools.example.com")
    assert printed.codes(api.get(path).content) == [f"HTTPS://SPOOLS.EXAMPLE.COM/S/{spool.code}"]


# --- The API -----------------------------------------------------------------------------------


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert answer["Content-Type"] == "application/problem+json"
    return answer.json()


@pytest.mark.parametrize("accept", ["application/pdf", "application/json", "text/html", "*/*"])
def test_one_label_is_a_pdf_whatever_is_accepted(api_client, viewer, accept):
    api_client.force_authenticate(viewer)
    spool = a_spool()
    answer = api_client.get(f"/api/v1/spools/{spool.pk}/label/", HTTP_ACCEPT=accept)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Content-Disposition"] == f'inline; filename="label-{spool.code}.pdf"'
    assert len(printed.codes(answer.content)) == 1


def test_labels_of_many_are_in_the_order_asked_for_with_a_constant_number_of_queries(api):
    first, second = a_spool(), a_spool()
    assert api.get(f"{LABELS}?blank=1").status_code == 200  # the farm is found once
    with CaptureQueriesContext(connection) as few:
        answer = api.get(f"{LABELS}?ids={second.pk},{first.pk}&sheet=62x29&blank=1")
    texts = printed.texts(answer.content)
    assert (second.code in texts[0], first.code in texts[1], len(texts)) == (True, True, 3)
    more = ",".join(str(a_spool(filament=a_filament()).pk) for _ in range(12))
    with CaptureQueriesContext(connection) as many:
        assert api.get(f"{LABELS}?ids={more}&blank=5").status_code == 200
    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sheet=A4", "sheet"),
        ("ids=x", "ids"),
        ("ids=1,,2", "ids"),
        ("ids=999999999999", "ids"),
        (f"ids={','.join(map(str, range(MOST_SPOOLS + 1)))}", "ids"),
        ("blank=1&start=0", "start"),
        ("blank=1&start=22", "start"),
        ("blank=500&copies=50", "copies"),
        ("blank=-1", "blank"),
        ("blank=1&colour=red", "colour"),
    ],
)
def test_a_query_that_can_not_be_names_its_field(api, query, field):
    answer = api.get(f"{LABELS}?{query}", HTTP_ACCEPT="application/pdf")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert field in answer.json()["errors"]


def test_nothing_to_print_and_nothing_here_are_problems(api):
    refused(api.get(LABELS), 400, "invalid")
    refused(api.get("/api/v1/spools/1/label/", HTTP_ACCEPT="application/pdf"), 404, "not_found")
    assert api.get(LABELS, HTTP_ACCEPT="image/png").status_code == 406


# --- The admin ---------------------------------------------------------------------------------


def test_chosen_spools_are_shown_on_their_sheet_before_they_are_printed(at_admin):
    spools = [a_spool(), a_spool()]
    chosen = {"action": "print_labels", "_selected_action": [spool.pk for spool in spools]}
    url = at_admin.post("/admin/inventory/spool/", chosen)["Location"]
    answer = at_admin.get(url)
    text = answer.content.decode()
    assert "the address you came by" in text
    assert "a phone can’t" in text
    picture = re.search(r'src="(\?[^"]*as=png)"', text)[1].replace("&amp;", "&")
    assert at_admin.get(PAGE + picture)["Content-Type"] == "image/png"
    document = at_admin.get(f"{url}&as=pdf&sheet=62x29").content
    assert len(printed.codes(document)) == 2
    assert at_admin.get(url).context["form"]["sheet"].value() == "62x29"  # as printed last


def test_a_form_that_can_not_be_says_so_and_prints_nothing(at_admin):
    spool = a_spool()
    answer = at_admin.get(f"{PAGE}?ids={spool.pk}&start=30&as=pdf")
    assert answer["Content-Type"].startswith("text/html")
    assert "has 21 labels" in answer.content.decode()
    for query in ("", "?ids=", "?ids=x,y", f"?ids={'9' * 30}", "?ids=1&sheet=x&copies=-1"):
        answer = at_admin.get(f"{PAGE}{query}")
        assert (answer.status_code, answer.context["wanted"]) == (200, [])
    assert at_admin.get(f"{PAGE}?ids=x,%00").status_code == 400


def test_letters_that_can_not_be_printed_are_named_before(at_admin):
    spool = a_spool(filament=a_filament("丝绸"))
    text = at_admin.get(f"{PAGE}?ids={spool.pk}").content.decode()
    assert "1 of the labels has letters that no font here has: 丝绸" in text


def test_blank_labels_are_printed_for_what_is_still_to_come(at_admin):
    assert "Print blank labels" in at_admin.get("/admin/inventory/spool/").content.decode()
    document = at_admin.get(f"{BLANKS}?count=3&sheet=54x25&copies=2&as=pdf").content
    read = printed.codes(document)
    assert (len(read), len(set(read))) == (6, 3)
    assert not Spool.objects.exists()


def test_what_was_received_leads_to_its_labels(at_admin):
    words = {"filament": a_filament(net_grams=Decimal(1000)).pk, "count": 3}
    answer = at_admin.post("/admin/inventory/spool/receive/", words, follow=True)
    ids = ",".join(str(spool.pk) for spool in Spool.objects.order_by("pk"))
    assert f'{PAGE}?ids={ids.replace(",", "%2C")}">Print their labels' in answer.content.decode()


def test_nobody_and_no_strangers_print_labels(farm_client, client_at):
    spool = a_spool()
    assert "/admin/login/" in farm_client.get(f"{PAGE}?ids={spool.pk}&as=pdf")["Location"]
    assert client_at("beta.localhost").get(f"{PAGE}?ids={spool.pk}&as=pdf").status_code == 302
