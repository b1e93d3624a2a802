"""What the API reads of rows is what Django REST framework would read, field by field."""

from decimal import Decimal

import pytest
from rest_framework import serializers

from config.api.urls import router
from production.models import ProductionRun
from production.serializers.runs import ProductionRunSerializer
from tenants.api.fast_representation import loaded
from tenants.api.fields import QuantityField
from tenants.api.serializers import RowSerializer
from tests.rows import ROWS, runs

VIEWS = {
    name: view
    for _, view, name in router.registry
    if issubclass(view.serializer_class, RowSerializer)
}


def by_the_framework(serializer, row):
    """Each field as DRF reads it, those of nested rows too."""
    return {
        name: _value(field, field.get_attribute(row))
        for name, field in serializer.fields.items()
        if not field.write_only
    }


def _value(field, found):
    if isinstance(field, serializers.ListSerializer) and hasattr(found, "all"):
        return [by_the_framework(field.child, line) for line in found.all()]
    return None if getattr(found, "pk", found) is None else field.to_representation(found)


@pytest.mark.parametrize("name", sorted(VIEWS))
@pytest.mark.usefixtures("manager")
def test_a_row_is_read_as_the_framework_would_read_it(name):
    ROWS[name][0](2)
    view = VIEWS[name]()
    view.action = "list"
    serializer = view.serializer_class()
    rows = view.queryset.all()
    assert len(rows) >= 2
    lean_rows = loaded(view.serializer_class, rows.all())
    rows = rows.with_pictures() if name == "sliced-files" else rows  # no row is without
    for row, lean in zip(rows, lean_rows, strict=True):
        expected = by_the_framework(serializer, row)
        assert serializer.to_representation(lean) == expected
        assert serializer.to_representation(row) == expected  # loaded or not


@pytest.mark.usefixtures("manager")
def test_what_is_not_there_is_null():
    run = runs(1)[0]
    ProductionRun.objects.filter(pk=run.pk).update(printer=None, created_by=None)
    for rows in (
        ProductionRun.objects.all(),
        loaded(ProductionRunSerializer, ProductionRun.objects.all()),
    ):
        read = ProductionRunSerializer(rows.get(pk=run.pk)).data
        assert (read["printer"], read["printer_name"], read["created_by_name"]) == (None,) * 3
        assert read["items"][0]["product_sku"]


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (Decimal("1.5"), 6, "1.500000"),
        (Decimal("-30"), 2, "-30.00"),
        (Decimal("1E+3"), 2, "1000.00"),
        (Decimal("1E-7"), 6, "0.000000"),
        (Decimal("0.00000051"), 6, "0.000001"),
        (Decimal("12345678.123456"), 6, "12345678.123456"),
        (7, 4, "7.0000"),
    ],
)
def test_a_quantity_is_a_string_of_its_places(value, places, text):
    sizes = {"max_digits": 14, "decimal_places": places}
    assert QuantityField(**sizes).to_representation(value) == text
    assert serializers.DecimalField(**sizes).to_representation(value) == text


def test_a_half_of_a_quantity_is_rounded_up():
    field = QuantityField(max_digits=None, decimal_places=2, signed=True)
    halves = map(field.to_representation, (Decimal("0.025"), Decimal("-186.605")))
    assert list(halves) == ["0.03", "-186.61"]
