"""What is written, asked as schemathesis makes it up."""

from tests import budgets
from tests.config.generated_requests import ask_as_manager, some, with_edges, without_edges


@with_edges.exclude(method="GET").parametrize()
@some
def test_a_manager_is_answered_as_the_description_says(case, fuzzed):
    ask_as_manager(case, *fuzzed)


if not budgets.IS_DEEP:

    @without_edges.exclude(method="GET").parametrize()
    @some
    def test_a_manager_is_answered_as_described_away_from_the_edges(case, fuzzed):
        ask_as_manager(case, *fuzzed)
