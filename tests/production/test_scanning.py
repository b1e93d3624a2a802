"""Whatever a scanner reads: what it is, in this farm, and where it leads."""

from urllib.parse import quote

import pytest
from django_tenants.utils import tenant_context

from inventory import codes
from inventory.services import scanning
from inventory.services.spools import shelf
from production.models import PrinterSlot
from production.paper.labels import of_slot
from production.services.scanning import decode
from tests.factories import a_filament, a_printer, a_run, a_slot, a_spool
from tests.production.floor_helpers import page

SCAN = "/api/v1/scan/"
GTIN = "4006381333931"
UNKNOWN = "00000000" + codes.check_character("00000000")


def scanned(client, text):
    answer = client.post(SCAN, {"text": text})
    assert answer.status_code == 200, answer.content
    return answer.json()


# --- What it claims to be ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("web+spoolman:s-0042", "spoolman_spool", "42"),
        ("WEB+SPOOLMAN:S-42", "spoolman_spool", "42"),
        ("https://spoolman.lan/spool/show/42", "spoolman_spool", "42"),
        ("http://10.0.0.5:7912/base/spool/show/42/", "spoolman_spool", "42"),
        ("web+spoolman:f-7", "spoolman_filament", "7"),
        ("HTTPS://SPOOLMAN.LAN/FILAMENT/SHOW/7", "spoolman_filament", "7"),
        (GTIN, "gtin", GTIN),
        (f"]E0{GTIN}\r", "gtin", GTIN),
        ("(01)04006381333931(10)LOT7", "gtin", "04006381333931"),
        ("010400638133393110LOT7", "gtin", "04006381333931"),
        ("https://id.gs1.org/01/04006381333931?10=LOT7", "gtin", "04006381333931"),
        ("HTTP://ALPHA.LOCALHOST:8000/S/000000000", "label", "000000000"),
        ("https://alpha.example/s/oOO-oo0-000/?x=1#y", "label", "000000000"),
        ("HTTPÖ--ALPHA.LOCALHOST-S-000000000", "label", "000000000"),
        ("/P/000000000", "label", "000000000"),
        ("HTTP://ALPHA.LOCALHOST/R/ALPH-20260301-001", "run", "ALPH-20260301-001"),
        ("HTTP://ALPHA.LOCALHOST:8000/P/000000000/A2", "slot", "000000000"),
        ("HTTPÖ--ALPHA.LOCALHOST-P-ooo-oo0-000-A2", "slot", "000000000"),
        ("ooo ooo ooo/A2", "slot", "000000000"),
        ("ABCDEFGH1/A2", "text", "ABCDEFGH1/A2"),
        ("A-20260301-001", "text", "A-20260301-001"),
        (" ooo ooo ooo ", "label", "000000000"),
        ("https://example.com/about", "text", "https://example.com/about"),
        ("\0\x1d", "text", ""),
        ("x" * 1000, "text", "x" * 300),
    ],
)
def test_a_text_is_told_by_its_shape(text, kind, code):
    symbol = scanning.read(text)
    assert (symbol.kind, symbol.code) == (kind, code)


@pytest.mark.parametrize("name", ["A2", "A2?x", "A#2", "50 %", "a/b", "Ä"])
def test_a_slot_is_read_by_its_name_whatever_is_in_it(name):
    for text in (f"000000000/{name}", f"http://alpha.localhost/P/000000000/{quote(name, safe='')}"):
        symbol = scanning.read(text)
        assert (symbol.kind, symbol.slot) == ("slot", name), text


@pytest.mark.parametrize("gtin", ["96385074", "036000291452", GTIN, "14006381333938"])
def test_the_check_digit_of_a_gtin_finds_a_misread_digit(gtin):
    assert scanning.read(gtin).is_sound
    for at in range(len(gtin)):
        wrong = f"{gtin[:at]}{(int(gtin[at]) + 1) % 10}{gtin[at + 1 :]}"
        assert not scanning.read(wrong).is_sound, wrong


# --- What it is here -----------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["{}", "HTTP://ALPHA.LOCALHOST/S/{}", "http://x/s/{}", "]Q3{}"])
def test_a_label_leads_to_its_spool_however_it_is_read(api, shape):
    spool = a_spool()
    scan = scanned(api, shape.format(spool.code))
    assert (scan["kind"], scan["code"]) == ("spool", spool.code)
    found = {"id": spool.pk, "name": str(spool), "url": f"/api/v1/spools/{spool.pk}/"}
    assert scan["results"] == [found]


