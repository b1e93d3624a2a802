"""Printers come in from tables, and what the list of them is taken along as comes in again."""

import csv
import io
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from inventory.models import Location
from inventory.services.tables import table_reader
from production.models import Printer, PrinterSlot
from production.services.tables.columns import PRINTERS
from production.services.tables.printer_import import import_printers
from tenants.accounts.models import FarmSettings
from tenants.accounts.services import change_settings
from tests.factories import a_printer
from tests.inventory.tables import columns_refused, results_by_line

pytestmark = pytest.mark.usefixtures("farm")
OF_LIST = ["/admin/production/printer/csv/", "/admin/production/printer/csv/?_as=xlsx"]
OF_LIST += ["/api/v1/printers/?format=csv"]
PAGE, API = "/admin/production/printer/import/", "/api/v1/printers/import/"
FIELDS = (
    "name", "manufacturer", "model", "bed_x_mm", "bed_y_mm", "bed_z_mm", "nozzle_diameter_mm",
    "has_hardened_nozzle", "max_nozzle_temp", "max_bed_temp", "hour_rate", "power_watts",
    "location__name", "is_active", "notes",
)  # fmt: skip


def imported(content, **options):
    return import_printers(table_reader.read(PRINTERS, content), by=None, **options)


def outcomes(report):
    return [row.outcome for row in report.rows]


def all_printers():
    slots = PrinterSlot.objects.order_by("printer__name", "label")
    labels = list(slots.values_list("printer__name", "label"))
    return list(Printer.objects.order_by("name").values_list(*FIELDS)), labels


def test_what_is_known_of_a_model_may_be_left_empty():
    report = imported(
        "name;maker;model;nozzle;power (kW);hour_rate;slots\n"
        "P1;Bambu Lab;P1S with AMS;0,6;;0,90;\n"
        "P2;;mk4s;;0,12;;T1; T2\n".replace("T1; T2", '"T1; T2"')
    )
    assert outcomes(report) == ["created"] * 2, results_by_line(report)
    first, second = Printer.objects.order_by("name")
    assert (first.bed_x_mm, first.nozzle_diameter_mm) == (256, Decimal("0.6"))
    assert (first.power_watts, first.hour_rate) == (105, Decimal("0.90"))
    assert (second.manufacturer, second.power_watts, second.max_bed_temp) == (
        "Prusa Research", 120, 120,
    )  # fmt: skip
    labels = [sorted(each.slots.values_list("label", flat=True)) for each in (first, second)]
    assert labels == [["A1", "A2", "A3", "A4", "External"], ["T1", "T2"]]


def test_all_that_is_wrong_with_a_line_is_named_and_the_others_are_added():
    a_printer("Old")
    table = (
        "name,model,x,y,z,nozzle,slots,location,max_bed_temp\n"
        "old,,1,2,3,,,,\n"
        ',Mark 9,200,0,,-1,"A1,a1",Attic,hot\n'
        "New,,200,200,200,,,,\n"
        "new,,200,200,200,,,,\n"
    )
    report = imported(table)
    assert outcomes(report) == ["unchanged", "refused", "created", "refused"]
    assert columns_refused(report) == {
        3: [
            "bed_y_mm", "bed_z_mm", "location", "max_bed_temp", "name", "nozzle_diameter_mm",
            "slots",
        ],
        5: ["name"],
    }  # fmt: skip
    assert "“Mark 9” is no model that is known" in report.refused[0].problem
    assert "The same printer as in line 4." in report.refused[1].problem
    again = imported(report.refused_table)
    assert outcomes(again) == ["refused", "unchanged"]
    assert outcomes(imported(table)) == ["unchanged", "refused", "unchanged", "unchanged"]
    assert [str(slot) for slot in PrinterSlot.objects.all()] == ["New 1"]


