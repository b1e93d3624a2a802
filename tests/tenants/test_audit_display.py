"""The audit trail, as people read it."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Location
from production.models import BomLine, Printer, PrinterSlot, Product
from tenants.accounts import audit_display, audited, services
from tenants.accounts.models import AuditEvent
from tests.factories import a_filament, a_printer, a_product, make_user

SECRET = "a-new-password"


def latest_lines(obj):
    """The lines of the newest event of a row."""
    newest = AuditEvent.objects.of(obj).latest_first()[:1]
    return audit_display.lines(newest[0])


@pytest.fixture
def at_admin(farm_client, manager):
    farm_client.force_login(manager)
    return farm_client


def test_rows_are_called_by_name_and_figures_have_no_zeros(farm, manager):
    filament = a_filament(name="PLA Black")
    line = BomLine(product=a_product(), material_type=filament.material_type, filament=filament)
    line.grams_per_unit = Decimal("17.5")
    line = audited.create(line, by=manager)
    lines = latest_lines(line)
    assert f"product: {line.product}" in lines
    assert f"filament: {filament}" in lines
    assert "grams in one unit: 17.5" in lines
    audited.update(line, by=manager, filament=None, grams_per_unit=Decimal("1020"))
    assert latest_lines(line) == [f"filament: {filament} → –", "grams in one unit: 17.5 → 1020"]


def test_money_choices_moments_and_secrets(farm, manager):
    filament = audited.update(a_filament(price=None), by=manager, price=Decimal("19.9"))
    assert latest_lines(filament) == ["price: – → 19.90"]
    user = services.change(make_user(role="viewer"), by=manager, role="operator")
    assert latest_lines(user) == ["role: Viewer → Operator"]
    services.set_password(user, password=SECRET, by=manager)
    assert latest_lines(user) == ["password: (hidden)"]
    token, _ = services.issue_token(user, name="Slicer", scope="floor", by=manager)
    assert {f"user: {user}", "scope: Floor: what an operator may"} <= set(latest_lines(token))


def test_a_row_that_is_gone_is_called_as_it_was(farm, manager):
    shelf = audited.create(Location, by=manager, name="Attic")
    printer = audited.update(a_printer(), by=manager, location=shelf)
    printer = audited.update(printer, by=manager, location=None)
    audited.delete(shelf, by=manager)
    assert latest_lines(printer) == ["location: Attic → –"]


def test_what_no_model_knows_any_more_is_told_as_it_is(farm, manager):
    event = AuditEvent(object_type="old.thing", verb="change", changes={"a_b_id": [1, [2, 3]]})
    assert audit_display.lines(event) == ["a b: 1 → 2, 3"]
    assert audit_display.kind(event) == "old.thing"


def test_the_history_of_a_row_has_its_parts(at_admin, manager, farm):
    product = audited.create(Product, by=manager, sku="AB-1", name="Box")
    filament = a_filament()
    line = BomLine(product=product, material_type=filament.material_type, grams_per_unit=5)
    line = audited.create(line, by=manager)
    audited.update(line, by=manager, grams_per_unit=Decimal(6))
    audited.delete(line, by=manager)
    page = at_admin.get(f"/admin/production/product/{product.pk}/history/").content.decode()
    assert "SKU: AB-1" in page
    assert "grams in one unit: 5 → 6" in page
    assert page.count("remove: ") == 1


def test_the_trail_asks_as_often_however_long_it_is(at_admin, manager, django_assert_num_queries):
    def page():
        return at_admin.get("/admin/accounts/auditevent/").content.decode()

    def slots(count):
        for _ in range(count):
            audited.create(PrinterSlot(printer=a_printer(), label="1"), by=manager)

    slots(1)
    page()
    with CaptureQueriesContext(connection) as few:
        page()
    slots(5)
    with django_assert_num_queries(len(few)):
        text = page()
    assert all(f"printer: {printer}" in text for printer in Printer.objects.all())


def test_the_trail_as_a_table_says_the_same(at_admin, manager):
    slot = audited.create(PrinterSlot(printer=a_printer(), label="1"), by=manager)
    table = b"".join(at_admin.get("/admin/accounts/auditevent/csv/").streaming_content).decode()
    assert f"printer: {slot.printer}" in table


def test_what_a_restored_file_may_have_is_displayed_as_it_is():
    changes = {
        "price": [None, [{}]],
        "density_g_cm3": ["x", "NaN"],
        "created_at": [5, "2026-13-45T00:00:00Z"],
    }
    event = AuditEvent(object_type="inventory.filament", verb="change", changes=changes)
    assert len(audit_display.lines(event)) == 3
