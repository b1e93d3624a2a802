"""Fixtures: programs of a farm that speak Spoolman."""

import pytest

from tests.production.spoolman.clients import Printer, a_printer_client


@pytest.fixture
def printer(manager):
    """A program with a manager's token of the scope printer, in the path."""
    return a_printer_client(manager)


@pytest.fixture
def nobody(farm):
    """A program without a token."""
    return Printer()