def test_a_code_is_found_with_look_alikes_and_dashes(api):
    spool = shelf.relabel(a_spool(), code="10AB10CD" + codes.check_character("10AB10CD"), by=None)
    typed = f"ioa-blo-cd{spool.code[-1].lower()}"
    assert scanned(api, typed)["results"][0]["id"] == spool.pk


def test_an_old_label_says_the_code_of_today(api):
    spool = a_spool()
    now = shelf.relabel(spool, by=None)
    assert scanned(api, spool.code)["code"] == now.code


def test_a_printer_and_a_run_have_labels_too(api):
    printer, run = a_printer("Elm"), a_run()
    for text in (printer.code, f"http://alpha.localhost/P/{printer.code}"):
        scan = scanned(api, text)
        assert (scan["kind"], scan["results"][0]["url"]) == (
            "printer",
            f"/api/v1/printers/{printer.pk}/",
        )
    for text in (run.number.lower(), f"HTTP://ALPHA.LOCALHOST/R/{run.number}"):
        scan = scanned(api, text)
        assert (scan["kind"], scan["results"][0]["id"]) == ("run", run.pk)


@pytest.mark.parametrize("shape", ["{}/a2", "/P/{}/A2", "HTTP://X/P/{}/A2/", "https://x/p/{}/A2?x"])
def test_a_slot_has_a_label_of_its_own(api, shape):
    printer = a_printer("Elm")
    a_slot("A1", printer=printer)
    slot = a_slot("A2", printer=printer)
    scan = scanned(api, shape.format(printer.code))
    assert (scan["kind"], scan["code"]) == ("slot", f"{printer.code}/A2")
    address = f"/api/v1/printers/{printer.pk}/slots/{slot.pk}/"
    assert scan["results"] == [{"id": slot.pk, "name": "Elm A2", "url": address}]
    assert api.get(address).json()["label"] == "A2"


def test_an_unknown_slot_names_those_of_the_printer(api):
    printer, bare = a_printer("Elm"), a_printer("Oak")
    for label in ("B", "A1"):
        a_slot(label, printer=printer)
    retired = a_slot(printer=a_printer("Fir", is_active=False)).printer
    for code, slot, why in (
        (printer.code, "A9", "Elm has no slot A9: it has A1, B."),
        (bare.code, "A1", "Oak has no slot A1: it has no slots."),
        (retired.code, "1", f"No printer of this farm has the label {retired.code}."),
        (UNKNOWN, "A1", f"No printer of this farm has the label {UNKNOWN}."),
        ("00000000A", "A1", "00000000A is not the code of a printer; was it mistyped?"),
    ):
        scan = scanned(api, f"/P/{code}/{slot}")
        assert (scan["kind"], scan["results"], scan["detail"]) == ("slot", [], why)


@pytest.mark.parametrize("name", ["ä?#%/1", "left / right"])
def test_any_name_of_a_slot_is_read_from_its_label(api, name, floor):
    slot = a_slot(name)
    a_slot("2", printer=slot.printer)
    label = of_slot(PrinterSlot.objects.with_printer().get(pk=slot.pk), farm="http://x")
    assert scanned(api, label.address)["results"][0]["id"] == slot.pk
    answer = floor.get(label.address.removeprefix("http://x").removeprefix("HTTP://X"))
    assert answer["Location"] == f"/floor/slots/{slot.pk}/load/"


def test_a_gtin_leads_to_every_filament_that_carries_it_however_long_it_was_written(api):
    names = {
        a_filament("Short", gtin="036000291452").name,
        a_filament("Long", gtin="00036000291452").name,
    }
    a_filament("Another", gtin=GTIN)
    a_filament("Given up", gtin="036000291452", is_active=False)
    for read in ("036000291452", "0036000291452", "(01)00036000291452"):
        scan = scanned(api, read)
        assert scan["kind"] == "filament"
        assert {row["name"].removeprefix("Polyfil ") for row in scan["results"]} == names


def test_the_gtin_of_a_case_leads_to_the_filament_in_it(api):
    filament = a_filament(gtin=GTIN)
    assert scanned(api, "14006381333938")["results"][0]["id"] == filament.pk


