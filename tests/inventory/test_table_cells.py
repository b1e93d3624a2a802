"""Cells of a table: numbers that can be read in one way, and tables that run nothing."""

import csv
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from types import GeneratorType

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from inventory.models import Filament, Spool
from inventory.services.tables.cells import BadCell, has_decimal_commas, quantity
from inventory.services.tables.columns import FILAMENT_COLUMNS, SPOOL_COLUMNS
from inventory.services.tables.table_reader import UnusableTable
from tenants.web.csv_export import (
    Dialect,
    escape_formula,
    in_dialect,
    of_locale,
    rows_as_csv,
    unescape_formula,
)
from tests import budgets
from tests.factories import a_filament
from tests.inventory.tables import import_filaments, import_spools
from tests.queries import violations

TABLES = settings(
    max_examples=budgets.TABLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def number(cell, *others):
    """The cell as a number without a unit, in a table with these others."""
    style = has_decimal_commas([cell, *others])
    return quantity().read(cell, has_decimal_commas=style)


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("1000", "1000"), ("12.5", "12.5"), ("12,5", "12.5"), ("0,125", "0.125"), (".5", "0.5"),
        ("1.234", "1.234"), ("1234,567", "1234.567"), ("1.234,5", "1234.5"),
        ("1,234.5", "1234.5"), ("1.234.567", "1234567"), ("1,234,567", "1234567"),
        ("1 234", "1234"), ("1 234,5", "1234.5"), ("1'234.50", "1234.5"), ("+7", "7"),
        ("1,2345", "1.2345"), ("007", "7"), ("0,000", "0"),
    ],
)  # fmt: skip
def test_a_number_that_can_be_read_in_one_way_is_read(cell, meant):
    assert number(cell) == Decimal(meant)


@pytest.mark.parametrize(
    "cell",
    [
        "", "x", "1,234", "999,999", "1.2.3", "1,2,3", "12,34,567", "1.234,567,8", "1e3", "NaN",
        "Infinity", "-1", "1 2", "1000 g", "--1", "1.", "٣", "½", "0x10", "1_000", "9" * 41,
        "1" * 9,
    ],
)  # fmt: skip
def test_a_number_that_can_not_is_refused(cell):
    with pytest.raises(BadCell):
        number(cell)


def test_other_cells_show_which_comma_is_meant():
    assert number("1,234", "19,99") == Decimal("1.234")
    for cell, other in [("1.234", "19,99"), ("1,234", "19.99")]:
        with pytest.raises(BadCell) as refused:
            number(cell, other)
        assert "may be 1234 or 1.234" in refused.value.detail
    with pytest.raises(BadCell):
        number("1,234", "19,99", "19.99")
    assert number("1.234", "19.99") == Decimal("1.234")


# --- On the way out ----------------------------------------------------------------------------


def parsed(chunks):
    return list(csv.reader(StringIO("".join(chunks).removeprefix("\ufeff"), newline="")))


def test_a_table_is_written_line_by_line():
    taken = []

    def rows():
        for place in range(3):
            taken.append(place)
            yield [place]

    lines = rows_as_csv(["n"], rows())
    assert isinstance(lines, GeneratorType)
    assert (next(lines), taken) == ("\ufeffn\r\n", [])
    assert (next(lines), taken) == ("0\r\n", [0])


def test_values_are_written_plainly():
    moment = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    values = [None, True, 7, Decimal("1E+3"), Decimal("0.000001"), date(2026, 3, 1), moment, 'a"b']
    line = "".join(rows_as_csv(["x"] * 8, [values], dialect=Dialect(";"), bom=False)).splitlines()[
        1
    ]
    assert line == ';true;7;1000;0.000001;2026-03-01;2026-03-01T08:30:00+00:00;"a""b"'


