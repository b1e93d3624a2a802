"""From a file to the ledger, on a phone: the touches are counted."""

import itertools

import pytest

from production.models import Printer, PrinterSlot, ProductionRun, SlicedFile
from tests.browser.offline_helpers import offline
from tests.browser.page_checks import DESK, PHONE, TABLET, Hand, finds, geometry
from tests.factories import a_filament, a_material_type, a_printer, a_spool
from tests.production.slicing import samples

NUMBERS = itertools.count(1)
DROP = """
([name, text]) => {
  const files = new DataTransfer();
  files.items.add(new File([text], name));
  dispatchEvent(new DragEvent("dragover", { dataTransfer: files, cancelable: true }));
  dispatchEvent(new DragEvent("drop", { dataTransfer: files, cancelable: true }));
}
"""


@pytest.fixture
def printer(shop):
    """One that is loaded with what the file takes, and no other that fits."""
    made = a_printer(f"XL {next(NUMBERS)}", manufacturer="Prusa", model="XL5IS")
    for label, (kind, color) in {"1": ("PLA", "FF8000"), "2": ("PETG", "123456")}.items():
        filament = a_filament(material_type=a_material_type(kind), color_hex=color)
        PrinterSlot.objects.create(
            printer=made, label=label, spool=a_spool(1000, filament=filament)
        )
    yield made
    Printer.objects.filter(pk=made.pk).update(is_active=False)


@pytest.fixture
def hook(tmp_path):
    path = tmp_path / "Hook.gcode"
    path.write_text(samples.PRUSA)
    return path


@pytest.mark.parametrize(
    ("viewport", "script"), [(PHONE, True), (TABLET, False)], ids=["phone", "no script"]
)
def test_from_file_to_ledger(visit, printer, hook, viewport, script):
    page = visit("/floor/queue/", viewport=viewport, java_script_enabled=script)
    hand = Hand(page)
    with page.expect_file_chooser() as chooser:
        hand.touch(page.get_by_label("Sliced files: choose them"))
    chooser.value.set_files(hook)
    if not script:
        hand.button("Read")
    finds(page, "Hook.gcode")
    assert geometry(page) == []
    hand.button(f"Plan on {printer}")
    page.wait_for_url("**/floor/runs/*/")
    run = ProductionRun.objects.latest("pk")
    hand.button(f"Start on {printer}")
    finds(page, f"Run {run.number} is in progress.")
    hand.button("Complete as planned")
    finds(page, f"Run {run.number} is completed: 74.47 g are booked.")
    assert hand.touches <= 6


def test_without_a_network_the_page_stays_and_says_so(visit, printer, hook):
    page = visit("/floor/queue/", viewport=PHONE)
    offline(page)
    page.get_by_label("Sliced files: choose them").set_input_files(hook)
    finds(page, "There is no network: nothing was sent.")
    assert page.url.endswith("/floor/queue/")
    offline(page, False)
    page.get_by_label("Sliced files: choose them").set_input_files(hook)
    finds(page, f"Plan on {printer}")


def test_files_are_dropped_on_the_queue(visit, printer):
    page = visit("/floor/queue/", viewport=DESK)
    page.evaluate(DROP, ["Dropped.gcode", samples.ORCA])
    page.wait_for_url("**/floor/sliced-files/*/")
    finds(page, "Dropped.gcode")
    assert SlicedFile.objects.filter(filename="Dropped.gcode").exists()
