"""Logs and measurements of operations."""

import logging

import pytest

from tests.spans import watching


@pytest.fixture
def watched():
    with watching() as watched:
        yield watched


@pytest.fixture
def last_log_line(caplog):
    """``last_log_line()``: of an operation."""
    caplog.set_level(logging.INFO, "spoolbook.operation")
    return lambda: caplog.records[-1]
