"""Labels of slots on paper, printed from the pages of the admin."""

import pytest

from inventory.paper import labels, sheets
from production.models import PrinterSlot
from production.paper.labels import of_slot
from tests import pdf
from tests.factories import a_printer, a_slot

FARM = "https://alpha.example.com"


def of(slot):
    return of_slot(PrinterSlot.objects.with_printer().get(pk=slot.pk), farm=FARM)


@pytest.mark.usefixtures("farm")
def test_a_label_leads_to_its_slot_and_names_it():
    printer = a_printer("Elm", manufacturer="Prusa", model="XL")
    slots = [a_slot(label, printer=printer) for label in ("A1", "A2")]
    document = labels.pdf([of(slot) for slot in slots], sheet=sheets.chosen("62x29"))
    wanted = [f"HTTPS://ALPHA.EXAMPLE.COM/P/{printer.code}/{slot.label}" for slot in slots]
    assert pdf.codes(document) == wanted
    for slot, text in zip(slots, pdf.texts(document), strict=True):
        for word in (f"{printer.code}/{slot.label}", "Elm", f"Slot {slot.label}", "Prusa XL"):
            assert word in text


@pytest.mark.usefixtures("farm")
def test_the_only_slot_of_a_printer_needs_no_name_in_its_code():
    slot = a_slot("1", printer=a_printer("Elm"))
    label = of(slot)
    assert label.code == slot.printer.code
    assert label.address == f"HTTPS://ALPHA.EXAMPLE.COM/P/{slot.printer.code}"
    assert "Slot" not in label.text


def test_the_page_of_a_printer_leads_to_labels_of_its_slots(at_admin):
    printer = a_printer("Elm")
    slots = [a_slot(label, printer=printer) for label in ("A1", "A2")]
    link = f"/admin/production/printerslot/labels/?ids={slots[0].pk}%2C{slots[1].pk}"
    page = f"/admin/production/printer/{printer.pk}/change/"
    assert link in at_admin.get(page).content.decode()
    text = at_admin.get(link).content.decode()
    assert f"Labels of {printer.code}/A1 {printer.code}/A2" in text
    document = at_admin.get(f"{link}&as=pdf&sheet=62x29&start=1&copies=2")
    assert document["Content-Type"] == "application/pdf"
    read = pdf.codes(document.content)
    assert [code.rpartition("/")[2] for code in read] == ["A1", "A1", "A2", "A2"]


def test_chosen_slots_are_printed_from_their_list(at_admin):
    slot = a_slot("A1")
    given = {"action": "print_labels", "_selected_action": [slot.pk]}
    answer = at_admin.post("/admin/production/printerslot/", given)
    assert answer["Location"] == f"/admin/production/printerslot/labels/?ids={slot.pk}"
    missing = at_admin.get("/admin/production/printerslot/labels/?ids=999999999")
    assert "None of these slots is there." in missing.content.decode()
