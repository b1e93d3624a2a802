"""Whatever people did on a day: what the faces say of it is what anybody would reckon."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.production.any_day.test_any_day import AnyDay, broken_invariants, stage
from tests.production.figures import faces

EXAMPLES = 15
__all__ = ["broken_invariants", "stage"]


def test_the_figures_of_any_day_are_as_reckoned_from_the_rows(
    stage, broken_invariants, api, as_manager
):
    class Reckoned(AnyDay):
        def teardown(self):
            try:
                wrong = faces.wrong(api, as_manager)
                assert not wrong, "\n".join(wrong)
            finally:
                super().teardown()

    run_state_machine_as_test(
        Reckoned,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            phases=(Phase.generate,),
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
