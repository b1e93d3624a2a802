"""Printers, spools and places are chosen by touch."""

import pytest

from inventory.models import Location
from production.models import PrinterSlot
from production.services.runs import lifecycle
from tests.browser.page_checks import PHONE, TABLET, Hand, finds
from tests.factories import a_filament, a_printer, a_product, a_run, a_spool
from tests.production.floor_helpers import a_bare_run, at
from tests.queries import fresh


@pytest.fixture
def wanted(shop):
    """A run without a printer, and two printers that hold what it takes."""
    filament = a_filament()
    for name in ("Right", "Wrong"):
        spool = a_spool(filament=filament, by=shop.otto)
        printer = a_printer(f"{name} of {filament.name}")
        PrinterSlot.objects.create(printer=printer, label="1", spool=spool)
    product = a_product(name="Spacer", grams=10)
    product.bom_lines.update(filament=filament, material_type=filament.material_type)
    run = a_bare_run(product)
    run.name = filament.name
    return run


@pytest.mark.parametrize(
    ("viewport", "script"), [(PHONE, True), (TABLET, False)], ids=["phone", "no script"]
)
def test_a_printer_is_chosen_put_right_and_unloaded(visit, shop, wanted, viewport, script):
    Location.objects.get_or_create(name="Shelf A")
    page = visit("/floor/queue/", viewport=viewport, java_script_enabled=script)
    hand = Hand(page)
    hand.touch(page.locator(f"a[href='{at(wanted)}']"))
    hand.touch(page.locator(".choice:has([name=printer])", has_text=f"Wrong of {wanted.name}"))
    hand.button("Start")
    finds(page, f"Run {wanted.number} is in progress.")
    assert hand.touches <= 3
    wrong = fresh(wanted).printer

    hand.touch(page.get_by_role("link", name="It is on another printer"))
    hand.touch(page.locator(".choice:has([name=printer])", has_text=f"Right of {wanted.name}"))
    hand.button("Change the printer")
    finds(page, f"Run {wanted.number} goes on on another printer.")
    assert fresh(wanted).printer.name == f"Right of {wanted.name}"

    lifecycle.cancel(fresh(wanted), by=shop.otto)
    page.goto(page.url.partition("/floor/")[0] + f"/floor/printers/{wrong.pk}/")
    hand.touch(page.get_by_role("link", name="Unload"))
    hand.touch(page.locator(".choice", has_text="Shelf A"))
    page.get_by_label("The scale shows").fill("1190")
    hand.button("Unload")
    finds(page, "990 g are on it.")


@pytest.mark.parametrize("script", [True, False], ids=["dragged", "no script"])
def test_runs_are_put_into_another_order(visit, shop, script):
    printer = a_printer()
    one, two, three, four, five = runs = [a_run(printer=printer, by=shop.otto) for _ in range(5)]
    page = visit("/floor/queue/order/", viewport=TABLET, java_script_enabled=script)

    def order():
        numbers = page.locator("ol .code").all_inner_texts()
        return [run for number in numbers for run in runs if run.number == number]

    def drag(run, *, past, by):
        """By so much past the middle of another."""
        page.locator(f"#run-{run.pk} > i").hover()
        page.mouse.down()
        box = page.locator(f"#run-{past.pk}").bounding_box()
        page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2 + by, steps=12)
        page.mouse.up()

    if script:
        drag(one, past=four, by=8)
        finds(page, f"Run {one} prints before run {five}.")
        assert order() == [two, three, four, one, five]
        drag(five, past=two, by=-8)
    else:
        page.get_by_role("button", name=f"Later: {one}").tap()
        finds(page, f"Run {one} prints after run {two}.")
        page.get_by_role("button", name=f"First: {five}").tap()
    finds(page, f"Run {five} prints before run {two}.")
    assert order()[:2] == [five, two]
