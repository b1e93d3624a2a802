"""How much a test with random or repeated work does: little by default, much in `make test-deep`.

``SPOOLBOOK_DEEP=1`` chooses the deep budgets; `tests/deep.py` sets it for each part that it runs.
``SPOOLBOOK_SEED`` seeds what is random, 1 by default: the same seed gives the same tests.
``SPOOLBOOK_EXAMPLES=50`` replaces the number of generated requests, and of random days.
``SPOOLBOOK_SHRINK=0`` reports a day that fails as it is, without looking for a shorter one.
"""

import os

import pytest

IS_DEEP = os.environ.get("SPOOLBOOK_DEEP", "") not in ("", "0")
SEED = int(os.environ.get("SPOOLBOOK_SEED") or 1)
SHRINK = os.environ.get("SPOOLBOOK_SHRINK", "1") != "0"
EXAMPLES = int(os.environ.get("SPOOLBOOK_EXAMPLES") or 0)


def budget(default, deep):
    return deep if IS_DEEP else default


# Requests that schemathesis generates for each operation, besides those at the edges of fields.
REQUESTS = EXAMPLES or budget(3, 400)
REQUESTS_OF_NOBODY = EXAMPLES or budget(1, 100)  # which are refused before they are read

# Random tables to import, and entries of a catalogue, of two kinds.
TABLES = EXAMPLES or budget(40, 2_000)
LINES = budget(1_500, 10_000)  # of one large table
SPOOLS_TO_MOVE = budget(200, 10_000)  # from a Spoolman
ENTRIES = EXAMPLES or budget(50, 2_500)

# Random operations: so many seeds, each a test of its own, of so many days of so many steps. The
# first day of a seed is the simplest there is.
DAY_SEEDS = range(SEED, SEED + budget(5, 8))
DAYS = EXAMPLES or budget(4, 50)
STEPS = budget(30, 50)
DAY_SEEDS_WITH_FIGURES = range(SEED, SEED + budget(3, 8))
DAYS_WITH_FIGURES = budget(2, 15)
STEPS_WITH_FIGURES = budget(25, 40)

MONTH_SEEDS = range(SEED, SEED + (EXAMPLES or budget(2, 200)))  # whose figures are reckoned
STEPS_OF_MONTH = budget(25, 40)


def some_of(values, number, *, count=1):
    """``count`` of the values, other ones for each ``number``; all of them where budgets are deep.

    So every value is tried at some address by default, and at every address in `make test-deep`.
    """
    values = list(values)
    if IS_DEEP or count >= len(values):
        return values
    return [values[(number * count + each) % len(values)] for each in range(count)]


# Runs that take from the same spools, all completed at once.
RUNS_SHARING_SPOOLS = budget(40, 64)

PRINTERS_OF_ONE_TOKEN = budget(8, 40)  # of four slots, each with a run
# Reports of devices, by so many of them.
REPORTS, PRINTERS = budget(400, 100_000), budget(5, 40)
HOURS = budget(12, 48)  # of three that report every 7 minutes
PRINTS = budget(5, 60)  # of an hour, whose answers are lost
PRINT_SECONDS = budget(600, 3600)  # of one over HTTP

# Runs created at once in each of three farms.
RUNS_PER_FARM = budget(32, 1000)

# Rows of each list of the API.
LIST_ROWS = budget(25, 500)

# A farm with a long past.
PAST_RUNS = budget(600, 20_000)
PAST_SPOOLS = budget(400, 5_000)

deep = pytest.mark.deep

MUTANTS = EXAMPLES or budget(300, 2_000)  # of sliced files
