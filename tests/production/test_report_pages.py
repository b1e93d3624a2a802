"""Reports in the admin: their figures are those of the API, for every grouping and filter."""

import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from itertools import cycle
from types import SimpleNamespace

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from inventory.services.spools import scale
from production.admin.reports import columns
from production.admin.reports.pages import REPORTS
from production.admin.reports.tables import FORMATS, Column, ReportTable
from production.models import ProductionRun, Reason, RunEvent
from production.services.completion import closing
from production.services.reports import occupation
from tenants.accounts.models import FarmSettings
from tenants.api.csv_format import _columns
from tenants.web.csv_export import as_cell
from tests.factories import a_filament, a_printer, a_product, a_running_run, a_spool
from tests.production.api_helpers import rows
from tests.production.completed_runs import printed_with, took
from tests.responses import text_of

PAGES = {page.name: page for page in REPORTS}
GROUPED = {"stock": "", "printers": "group_by=printer"}


@pytest.fixture
def first(farm, manager):
    """The first of some runs of two products, printers and filaments, one failed; and a count."""
    FarmSettings.objects.update(locale="en")
    blue, red = a_filament("Deep blue", color_name="Blue"), a_filament("Signal red", price=None)
    spool, other = a_spool(filament=blue, lot_number="L1"), a_spool(filament=red, lot_number="L2")
    printers = [a_printer(), a_printer()]
    clip, hook = a_product("CLIP", grams=10), a_product("HOOK", grams=30)
    first = printed_with(spool, 10, 20, printer=printers[0], items=[(clip, 1)])
    first.items.update(order_reference="A-1")
    RunEvent.objects.filter(run=first, verb="complete").update(by=manager)
    printed_with(other, 90, 80, printer=printers[1], items=[(hook, 3)])
    printed_with(spool, 40, 41, printer=printers[1], items=[(clip, 1), (hook, 1)])
    failed = a_running_run((spool, 30), items=[(hook, 1)], printer=printers[0])
    warped = Reason.objects.filter(kind="failure").first()
    closing.fail(failed, by=None, reason=warped, materials=[took(spool, 25)], confirm=True)
    scale.weigh(spool, gross_grams=Decimal(1100), by=None, confirm=True)
    return first


def values_of(run, manager):
    """A value for each filter of a report, by its name."""
    spool = run.materials.get().spool
    filament, today = spool.filament, timezone.localdate()
    days = ("start_date", "end_date", "finished_from", "finished_to", "since", "until")
    return {
        **dict.fromkeys((*days, "counted_from", "counted_to", "at"), today),
        **dict.fromkeys(("external_id", "filament_external_id", "gtin", "article_number"), "x"),
        **dict.fromkeys(("is_plan_outdated", "is_to_reorder", "is_removed"), "false"),
        **dict.fromkeys(("spool", "spool_id"), spool.pk),
        **dict.fromkeys(("name", "filament_name"), filament.name),
        "status": "completed,failed",
        "kind": "usage",
        "product_id": run.items.get().product_id,
        "product_sku": "clip",
        "order_reference": "A-1",
        "lot": "l1",
        "number": run.number,
        "run": run.pk,
        "run_number": run.number,
        "spool_code": spool.code,
        "filament": filament.pk,
        **dict.fromkeys(("location_name", "manufacturer_name"), "Extrudr"),
        "material_type": filament.material_type_id,
        "material_type_code": "pla",
        "printer": run.printer_id,
        "printer_name": run.printer.name,
        "created_by": manager.pk,
        "created_by_username": manager.username,
        "updated_since": "2026-01-01T00:00:00Z",
        "color_name": "Blue",
        "color_near": "0000ff",
        "diameter_mm": "1.75",
        "is_active": "true",
        "ordering": "-over",
        "period": "week",
        **dict.fromkeys(("location", "manufacturer"), 1),
        "last": 5,
    }


def same(api, browser, page, query, measure):
    """Compare a page's CSV with what the API answers to the same parameters; its rows."""
    address = f"/admin/reports/{page.name}/?{query}&_as=csv&_of={measure}"
    answer = browser.get(address)
    assert answer["Content-Type"].startswith("text/csv"), address
    _header, *found = csv.reader(StringIO(b"".join(answer).decode("utf-8-sig")))
    asked = dict.fromkeys(("group_by", "period"), "") | QueryDict(query).dict()
    shown = [each for each in page.columns(asked, measure) if not each.where or asked[each.where]]
    for row, cells in zip(rows(api, page.api, query), found, strict=True):
        for column, cell in zip(shown, cells, strict=True):
            value = column.value(row)
            if column.kind == "group" and value is None:
                value = "Not set" if asked["group_by"] else "All together"
            assert cell == as_cell(value), (address, column.label, cell)
    known = {".".join(path) for path in _columns(page.serializer())}
    assert {column.path for column in shown} <= known
    return found


