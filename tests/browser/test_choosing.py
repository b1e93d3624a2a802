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
    one, two, three = (a_run(printer=printer, by=shop.otto) for _ in range(3))
    page = visit("/floor/queue/order/", viewport=TABLET, java_script_enabled=script)
    if script:
        page.locator(f"#run-{three.pk} .handle").drag_to(page.locator(f"#run-{one.pk} .handle"))
    else:
        page.get_by_role("button", name=f"First: {three}").tap()
    finds(page, f"Run {three} prints before run {one}.")
    numbers = page.locator("ol:has(li) .code").all_inner_texts()
    mine = [number for number in numbers if number in {run.number for run in (one, two, three)}]
    assert mine == [three.number, one.number, two.number]
    page.get_by_role("button", name=f"Later: {three}").tap()
    finds(page, f"Run {three} prints after run {one}.")