@pytest.mark.parametrize(
    ("of_spool", "of_filament"),
    [
        ("web+spoolman:s-{}", "web+spoolman:f-{}"),
        ("http://spoolman.lan/spool/show/{}", "http://spoolman.lan/filament/show/{}"),
    ],
)
def test_a_label_by_spoolman_leads_to_the_row_of_its_number(api, floor, of_spool, of_filament):
    spool = a_spool()
    spool.refresh_from_db(), spool.filament.refresh_from_db()
    of_spool = of_spool.format(spool.number)
    of_filament = of_filament.format(spool.filament.number)
    scan = scanned(api, of_spool)
    assert (scan["kind"], scan["code"]) == ("spool", spool.code)
    assert [row["id"] for row in scan["results"]] == [spool.pk]
    scan = scanned(api, of_filament)
    assert (scan["kind"], scan["results"][0]["id"]) == ("filament", spool.filament_id)
    answer = floor.get("/floor/find/", {"code": of_spool})
    assert answer["Location"] == f"/floor/spools/{spool.pk}/"
    assert scanning.labelled(of_spool) == spool
    shelf.remove(spool, by=None)
    assert scanned(api, of_spool)["kind"] == "spoolman_spool"


@pytest.mark.parametrize(
    ("text", "kind", "why"),
    [
        (UNKNOWN, "label", "No spool of this farm"),
        ("http://x/s/00000000A", "label", "mistyped"),
        ("hello", "text", "mistyped"),
        (GTIN, "gtin", "enter it at the filament"),
        ("4006381333932", "gtin", "misread"),
        ("web+spoolman:s-12", "spoolman_spool", "Spoolman's spool 12, which is not known here"),
        ("web+spoolman:f-12", "spoolman_filament", "find the filament by its name"),
        ("http://x/r/NO-20260101-001", "run", "No run of this farm has"),
    ],
)
def test_what_is_not_known_here_says_what_it_is_and_what_to_do(api, text, kind, why):
    scan = scanned(api, text)
    assert (scan["kind"], scan["results"]) == (kind, [])
    assert why in scan["detail"]


def test_another_farms_labels_are_answered_as_nobodys(api, other_farm, django_assert_num_queries):
    with tenant_context(other_farm):
        spool, printer = a_spool(), a_printer()
        a_slot("A1", printer=printer)
    for code in (spool.code, printer.code, f"{printer.code}/A1"):
        nobody = UNKNOWN + code[9:]
        scan, nobodys = scanned(api, code), scanned(api, nobody)
        assert scan["detail"] == nobodys["detail"].replace(UNKNOWN, code[:9])
        assert {**scan, "code": "", "detail": ""} == {**nobodys, "code": "", "detail": ""}
    for code in (spool.code, UNKNOWN):  # with the same questions
        with django_assert_num_queries(3):
            decode(code)


def test_a_scan_writes_nothing_and_may_be_asked_by_a_viewer(api_client, viewer):
    spool = a_spool()
    api_client.force_authenticate(viewer)
    assert scanned(api_client, spool.code)["results"][0]["id"] == spool.pk
    assert api_client.get(SCAN).status_code == 405
    assert api_client.post(SCAN, {"text": ""}).status_code == 400
    assert api_client.post(SCAN, {"text": "x" * 301}).status_code == 400


# --- The floor -----------------------------------------------------------------------------------


def test_every_page_of_the_floor_takes_a_scan(floor):
    spool = a_spool()
    for path in ("/floor/", f"/floor/spools/{spool.pk}/weigh/"):
        assert '<form class="scan" action="/floor/find/"' in page(floor.get(path))
    text = page(floor.get(f"/floor/spools/{spool.pk}/"))
    assert '<form class="scan" method="post" action="/floor/scan/"' in text


def test_labels_of_printers_and_runs_lead_to_their_pages(floor):
    printer, run = a_printer(), a_run()
    assert floor.get(f"/P/{printer.code}")["Location"] == f"/floor/printers/{printer.pk}/"
    assert floor.get(f"/r/{run.number.lower()}/")["Location"] == f"/floor/runs/{run.pk}/"
    answer = floor.get("/floor/find/", {"code": f"HTTP://ALPHA.LOCALHOST/P/{printer.code}"})
    assert answer["Location"] == f"/floor/printers/{printer.pk}/"


def test_a_barcode_shows_the_filaments_that_carry_it(floor):
    a_filament("Galaxy", gtin=GTIN)
    assert "Galaxy" in page(floor.get("/floor/find/", {"code": GTIN}))
    missing = page(floor.get("/floor/find/", {"code": "96385074"}), 404)
    assert "No filament of this farm has the GTIN 96385074" in missing


def test_spoolmans_code_in_the_field_of_a_spool_says_what_it_is(floor):
    answer = floor.get("/floor/find/", {"code": "web+spoolman:s-12"})
    assert "not known here" in page(answer, 404)


def test_the_floor_may_decode_pictures_and_nothing_more(floor):
    policy = floor.get("/floor/")["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "inline" not in policy
    assert "'unsafe-eval'" not in policy
