"""Figures as the admin writes them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from inventory.admin import rendering
from production.admin import formatting
from production.models import ProductionRun
from production.templatetags import floor
from tenants.operations.text import format_amount, format_number

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_half_is_rounded_up_everywhere():
    assert formatting.money(Decimal("0.125")) == "0.13"
    assert formatting.money(Decimal("-1234.005")) == "−1234.01"
    assert formatting.hours(Decimal(4443)) == "74.1"
    assert formatting.percent(Decimal("2.25"), 10) == "+2.3 %"
    assert format_number(Decimal("1.005")) == "1.01"


def test_a_minus_is_the_same_in_sentences_and_tables():
    loss = Decimal("-0.03")
    texts = [format_number(loss), format_amount(loss), rendering.signed(loss)]
    assert {*texts, formatting.money(loss)} == {"−0.03"}


@pytest.mark.parametrize("value", ["0", "0.04", "-0.04"])
def test_what_is_shown_as_nothing_has_no_sign(value):
    assert formatting.percent(Decimal(value), 10) == "0.0 %"
    assert formatting.money(Decimal(value) / 10) == "0.00"


@pytest.mark.parametrize(("value", "text"), [("2100", "2100"), ("12.50", "12.5"), ("-0.001", "0")])
def test_grams_are_written_in_one_way_on_the_floor_and_in_the_admin(value, text):
    value = Decimal(value)
    assert (rendering.grams(value), floor.grams(value)) == (text, f"{text} g")


def test_a_planned_run_that_cannot_start_is_blocked():
    run = ProductionRun(status="planned")
    assert formatting.badge(run, ["why"]) == '<span class="badge status-blocked">Blocked</span>'
    assert formatting.badge(run) == '<span class="badge status-planned">Planned</span>'


@pytest.mark.parametrize(
    ("values", "kind", "name"),
    [
        ({"status": "in_progress"}, "in_progress", "In progress"),
        ({"status": "in_progress", "finished_at": NOW}, "needs", "To complete"),
        ({"status": "completed", "finished_at": NOW}, "completed", "Completed"),
        ({"status": "planned", "deleted_at": NOW}, "cancelled", "Deleted"),
    ],
)
def test_a_run_has_a_word_on_its_colour(values, kind, name):
    badge = formatting.badge(ProductionRun(**values))
    assert badge == f'<span class="badge status-{kind}">{name}</span>'
