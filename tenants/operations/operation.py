"""@operation: transaction, retries, log line and metrics of a service.

One transaction, retried as a whole when PostgreSQL chose it as the victim of a deadlock; one span,
one measurement and one log line that say what was done to what, for how long and how it ended.

Only OpenTelemetry's API is used here: while nothing is exported (see ``config.telemetry``) spans
and measurements go nowhere and cost next to nothing.
"""

import functools
import logging
import random
import time
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar

from django.db import InterfaceError, OperationalError, connection, transaction
from opentelemetry import metrics, trace

from tenants.operations.refusals import Busy, Refusal

correlation_id = ContextVar("correlation_id", default="")
client_address = ContextVar("client_address", default="")  # "" outside of requests
source = ContextVar("source", default="system")  # api, admin, floor, import or system
_is_dry_run = ContextVar("is_dry_run", default=False)
_is_whole = ContextVar("is_whole", default=False)

logger = logging.getLogger("spoolbook.operation")

ATTEMPTS = 4
# serialization_failure, deadlock_detected, and what `compiled` says of a plan that is outdated
RETRIED = {"40001", "40P01", "0A000"}
TIMED_OUT = {"55P03", "57014"}  # lock_not_available, query_canceled
SHUTDOWNS = {"57P01", "57P02", "57P03"}  # which end the connection, as those of class 08

# Seconds; from a single statement to the statement timeout of 30 s.
BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
# Attributes of the metrics; not the tenant, which would make a series for every farm.
LABELS = ("operation_type", "outcome", "dry_run")


def _instruments(meter):
    durations = meter.create_histogram(
        "spoolbook.operation.duration",
        unit="s",
        description="How long business operations take, their retries included.",
        explicit_bucket_boundaries_advisory=BUCKETS,
    )
    count = meter.create_counter(
        "spoolbook.operations",
        unit="{operation}",
        description="Business operations, by how they ended.",
    )
    return durations, count


# What stands in for the SDK's, until there is one: then they turn into them.
_tracer = trace.get_tracer("spoolbook")
_durations, _count = _instruments(metrics.get_meter("spoolbook"))


class CommitUnknown(OperationalError):
    """The connection was lost during COMMIT: what was done is stored as a whole, or not at all."""


def operation(name):
    """Make a service verb one business operation: ``@operation("production_run.complete")``."""

    def decorate(verb):
        @functools.wraps(verb)
        def run(*args, **kwargs):
            with observed(name, args[0] if args else None, by=kwargs.get("by")) as seen:
                result = in_transaction(lambda: verb(*args, **kwargs), seen=seen, joins=True)
                _add_names(seen, result)
                return result

        run.operation_type = name
        return run

    return decorate


@contextmanager
def whole_transaction():
    """The operation called in the block is all that its transaction, or savepoint, does: it makes
    none of its own. Its error must not be caught before that has ended; Django refuses all
    statements until then."""
    token = _is_whole.set(connection.in_atomic_block)
    try:
        yield
    finally:
        _is_whole.reset(token)


def in_transaction(work, *, seen=None, joins=False, is_one_statement=False):
    """Run ``work`` in a transaction and return its result; without one, where it
    ``is_one_statement``, which PostgreSQL commits by itself.

    The outermost caller's transaction is tried again, three times at most, after a deadlock or a
    serialization failure; inside another transaction it is a savepoint and is left to the outer
    one, or ``joins`` a `whole_transaction`. ``seen``, a dict, gets the number of attempts if there
    was more than one. Raises Busy when the locks could not be had, CommitUnknown.
    """
    if connection.in_atomic_block:
        joins = joins and _is_whole.get()
        token = _is_whole.set(False)
        try:
            with transaction.atomic(savepoint=not joins):
                return work()
        finally:
            _is_whole.reset(token)
    attempt = 1
    while True:
        try:
            return _committed(work, is_one_statement)
        except CommitUnknown:
            raise
        except OperationalError as error:
            _give_up_or_wait(error, attempt)
        attempt += 1
        trace.get_current_span().set_attribute("attempts", attempt)
        if seen is not None:
            seen["attempts"] = attempt


def _committed(work, is_one_statement):
    is_done = is_one_statement
    try:
        with nullcontext() if is_one_statement else transaction.atomic():
            result = work()
            is_done = True
    except (OperationalError, InterfaceError) as error:
        if is_done and _is_lost(error):
            raise CommitUnknown(str(error)) from error
        raise
    return result


def _is_lost(error):
    """Whether an error is of the connection, and no answer of the database."""
    code = _sqlstate(error)
    return code is None or code in SHUTDOWNS or code.startswith("08")


