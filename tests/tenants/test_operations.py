"""A business operation: one transaction, and what can be seen of it."""

import json
import time

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import StatusCode

from config.logging import JsonFormatter
from inventory.models import Location
from production.models import RunMaterial
from production.services import completion
from tenants.accounts import audited
from tenants.operations.operation import BUCKETS, correlation_id, in_dry_run
from tests.factories import a_run, a_running_run, a_spool
from tests.spans import watching
from tests.tenants.failing_operation import Unwilling, do, fail_with, outcomes

# --- How it ended ------------------------------------------------------------------------------


def test_an_operation_has_a_span_a_measurement_and_a_log_line(farm, watched, last_log_line):
    token = correlation_id.set("request-7")
    try:
        assert do(work=lambda: 42) == 42
    finally:
        correlation_id.reset(token)
    span = watched.spans("test.do")[0]
    facts = {
        "operation_type": "test.do",
        "tenant_id": farm.schema_name,
        "correlation_id": "request-7",
        "outcome": "ok",
    }
    assert dict(span.attributes) == facts
    assert span.status.status_code == StatusCode.UNSET
    assert outcomes(watched) == {("test.do", "ok"): 1}
    line = vars(last_log_line())
    assert {name: line[name] for name in facts} == facts
    assert line["trace_id"] == f"{span.context.trace_id:032x}"
    assert line["duration_ms"] >= 0


def test_a_refusal_is_an_outcome_and_no_error(farm, watched, last_log_line):
    with pytest.raises(Unwilling):
        do(work=fail_with(Unwilling("No: 12 g are missing.", missing_grams=12)))
    span = watched.spans("test.do")[0]
    assert (span.attributes["outcome"], span.status.status_code) == ("unwilling", StatusCode.UNSET)
    assert [(event.name, dict(event.attributes)) for event in span.events] == [
        ("refused", {"code": "unwilling"})
    ]
    assert outcomes(watched) == {("test.do", "unwilling"): 1}
    assert last_log_line().outcome == "unwilling"


@pytest.mark.parametrize("error", [ZeroDivisionError("by me"), SystemExit(1)])
def test_an_unexpected_error_is_an_error(farm, watched, last_log_line, error):
    with pytest.raises(type(error)):
        do(work=fail_with(error))
    name = type(error).__name__
    span = watched.spans("test.do")[0]
    assert span.attributes["outcome"] == last_log_line().outcome == f"error:{name}"
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, name)
    assert [event.attributes["exception.type"] for event in span.events] == [name]
    assert outcomes(watched) == {("test.do", f"error:{name}"): 1}


# --- Operations in operations, and rehearsals --------------------------------------------------


def test_an_operation_in_another_is_its_child(farm, watched):
    do(work=lambda: audited.create(Location, by=None, name="Shelf 1"))
    outer, inner = watched.spans("test.do")[0], watched.spans("record.add")[0]
    assert inner.parent.span_id == outer.context.span_id
    assert inner.context.trace_id == outer.context.trace_id


def test_a_rehearsal_is_marked_and_counted_apart(farm, watched, last_log_line):
    assert in_dry_run(lambda: do(work=lambda: 5)) == 5
    assert watched.last("test.do")["dry_run"] is last_log_line().dry_run is True
    do()
    assert "dry_run" not in watched.last("test.do")
    counted = [labels for labels, _ in watched.points("spoolbook.operations")]
    assert {"operation_type": "test.do", "outcome": "ok", "dry_run": True} in counted
    assert {"operation_type": "test.do", "outcome": "ok"} in counted


def test_what_a_rehearsal_refuses_is_marked_too(farm, watched):
    with pytest.raises(Unwilling):
        in_dry_run(lambda: do(work=fail_with(Unwilling())))
    assert watched.last("test.do")["outcome"] == "unwilling"
    assert watched.last("test.do")["dry_run"] is True
    do()
    assert "dry_run" not in watched.last("test.do")


# --- What it was about -------------------------------------------------------------------------


def names(watched):
    seen = watched.last("test.do")
    return {name: seen[name] for name in ("subject_type", "subject_id", "run_id") if name in seen}


def test_a_row_is_named_by_its_type_and_id(farm, watched):
    shelf = Location.objects.create(name="Shelf")
    do(shelf)
    assert names(watched) == {"subject_type": "location", "subject_id": shelf.pk}


def test_without_a_subject_it_is_the_result_that_is_named(farm, watched):
    shelf = do(work=lambda: Location.objects.create(name="Shelf"))
    assert names(watched) == {"subject_type": "location", "subject_id": shelf.pk}


def test_the_subject_goes_before_the_result(farm, watched):
    one, two = Location.objects.create(name="One"), Location.objects.create(name="Two")
    do(one, work=lambda: two)
    assert names(watched) == {"subject_type": "location", "subject_id": one.pk}


@pytest.mark.parametrize("thing", [None, 7, "secret", ("row", "secret"), Location, Location()])
def test_what_is_no_row_is_not_named(farm, watched, thing):
    do(thing, work=lambda: thing)
    assert names(watched) == {}


def test_the_run_is_known_by_itself_its_lines_its_entries_and_answers_with_it(farm, watched):
    run = a_running_run((a_spool(), 10))
    line = run.materials.get()
    done = completion.complete(run, by=None, as_planned=True)
    for thing in (run, line, done.entries[0], done):
        do(thing)
        assert names(watched)["run_id"] == run.pk
        do(work=lambda thing=thing: thing)
        assert names(watched)["run_id"] == run.pk


def test_naming_asks_the_database_for_nothing(farm, watched, django_assert_num_queries):
    line = RunMaterial.objects.get(pk=a_run((a_spool(), 10)).materials.get().pk)
    with django_assert_num_queries(2):  # the savepoint
        do(line)


# --- Metrics, and nothing ----------------------------------------------------------------------


def test_durations_are_measured_in_seconds(farm, watched):
    do(work=lambda: time.sleep(0.03))
    [(labels, point)] = watched.points("spoolbook.operation.duration")
    assert labels == {"operation_type": "test.do", "outcome": "ok"}
    assert point.count == 1
    assert 0.03 <= point.sum < 5
    assert point.explicit_bounds == BUCKETS


def test_nobody_watches_unless_asked_to(farm, last_log_line):
    do()
    assert not trace.get_current_span().is_recording()
    assert "trace_id" not in vars(last_log_line())


def test_what_is_not_sampled_still_has_its_trace_id_in_the_log_and_is_counted(farm, last_log_line):
    with watching(sampler=ALWAYS_OFF) as watched:
        do()
        assert watched.spans("test.do") == []
        assert outcomes(watched) == {("test.do", "ok"): 1}
    assert len(last_log_line().trace_id) == 32


def test_a_log_line_is_one_json_object(farm, watched, last_log_line):
    do(Location.objects.create(name="Shelf"))
    line = json.loads(JsonFormatter().format(last_log_line()))
    assert (line["message"], line["outcome"], line["subject_type"]) == ("test.do", "ok", "location")
