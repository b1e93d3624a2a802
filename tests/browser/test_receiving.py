"""Labels before a camera and below a hand scanner; a case that is received by them."""

from decimal import Decimal

import pytest
import segno
from PIL import Image

from inventory import codes
from inventory.models import Spool
from tests.browser.page_checks import TABLET, Hand, barriers, finds, geometry
from tests.factories import a_filament, a_printer, a_slot, a_spool

GTIN = "4006381333931"
FRAME = (640, 480)


def film(path, text):
    """A film of one picture: the QR code of ``text``, as a label shows it."""
    code = segno.make(text, error="m")
    matrix = [bytes(0 if dark else 255 for dark in row) for row in code.matrix_iter(border=4)]
    picture = Image.frombytes("L", (len(matrix[0]), len(matrix)), b"".join(matrix))
    picture = picture.resize((400, 400), Image.Resampling.NEAREST)
    frame = Image.new("L", FRAME, 160)
    frame.paste(picture, (120, 40))
    grey = bytes([128]) * (FRAME[0] * FRAME[1] // 2)
    header = f"YUV4MPEG2 W{FRAME[0]} H{FRAME[1]} F15:1 Ip A1:1 C420jpeg\n".encode()
    path.write_bytes(header + (b"FRAME\n" + frame.tobytes() + grey) * 15)


def test_the_camera_opens_what_a_label_is_of(visit, shop, filmed):
    spool = a_spool()
    film(filmed, f"{shop.url}/S/{spool.code}")
    page = visit(permissions=["camera"])
    page.locator("header .camera").tap()
    page.wait_for_url(f"**/floor/spools/{spool.pk}/")
    assert page.locator("h1").is_visible()


def test_a_hand_scanner_types_from_anywhere(visit, shop):
    spool = a_spool()
    page = visit()
    page.keyboard.type(f"HTTP://FARM.EXAMPLE/S/{spool.code}\n")
    page.wait_for_url(f"**/floor/spools/{spool.pk}/")


def test_a_hand_scanner_does_not_press_the_button_touched_last(visit, shop):
    spool = a_spool()
    page = visit(f"/floor/runs/{shop.sample.running.pk}/complete/")
    page.get_by_role("button", name="Scrapped +").first.tap()
    page.keyboard.type(f"/S/{spool.code}\n")
    page.wait_for_url(f"**/floor/spools/{spool.pk}/")
    page.go_back()
    page.get_by_text("Other reasons").first.focus()
    page.keyboard.type(f"/S/{spool.code}\n")
    page.wait_for_url(f"**/floor/spools/{spool.pk}/")


def test_a_scan_replaces_what_the_last_one_left_in_the_field(visit, shop):
    spool = a_spool()
    page = visit("/floor/find/?code=XYZ")
    finds(page, "XYZ is not a spool code")
    page.keyboard.type(f"/S/{spool.code}\n")
    page.wait_for_url(f"**/floor/spools/{spool.pk}/")
    page.goto("/floor/receive/?q=4006381333932")
    finds(page, "is misread")
    page.keyboard.type(f"{GTIN}\n")
    page.wait_for_url(f"**/floor/receive/?q={GTIN}")
    page.goto(f"/floor/slots/{shop.sample.slot.pk}/load/?")
    field = page.get_by_label("Spool", exact=True)
    field.fill("something else")
    page.get_by_role("heading").first.tap()
    field.tap()
    page.wait_for_function("() => getSelection().toString() === 'something else'")


@pytest.mark.parametrize("is_spool_first", [True, False])
def test_a_spool_is_loaded_by_scanning_it_and_the_slot(visit, shop, is_spool_first):
    spool, printer = a_spool(), a_printer()
    slot = a_slot("A2", printer=printer)
    a_slot("A1", printer=printer)
    scans = [f"/S/{spool.code}", f"/P/{printer.code}/A2"]
    page = visit()
    for scan in scans if is_spool_first else reversed(scans):
        page.keyboard.type(f"{scan}\n")
        page.wait_for_url(lambda url: url.rstrip("/") != f"{shop.url}/floor")
        page.wait_for_load_state()
    finds(page, "is in")
    slot.refresh_from_db()
    assert slot.spool == spool


def test_a_case_is_received_by_its_barcode_and_its_labels_printed(visit, shop):
    filament = a_filament("Case of something", gtin=GTIN)
    page = visit(viewport=TABLET)
    hand = Hand(page)
    hand.link("Receive")
    page.get_by_label("Which filament?").press_sequentially(f"{GTIN}\n")
    hand.link("Case of something")
    count = page.get_by_role("textbox", name="How many spools")
    count.wait_for()
    assert geometry(page) + barriers(page) == []
    count.fill("3")
    page.get_by_label("Lot").fill("LOT-7")
    page.get_by_label("Total price").fill("60")
    hand.button("Receive")
    finds(page, "3 spools are on the shelf.")
    spools = Spool.objects.filter(filament=filament)
    received = spools.values_list("lot_number", "price", "initial_grams")
    assert list(received) == [("LOT-7", Decimal(20), Decimal(1000))] * 3
    address = page.get_by_role("link", name="Print their labels").get_attribute("href")
    kind = "address => fetch(address).then((answer) => answer.headers.get('Content-Type'))"
    assert page.evaluate(kind, address) == "application/pdf"


def test_blank_labels_are_bound_by_scanning_them(visit, shop):
    filament = a_filament("With blank labels")
    page = visit(f"/floor/receive/{filament.pk}/")
    blank = [codes.generate(), codes.generate()]
    page.get_by_text("They have blank labels").tap()
    field = page.get_by_label("Labels on them already")
    for code in blank:
        field.press_sequentially(f"{shop.url}/S/{code}\n")
    Hand(page).button("Receive")
    finds(page, "2 spools are on the shelf.")
    assert set(Spool.objects.filter(filament=filament).values_list("code", flat=True)) == set(blank)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_case_is_taken_back_from_the_bar_and_its_labels_bound_again(visit, shop, script):
    filament, blank = a_filament("The wrong one"), [codes.generate(), codes.generate()]
    page = visit(f"/floor/receive/{filament.pk}/", java_script_enabled=script)
    hand = Hand(page)
    page.get_by_text("They have blank labels").tap()
    page.get_by_label("Labels on them already").fill("\n".join(blank))
    hand.button("Receive")
    finds(page, "2 spools are on the shelf.")
    finds(page, "Your last: received 2 spools")
    if script:
        assert geometry(page) == []
    hand.button("Undo")
    finds(page, "Taken back: 2 spools are off the shelf; their labels are blank again.")
    received = Spool.objects.filter(filament=filament)
    assert [(spool.remaining_grams, spool.is_archived) for spool in received] == [(0, True)] * 2

    right = a_filament("The right one")
    page.goto(f"/floor/receive/{right.pk}/")
    page.get_by_text("They have blank labels").tap()
    page.get_by_label("Labels on them already").fill("\n".join(blank))
    hand.button("Receive")
    finds(page, "2 spools are on the shelf.")
    assert set(Spool.objects.filter(filament=right).values_list("code", flat=True)) == set(blank)