def test_a_location_that_is_missing_is_made_when_it_is_wanted():
    table = "name,model,location\nP1,P1S,Hall 2\n"
    report = imported(table)
    assert (columns_refused(report), report.missing["locations"]) == ({2: ["location"]}, ["Hall 2"])
    assert outcomes(imported(table, create=["locations"], dry_run=True)) == ["created"]
    assert not Location.objects.exists()
    assert not Printer.objects.exists()
    assert outcomes(imported(table, create=["locations"])) == ["created"]
    assert Printer.objects.get().location.name == "Hall 2"


@pytest.mark.parametrize("locale", ["en-gb", "de"])
@pytest.mark.parametrize("address", OF_LIST)
def test_the_list_comes_in_again_as_it_was(at_admin, locale, address):
    change_settings(FarmSettings.load(), by=None, locale=locale)
    hall = Location.objects.create(name="Hall; 1")
    one = a_printer(
        "P1", manufacturer="Own", model="=1+1", bed_x_mm=Decimal("250.5"), location=hall,
        hour_rate=Decimal("1.234500"), max_nozzle_temp=280, notes='a "b", c', is_active=False,
        has_hardened_nozzle=True,
    )  # fmt: skip
    two = a_printer("@two", power_watts=120)
    for printer, label in [(one, "A1"), (one, "A2"), (two, "1")]:
        PrinterSlot.objects.create(printer=printer, label=label)
    before = all_printers()
    content = b"".join(at_admin.get(address).streaming_content)
    report = imported(content)
    assert outcomes(report) == ["unchanged"] * 2, results_by_line(report)
    assert all_printers() == before
    PrinterSlot.objects.all().delete()
    Printer.objects.all().delete()
    Location.objects.all().delete()
    report = imported(content)
    assert outcomes(report) == ["created"] * 2, results_by_line(report)
    assert all_printers() == before


def test_the_admin_previews_a_table_and_imports_it_once(as_manager):
    for kind, of in [("sample-csv", 4), ("csv", 0)]:
        answer = as_manager.get(f"{PAGE}?as={kind}")
        text = (b"".join(answer) if answer.streaming else answer.content).decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text)))
        assert lines[0][:3] == ["name", "manufacturer", "model"]
        assert outcomes(imported(text, dry_run=True)) == ["created"] * of
    file = SimpleUploadedFile("p.csv", b"name,model,location\nP1,P1S,Attic\nP2,Mark,\nP3,MK4S,\n")
    page = as_manager.post(PAGE, {"file": file})
    assert [line["number"] for group in page.context["groups"] for line in group["lines"]] == [
        2, 3, 4,
    ]  # fmt: skip
    assert not Printer.objects.exists()
    sent = {"signed": page.context["signed"], "create": ["locations"], "_look": "1"}
    page = as_manager.post(PAGE, sent)
    sent = {"signed": page.context["signed"], "create": ["locations"], "_do": "1"}
    for _again in range(2):
        text = as_manager.post(PAGE, sent).content.decode()
        assert "p.csv is imported: 2 created" in text
        assert "refused-p.csv" in text
    assert sorted(Printer.objects.values_list("name", flat=True)) == ["P1", "P3"]
    assert "Import</a>" in as_manager.get("/admin/production/printer/").content.decode()


def test_the_api_imports_a_table_of_printers(api):
    send = {"data": "name,model\nP1,P1S\nP2,\n", "content_type": "text/csv"}
    tried = api.generic("POST", f"{API}?dry_run=true", **send).json()
    assert (tried["created_count"], tried["refused_count"], tried["kind"]) == (1, 1, "printers")
    assert not Printer.objects.exists()
    made = api.generic("POST", API, **send).json()
    assert made["lines"][0]["id"] == Printer.objects.get().pk
    assert made["lines"][1]["problems"].keys() == {"bed_x_mm", "bed_y_mm", "bed_z_mm"}
    bad = api.generic("POST", API, "id,name\n1,P1\n", content_type="text/csv")
    assert (bad.status_code, bad.json()["code"]) == (400, "unusable_table")
    assert "external_id" not in bad.json()["detail"]
