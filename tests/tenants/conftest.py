"""A program at the farm, signed in as its manager; what is seen of operations, and said of them."""

import logging

import pytest

from tests.watching import watching


@pytest.fixture
def managing(api_client, manager):
    api_client.force_authenticate(manager)
    return api_client


@pytest.fixture
def watched():
    with watching() as watched:
        yield watched


@pytest.fixture
def said(caplog):
    """``said()``: the last log line of an operation."""
    caplog.set_level(logging.INFO, "spoolbook.operation")
    return lambda: caplog.records[-1]
