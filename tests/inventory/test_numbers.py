"""The numbers by which clients of the printers' API know rows: given by the database, once."""

import pytest
from django.db import IntegrityError, connection, transaction

from inventory.models import Filament, Manufacturer, Spool
from tests.factories import a_filament, a_manufacturer, a_spool
from tests.shelf_rows import filaments, manufacturers, spools

INSERT = "INSERT INTO inventory_manufacturer (name, extra, twin, comment, created_at) VALUES"


@pytest.mark.usefixtures("farm")
@pytest.mark.parametrize(
    ("make", "model"), [(manufacturers, Manufacturer), (filaments, Filament), (spools, Spool)]
)
def test_every_row_gets_the_next_number(make, model):
    numbers = [row.number for row in make(3)]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    assert list(model.objects.order_by("pk").values_list("number", flat=True)) == numbers


@pytest.mark.usefixtures("farm")
def test_rows_of_sql_get_one_too():
    first = a_manufacturer("Aaa").number
    with connection.cursor() as cursor:
        cursor.execute(f"{INSERT} ('Bbb', '{{}}', 0, '', now())")
    assert Manufacturer.objects.get(name="Bbb").number == first + 1


@pytest.mark.usefixtures("farm")
def test_a_number_is_not_given_again_and_not_twice():
    last = a_filament()
    number = last.number
    last.delete()
    assert a_filament().number == number + 1
    spool = a_spool()
    with pytest.raises(IntegrityError, match="spool_number_unique"), transaction.atomic():
        Spool.objects.filter(pk=a_spool().pk).update(number=spool.number)


@pytest.mark.usefixtures("farm")
def test_a_filament_without_a_name_is_called_by_what_is_known():
    maker = a_manufacturer("Polyfil")
    assert str(a_filament("Sky", manufacturer=maker)) == "Polyfil Sky"
    nameless = Filament(material_type=a_filament().material_type, manufacturer=maker)
    assert str(nameless) == "Polyfil PLA"
    nameless.color_hex = "FF0000"
    assert str(nameless) == "Polyfil PLA FF0000"
    nameless.manufacturer = Manufacturer(pk=1, name="")
    assert str(nameless) == "PLA FF0000"