def _give_up_or_wait(error, attempt):
    code = _sqlstate(error)
    if code in TIMED_OUT or (code in RETRIED and attempt == ATTEMPTS):
        raise Busy() from error
    if code not in RETRIED:
        raise error
    time.sleep(random.uniform(0.005, 0.05) * attempt)


def _sqlstate(error):
    return getattr(error.__cause__, "sqlstate", None)


# --- What can be seen of an operation ----------------------------------------------------------


@contextmanager
def observed(name, subject=None, *, by=None, level=logging.INFO):
    """Observe the block as one operation, of the user ``by``, without a transaction.

    Yields a dict: what is put into it becomes part of the span and the log line.
    """
    seen, started = _known_before(name, subject, by), time.perf_counter()
    # The status is set below: a refusal is no error.
    quietly = {"record_exception": False, "set_status_on_exception": False}
    with _tracer.start_as_current_span(name, attributes=seen, **quietly) as span:
        try:
            yield seen
        except BaseException as error:
            seen["outcome"] = _outcome(error)
            _record_failure(span, error, seen["outcome"])
            raise
        finally:
            seen.setdefault("outcome", "ok")
            _report(span, seen, time.perf_counter() - started, level)


def _known_before(name, subject, by):
    seen = {"operation_type": name, "tenant_id": str(connection.schema_name)}
    seen["correlation_id"] = correlation_id.get()
    if getattr(by, "pk", None):
        seen["user_id"] = by.pk
    if _is_dry_run.get():
        seen["dry_run"] = True
    _add_names(seen, subject)
    return seen


def _add_names(seen, thing):
    """Add which row it is about, and which run: of the subject, else of the result."""
    meta = getattr(thing, "_meta", None)
    pk = getattr(thing, "pk", None)
    if meta is not None and isinstance(pk, int) and "subject_id" not in seen:
        seen["subject_type"], seen["subject_id"] = meta.model_name, pk
    run_id = _run_id(thing)
    if run_id is not None:
        seen.setdefault("run_id", run_id)


def _run_id(thing):
    """The id of a run, of the run of a line or an entry, or of the run in an answer."""
    if getattr(getattr(thing, "_meta", None), "model_name", None) == "productionrun":
        return thing.pk
    for name in ("run_id", "production_run_id"):
        if isinstance(found := getattr(thing, name, None), int):
            return found
    run = vars(thing).get("run") if hasattr(thing, "__dict__") else None
    return getattr(run, "pk", None)


def _outcome(error):
    if isinstance(error, Refusal):
        return error.code
    if isinstance(error, GeneratorExit):  # of a table that is streamed
        return "aborted"
    # Inside another's transaction, which is given up or tried again as a whole.
    if _sqlstate(error) in TIMED_OUT:
        return Busy.code
    if _sqlstate(error) in RETRIED:
        return "retry"
    return f"error:{type(error).__name__}"


def _record_failure(span, error, outcome):
    if not outcome.startswith("error:"):
        # The code alone: sentence and figures are for the caller.
        span.add_event("refused", {"code": outcome})
        return
    span.record_exception(error)
    span.set_status(trace.Status(trace.StatusCode.ERROR, type(error).__name__))


def _report(span, seen, seconds, level):
    labels = {name: seen[name] for name in LABELS if name in seen}
    _durations.record(seconds, labels)
    _count.add(1, labels)
    span.set_attributes(seen)
    context = span.get_span_context()
    if context.is_valid:
        seen["trace_id"] = trace.format_trace_id(context.trace_id)
    seen["duration_ms"] = round(seconds * 1000, 2)
    logger.log(level, seen["operation_type"], extra=seen)


# --- Dry runs -----------------------------------------------------------------------------------


class _Rollback(Exception):
    def __init__(self, result):
        self.result = result


def in_dry_run(work):
    """Run ``work`` in a transaction, take everything back, and return its result.

    The operations in it are marked ``dry_run`` wherever they are seen.
    """

    def run():
        result = work()
        _check_deferred_constraints()
        raise _Rollback(result)

    token = _is_dry_run.set(True)
    try:
        in_transaction(run)
    except _Rollback as rolled_back:
        return rolled_back.result
    finally:
        _is_dry_run.reset(token)


def with_dry_run(verb):
    """Give a verb the argument ``dry_run``: all of it is done, and rolled back."""

    @functools.wraps(verb)
    def run(*args, dry_run=False, **kwargs):
        work = functools.partial(verb, *args, **kwargs)
        return in_dry_run(work) if dry_run else work()

    return run


def _check_deferred_constraints():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