def queries_of(page, values):
    """The queries of each grouping, and of each filter with one grouping after another."""
    filters = dict(page.filterset.base_filters)
    choices = filters.pop("group_by").extra["choices"] if "group_by" in filters else []
    groups = ["", *(f"group_by={group}" for group, _label in choices)]
    alone = {"lot", "order_reference", "run", "run_number"} if page.name == "lots" else {"lot"}
    group = cycle(groups)
    yield from [] if page.needs_values else groups
    for name in filters:
        needed = "lot=L1" if page.needs_values and name not in alone else next(group)
        yield "&".join(filter(None, [f"{name}={values[name]}", needed]))


@pytest.mark.parametrize("name", PAGES)
def test_a_report_has_the_figures_of_the_api(first, api, as_manager, manager, name, monkeypatch):
    now = timezone.now()  # of the page and the API: hours go on
    monkeypatch.setattr(occupation, "timezone", SimpleNamespace(now=lambda: now))
    page, found = PAGES[name], 0
    measure = cycle(page.measures or ("",))
    for query in queries_of(page, values_of(first, manager)):
        found += len(same(api, as_manager, page, query, next(measure)))
    assert found > 0


@pytest.mark.parametrize("name", ["variance", "explanation", "scrap", "cost"])
def test_the_field_of_the_product_takes_a_sku(first, as_manager, name):
    answer = as_manager.get(f"/admin/reports/{name}/?group_by=&product_sku=clip")
    [field] = [each for each in answer.context["fields"] if "SKU" in str(each["label"])]
    assert (field["name"], field["errors"]) == ("product_sku", ())
    assert len(answer.context["table"].rows) == 1


def test_a_page_shows_the_sum_of_all_and_a_chart(first, as_manager):
    address = "/admin/reports/variance/?group_by=printer"
    answer = as_manager.get(address)
    table = answer.context["table"]
    (_heading, _column, label), *sums = table.sums()
    assert label == "Together"
    assert {str(column.path): text for _h, column, text in sums} | {
        "compared.grams.planned": "170",
        "compared.grams.actual": "166",
        "compared.grams.difference": "−4",
        "compared.grams.percent": "−2.4 %",
    } == {str(column.path): text for _h, column, text in sums}
    assert [bar["text"] for bar in answer.context["chart"]["bars"]] == ["+12.5 %", "−6.9 %"]
    assert "level-bars" in text_of(answer)


def test_a_page_marks_reports_in_the_header_and_has_its_own_link(first, as_manager):
    address = "/admin/reports/scrap/?group_by=person&finished_from=2026-01-01"
    text = text_of(as_manager.get(address))
    assert '<a href="/admin/reports/" aria-current="true">Reports</a>' in text
    assert '<a href="/admin/">Admin</a>' in text
    assert f'class="copy-link" href="{address.replace("&", "&amp;")}"' in text
    assert '<a href="/admin/" aria-current="true">Admin</a>' in text_of(as_manager.get("/admin/"))


def test_the_cost_of_lost_material_is_summed_by_itself():
    """The row of all together has the cost of machines too."""
    lost = [{"cost": cost, "known_cost": cost or "1", "grams": "3"} for cost in ("2", None)]
    whole = {"lost": {"cost": "9", "known_cost": "9", "grams": "6"}}
    shown = columns.scrap({"group_by": "material_type"}, "")
    table = ReportTable(shown, [{"lost": each} for each in lost], whole, "material_type", "EUR")
    sums = {column.path: text for _heading, column, text in table.sums()}
    assert (sums["lost.cost"], sums["lost.known_cost"], sums["lost.grams"]) == ("–", "3.00", "6")


def test_periods_have_the_sum_of_all(first, as_manager):
    month_before = timezone.localtime().replace(day=1, hour=12) - timedelta(days=5)
    ProductionRun.objects.filter(pk=first.pk).update(
        started_at=month_before,
        finished_at=month_before + timedelta(days=1),
        actual_minutes=90,
        actual_minutes_source="typed",
    )
    answer = as_manager.get("/admin/reports/printers/?period=month")
    table = answer.context["table"]
    assert [column.path for column in table.columns[:2]] == ["period", "printers"]
    together = {column.path: text for _h, column, text in table.sums()}
    assert (together["period"], together["runs"], len(table.rows)) == ("Together", "4", 2)


def test_a_workbook_has_the_same_rows(first, as_manager):
    address = "/admin/reports/consumption/?group_by=filament"
    answer = as_manager.get(f"{address}&_as=xlsx")
    sheet = load_workbook(BytesIO(b"".join(answer))).active
    header, *found = sheet.iter_rows(values_only=True)
    table = as_manager.get(address).context["table"]
    assert list(header) == table.header()
    assert [row[3] for row in found] == [86, 80]
    assert [row[4] for row in found][1] is None  # its price is unknown


