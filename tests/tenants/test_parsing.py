"""Decimals and days out of text."""

from datetime import date
from decimal import Decimal

import pytest

from tenants.operations.parsing import AmbiguousNumber, DayOutOfRange, parse_day, parse_decimal


@pytest.mark.parametrize("text", ["7", "-1.250", "+.5", "5.", "1e3", "1.5E-2"])
def test_a_program_writes_a_decimal_as_a_program_does(text):
    assert parse_decimal(text) == Decimal(text)


@pytest.mark.parametrize("text", ["", ".", "1,5", "1_000", "1 000", "٣", "NaN", "Infinity", "1e"])
def test_what_no_program_writes_is_no_decimal(text):
    with pytest.raises(ValueError, match=r"^"):
        parse_decimal(text)


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("1.250", ".", "1.25"), ("1,250", ",", "1.25"), ("1.250,5", ".", "1250.5"),
        ("12,5", ".", "12.5"), ("0.250", ",", "0.25"), ("-1 250", ",", "-1250"),
    ],
)  # fmt: skip
def test_people_write_a_decimal_as_is_usual_where_they_are(text, mark, value):
    assert parse_decimal(text, mark=mark) == Decimal(value)


@pytest.mark.parametrize(("text", "mark"), [("1.250", ","), ("1,250", ".")])
def test_what_may_be_read_in_two_ways_is_asked_about(text, mark):
    with pytest.raises(AmbiguousNumber) as ambiguous:
        parse_decimal(text, mark=mark)
    assert (ambiguous.value.thousands, ambiguous.value.decimals) == ("1250", "1.250")


def test_a_day_is_one_of_the_calendar_and_of_our_times():
    assert parse_day("2026-03-01") == parse_day("1.3.2026", is_dotted_allowed=True)
    assert parse_day("2026-3-1") == date(2026, 3, 1)
    for text in ("2026-02-30", "1.3.2026", "03/04/2026", "20260301", ""):
        with pytest.raises(ValueError, match=r"^"):
            parse_day(text)
    with pytest.raises(DayOutOfRange):
        parse_day("1066-10-14")
