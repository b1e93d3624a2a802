"""What is read, and what nobody may do, asked as schemathesis makes it up."""

from tests import budgets
from tests.config.generated_requests import (
    WRITES,
    ask_as_manager,
    closed,
    few,
    is_too_long,
    some,
    with_edges,
    without_edges,
)


@with_edges.exclude(method=WRITES).parametrize()
@some
def test_a_manager_is_answered_as_the_description_says(case, fuzzed):
    ask_as_manager(case, *fuzzed)


if not budgets.IS_DEEP:

    @without_edges.exclude(method=WRITES).parametrize()
    @some
    def test_a_manager_is_answered_as_described_away_from_the_edges(case, fuzzed):
        ask_as_manager(case, *fuzzed)


@closed.parametrize()
@few
def test_nobody_is_answered_with_401(case, fuzzed):
    place, _ = fuzzed
    if is_too_long(case):
        return
    answer = case.call(**place)
    case.validate_response(answer)
    if case.path != "/api/v1/tokens/" or case.method != "POST":
        if answer.status_code == 400:  # before anybody is asked who they are
            assert answer.json()["code"] == "unreadable"
            return
        assert answer.status_code in (401, 404, 405, 406)
        assert answer.status_code == 401 or b'"results"' not in answer.content
