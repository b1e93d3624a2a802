"""Files of many dresses, and files that are no table."""

from decimal import Decimal
from io import BytesIO

import pytest

from inventory.models import Spool
from inventory.services.tables.table_reader import TableTooLarge, UnusableTable
from tests.factories import a_filament
from tests.inventory.tables import import_spools, results_by_line

pytestmark = pytest.mark.usefixtures("farm")


@pytest.fixture
def red(farm):
    return a_filament("Red", external_id="polyfil_red", net_grams=Decimal(1000))


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffname;lot\r\nRed;Ä\r\n".encode(),
        "name,lot\nRed,Ä\n",
        "name\tlot\rRed\tÄ\r",
        "sep=;\nname;lot\nRed;Ä",
        '"name";"lot"\n\n;\n"Red";"Ä"\n;;\n',
        BytesIO("Name , LOT \nRed, Ä ".encode()),
        "name;lot;\nRed;Ä;\n",
        "lot;name\nÄ;Red",
    ],
)
def test_tables_come_in_many_dresses(red, content):
    report = import_spools(content, by=None)
    assert report.refused == []
    assert Spool.objects.get().lot_number == "Ä"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"filamnt;lot\nRed;1", "did you mean “name”?"),
        (b"name;lott\nRed;1", "did you mean “lot_number”?"),
        (b"name;weather\nRed;1", "no column “weather”: leave it out."),
        (b"name;lot;batch\nRed;1;1", "lot_number is there twice."),
        (b"lot\nL-1", "A column external_id or name is needed."),
        (b'name;"lot\nRed;1', "A quote is not closed"),
        (b"name;lot\nRed;\x81", "This is no text (byte 13): save the sheet as “CSV UTF-8”"),
        (b"\xff\xfen\x00a", "This is no text (byte 4)"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "This is no text (byte 0)"),
        (b"name" + b";" * 300, "columns are too many"),
    ],
)
def test_a_file_that_is_no_such_table_says_why(content, message):
    with pytest.raises(UnusableTable) as refused:
        import_spools(content, by=None)
    assert message in refused.value.detail


def test_a_line_number_is_that_of_the_file_and_a_broken_line_costs_itself_only(red):
    content = (
        "name;comment\n"
        "\n"
        'Red;"two\nlines"\n'
        'Red;"never closed\n'
        "Red;fine\n"
        'Red;"closed"too late\n'
        "Red;a;b\n"
        "Red\n"
    )
    report = import_spools(content, by=None)
    assert {row.number: row.is_ok for row in report.rows} == {
        3: True, 5: False, 6: True, 7: False, 8: False, 9: True,
    }  # fmt: skip
    assert "2 columns" in results_by_line(report)[8][""]
    comments = Spool.objects.order_by("pk").values_list("comment", flat=True)
    assert list(comments) == ["two lines", "fine", ""]


def test_too_large_is_refused_before_anything_comes_in(red):
    lines = b"name\n" + b"Red\n" * 10_001
    for content in (lines, b"name\n" + b" " * 6_000_000, b"name\n" + b"\n" * 2_000_000):
        with pytest.raises(TableTooLarge) as refused:
            import_spools(content, by=None)
        assert refused.value.status == 413
    assert not Spool.objects.exists()
