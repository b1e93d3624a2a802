"""Every figure of an interface is what is computed from the rows of the farm."""

import pytest
from django.utils import timezone

from tenants.accounts.models import FarmSettings
from tests import budgets
from tests.conftest import at_slug, rolled_back
from tests.production.figures import explanations, interfaces, narrowing
from tests.production.figures.books import Books
from tests.production.figures.month import Month


@pytest.fixture(scope="module")
def lived(request, django_db_setup, django_db_blocker):
    """Alpha has lived through the month of a seed, and each test is rolled back to here."""
    with rolled_back(django_db_blocker):
        with at_slug("alpha"):
            Month(request.param).live(budgets.STEPS_OF_MONTH)
        yield


@pytest.fixture
def month(lived, farm):
    timezone.activate(FarmSettings.load().timezone)


every_month = pytest.mark.parametrize("lived", budgets.MONTH_SEEDS, indirect=True)


@every_month
def test_every_explanation_is_as_reckoned_from_the_rows(month, api):
    wrong = explanations.wrong(api)
    assert not wrong, "\n".join(wrong)


@every_month
def test_every_figure_is_as_reckoned_from_the_rows(month, api, as_manager):
    wrong = interfaces.wrong(api, as_manager)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("lived", [1], indirect=True)
def test_reports_are_of_what_was_asked_for(month, api):
    """Each way to narrow them, and every two of them together."""
    books = Books()
    wrong = interfaces.in_words([*narrowing.of_runs(api, books), *narrowing.of_entries(api, books)])
    assert not wrong, "\n".join(wrong)
