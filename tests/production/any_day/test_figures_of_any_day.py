"""Whatever people did on a day: the figures of all interfaces are those computed from the rows."""

import pytest

from tests import budgets
from tests.production.any_day.test_any_day import (
    AnyDay,
    broken_invariants,
    filaments_and_printer,
    live_through,
)
from tests.production.figures import interfaces

__all__ = ["broken_invariants", "filaments_and_printer"]


@pytest.mark.parametrize("seeded", budgets.DAY_SEEDS_WITH_FIGURES)
def test_the_figures_of_any_day_are_as_reckoned_from_the_rows(
    filaments_and_printer, broken_invariants, api, as_manager, seeded
):
    class Reckoned(AnyDay):
        def teardown(self):
            try:
                wrong = interfaces.wrong(api, as_manager)
                assert not wrong, "\n".join(wrong)
            finally:
                super().teardown()

    days, steps = budgets.DAYS_WITH_FIGURES, budgets.STEPS_WITH_FIGURES
    live_through(days, of=Reckoned, steps=steps, seeded=seeded, shrink=False)
