"""What is written, asked as schemathesis makes it up."""

from tests.config.generated_requests import ask_as_manager, schema, some


@schema.exclude(method="GET").parametrize()
@some
def test_a_manager_is_answered_as_the_description_says(case, fuzzed):
    ask_as_manager(case, *fuzzed)