def test_numbers_of_people_with_decimal_commas_are_never_taken_for_thousands():
    values = [Decimal("1.5"), Decimal("1.234"), Decimal(1000), Decimal("0.0001"), 1.5]
    line = "".join(rows_as_csv(["x"] * 5, [values], dialect=of_locale("de"))).splitlines()[1]
    assert line == "1,5;1,2340;1000;0,0001;1.5"
    assert (of_locale("en-gb"), of_locale("fr").delimiter) == (Dialect(), ";")
    assert in_dialect('a,b\r\n"1;2",x\r\n', of_locale("de")) == 'a;b\r\n"1;2";x\r\n'


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1", "+SUM(A1)", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)", "=HYPERLINK(\"x\")", " =1",
        "\t=1", "＝1+1", "'=1", "+49 170 1234", "-", "-a", "=", "\r=1",
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(cell):
    [row] = parsed(rows_as_csv(["=x"], [[cell]]))[1:]
    assert row[0].startswith("'")
    assert unescape_formula(row[0]) == cell
    assert parsed(rows_as_csv(["=x"], []))[0] == ["'=x"]


@pytest.mark.parametrize("cell", ["-5", "+5", "-5.25", "-1,5", "-3%", "a=b", "'quoted'", "1-2", ""])
def test_numbers_and_harmless_words_are_left_alone(cell):
    assert escape_formula(cell) == unescape_formula(cell) == cell


@given(st.text())
def test_what_goes_out_comes_back_as_it_was(text):
    assert unescape_formula(escape_formula(text)) == text


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8")), min_size=2, max_size=2)))
def test_any_table_can_be_read_again_and_no_cell_of_it_is_a_formula(rows):
    read = parsed(rows_as_csv(["a", "b"], rows))[1:]
    for row, was in zip(read, rows, strict=True):
        assert [unescape_formula(cell) for cell in row] == was
        for cell in row:
            assert not cell.lstrip().startswith(("=", "@"))


# --- Anything at all ---------------------------------------------------------------------------

CELLS = st.one_of(
    st.sampled_from(["Red", "PLA", "Polyfil", "1000", "1,5", "1,234", "-1", "2026-03-01", "", '"']),
    st.text(max_size=12),
    st.integers().map(str),
    st.floats().map(str),
)


def tables(columns):
    """Tables of known columns, with anything in their cells."""
    header = st.lists(st.sampled_from(columns), min_size=1, max_size=8, unique=True)
    return st.tuples(
        header, st.lists(st.lists(CELLS, max_size=9), max_size=6), st.sampled_from(";,\t")
    ).map(lambda table: "\n".join(table[2].join(row) for row in [[*table[0], "name"], *table[1]]))


def tried(work, content):
    """An import of anything: it is refused, or all of its lines are answered for."""
    with suppress(UnusableTable):
        report = work(content, by=None, dry_run=True)
        assert all(row.detail or row.problem for row in report.rows)


@pytest.mark.usefixtures("farm")
class TestAnything:
    @TABLES
    @given(st.one_of(st.binary(), st.text()))
    @example(b"name\n\xff")
    @example('name\n"\n"\n"')
    def test_no_file_breaks_an_import(self, content):
        tried(import_spools, content)
        tried(import_filaments, content)

    @TABLES
    @given(tables([name for name in SPOOL_COLUMNS if name != "name"]))
    def test_no_table_of_spools_breaks_one(self, content):
        if not Filament.objects.exists():
            a_filament("Red")
        tried(import_spools, content)
        assert not Spool.objects.exists()

    @TABLES
    @given(tables([name for name in FILAMENT_COLUMNS if name not in ("name", "material")]))
    def test_no_table_of_filaments_breaks_one(self, content):
        first, *rest = content.split("\n")
        separator = first[-5] if len(first) > 4 else ","
        lines = [f"{line}{separator}PLA" for line in rest]
        tried(import_filaments, "\n".join([f"{first}{separator}material", *lines]))

    @TABLES
    @given(tables([name for name in SPOOL_COLUMNS if name not in ("name", "code")]))
    def test_what_comes_in_is_in_the_book(self, content):
        red = Filament.objects.filter(name="Red").first() or a_filament("Red")
        before = Spool.objects.count()
        try:
            report = import_spools(content, by=None)
        except UnusableTable:
            return
        assert Spool.objects.filter(filament=red).count() == before + report.count("created")
        assert violations() == []