def test_lots_and_alerts_are_in_words_and_by_the_farms_clock(first, as_manager):
    FarmSettings.objects.update(variance_alert_percent=1)
    ended = datetime(2026, 1, 5, 20, 30, tzinfo=UTC)  # 21:30 in Berlin
    begun = ended - timedelta(hours=1)
    ProductionRun.objects.filter(pk=first.pk).update(started_at=begun, finished_at=ended)
    for name in ("lots", "lot-parts"):
        address = f"/admin/reports/{name}/?lot=L1"
        assert "Completed" in text_of(as_manager.get(address))
        book = load_workbook(BytesIO(b"".join(as_manager.get(f"{address}&_as=xlsx"))))
        *_others, cells = book.active.iter_rows(values_only=True)
        found = [str(cell) for cell in cells if isinstance(cell, datetime)]
        assert found == ["2026-01-05 21:30:00"]
    printed_with(a_spool(), 10, 20, items=[(a_product("NEW", grams=10), 1)])
    run = ProductionRun.objects.latest("pk")
    address = "/admin/reports/alerts/?last=1"
    assert f'{run.pk}/change/">{run.number}</a>' in text_of(as_manager.get(address))
    assert run.number in b"".join(as_manager.get(f"{address}&_as=csv")).decode()


def test_a_chart_of_many_rows_draws_the_largest(first):
    column = Column("Minutes", "minutes", "minutes")
    rows = [{"name": str(number), "minutes": number % 40} for number in range(1, 40)]
    table = ReportTable([Column("", "name", "name"), column], rows, None, "", "EUR")
    chart = table.chart("minutes")
    assert (chart["most"], chart["more"]) == (("39", "39 min"), 8)
    assert [bar["label"] for bar in chart["bars"]] == [str(number) for number in range(9, 40)]
    assert FORMATS["minutes"](Decimal("48.78")) == "49 min"


def test_times_in_a_file_are_minutes(first, as_manager):
    for address, name in (
        ("printers/?group_by=printer", "Printed, minutes"),
        ("variance/?group_by=printer&_of=minutes", "Planned, minutes"),
    ):
        answer = as_manager.get(f"/admin/reports/{address}&_as=csv")
        header, *_rows = csv.reader(StringIO(b"".join(answer).decode("utf-8-sig")))
        assert name in header


def test_an_address_without_parameters_leads_to_this_month(first, as_manager):
    answer = as_manager.get("/admin/reports/scrap/")
    month = timezone.localdate().replace(day=1)
    assert answer.status_code == 302
    assert f"group_by=reason&finished_from={month}" in answer["Location"]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("variance/?finished_from=soon", "A moment has an offset or Z"),
        ("variance/?finished_from=2026-02-01&finished_to=2026-01-01", "is after"),
        ("scrap/?product_id=HK-100", "a name goes into product_sku instead"),
        ("variance/?group_by=colour", "colour is not one of"),
        ("variance/?month=3", "There is no such filter: month."),
        ("variance/?printer=1&printer=2", "printer takes one value."),
        ("variance/?start_date=x&_as=csv", "Start date: A date is"),
        ("lots/?lot=x&run=1", "Name exactly one of"),
    ],
)
def test_what_is_wrong_is_named_and_stays_in_the_form(first, as_manager, address, message):
    answer = as_manager.get(f"/admin/reports/{address}")
    assert (answer.status_code, answer.context["table"]) == (200, None)
    assert message in text_of(answer)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("variance/?printer=zzz", "Nothing is of printer “zzz” in any period"),
        ("printers/?location=zzz", "Nothing is of location “zzz” in any period"),
        ("consumption/?filament=Snow&order_reference=A-9", "order “A-9” in any period"),
        ("stock/?material_type=xyz", "material type “xyz” in any period"),
    ],
)
def test_a_name_that_nothing_has_is_named(first, as_manager, query, named):
    assert named in text_of(as_manager.get(f"/admin/reports/{query}"))
    text = text_of(as_manager.get("/admin/reports/scrap/?material_type=pla&finished_to=2020-01-01"))
    assert "Nothing of the kind in this period." in text
    assert "in any period" not in text


def test_nothing_found_leads_on(farm, as_manager):
    text = text_of(as_manager.get("/admin/reports/scrap/?group_by=reason"))
    assert "Nothing of the kind in this period." in text
    assert "/admin/production/productionrun/" in text


@pytest.mark.parametrize("name", ["variance", "consumption", "scrap", "stock", "printers"])
def test_more_rows_take_no_more_queries(first, as_manager, name):
    address = f"/admin/reports/{name}/?" + GROUPED.get(name, "group_by=product")
    as_manager.get(address)
    with CaptureQueriesContext(connection) as before:
        as_manager.get(address)
    for number in range(3):
        spool = a_spool(filament=a_filament(f"More {number}"))
        printed_with(spool, 10, 11, items=[(a_product(f"MORE{number}", grams=10), 1)])
    with CaptureQueriesContext(connection) as after:
        as_manager.get(address)
    assert len(after) == len(before)
