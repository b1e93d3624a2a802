"""Telemetry: off by default, sent to the configured collector, without values of rows."""

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from django.conf import settings
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from config import telemetry
from config.telemetry.export import RedactingExporter
from tests.serving import ROOT, served_environment

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"

# A process as a web server would start it, that serves two requests and ends.
SERVE = """
import io, json, sys
from config.wsgi import application

def get(path, host):
    said = {}
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "HTTP_HOST": host, "SERVER_NAME": "x",
               "SERVER_PORT": "80", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(),
               "wsgi.errors": sys.stderr, "REMOTE_ADDR": "127.0.0.1", "CONTENT_LENGTH": "0",
               "HTTP_X_REQUEST_ID": "request-7"}
    answer = application(environ, lambda status, headers: said.update(status=status))
    b"".join(answer)
    getattr(answer, "close", lambda: None)()
    return int(said["status"][:3])

statuses = [get("/accounts/login/", "alpha.localhost"), get("/healthz", "x"), get("/", "no host!")]

from django.db import connection
from tenants.models import Tenant
from tenants.operations.operation import operation

@operation("test.ask")
def ask():
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text", ["a-parameter-of-a-row"])
        cursor.execute("SELECT ('said-by-' || %s)::int", ["postgresql"])
try:
    ask()
except Exception:
    pass
print(json.dumps({"statuses": statuses, "sdk": "opentelemetry.sdk" in sys.modules}))
"""


class Collector(BaseHTTPRequestHandler):
    """Keeps what it is sent, and is on this machine."""

    got = has_more = None

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.has_more:
            self.got.append((self.path, body))
            self.has_more.notify_all()
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def collecting():
    """A collector; ``got`` is what it was sent: ``[(path, body)]``, and ``has_more`` a Condition
    that it notifies of each."""
    got, has_more = [], threading.Condition()
    handler = type("Collecting", (Collector,), {"got": got, "has_more": has_more})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever).start()
    url = f"http://127.0.0.1:{server.server_port}"
    yield SimpleNamespace(url=url, got=got, has_more=has_more)
    server.shutdown()
    server.server_close()


@pytest.fixture
def collector():
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def without(serve):
    """What the process says without telemetry."""
    return serve()


@pytest.fixture(scope="module")
def traced(serve):
    """What it says with telemetry, and the collector that it was sent to."""
    with collecting() as collector:
        return serve(**{ENDPOINT: collector.url}), collector


@pytest.fixture(scope="module")
def serve(django_db_setup, django_db_blocker):
    """``serve(OTEL_...="...")``: what the process above says, with that environment."""

    def run(**environment):
        with django_db_blocker.unblock():
            usual = served_environment()
        done = subprocess.run(
            [sys.executable, "-c", SERVE],
            cwd=ROOT,
            env=usual | environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) | {"log": done.stderr}

    return run


def sent(collector, path):
    return b"".join(body for to, body in collector.got if to == path)


# --- On and off --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        ({ENDPOINT: " "}, False),
        ({ENDPOINT: "http://127.0.0.1:4318"}, True),
        ({ENDPOINT: "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "TRUE"}, False),
    ],
)
def test_it_is_wanted_when_a_collector_is_named(monkeypatch, environment, wanted):
    for name in (ENDPOINT, "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert telemetry.is_enabled() is wanted


def test_off_it_is_not_even_imported(without):
    assert without["sdk"] is False
    assert "trace_id" not in without["log"]


def test_what_can_not_be_started_stops_nobody(monkeypatch, caplog):
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:4318")
    monkeypatch.delenv("OTEL_SDK_DISABLED", raising=False)
    monkeypatch.setattr("config.telemetry.export.start", lambda: 1 / 0)
    assert telemetry.configure() is False
    assert "Telemetry stays off" in caplog.text


# --- What is sent ------------------------------------------------------------------------------


def test_requests_statements_and_operations_are_sent_without_what_rows_hold(traced):
    served, collector = traced
    spans, metrics = sent(collector, "/v1/traces"), sent(collector, "/v1/metrics")
    assert b"spoolbook" in spans
    for text in (b"test.ask", b"error:DataError", b"request-7", b"farm_alpha", b"SELECT %s::text"):
        assert text in spans
    for secret in (b"a-parameter-of-a-row", b"said-by-postgresql", b"healthz"):
        assert secret not in spans + metrics
    assert b"spoolbook.operation.duration" in metrics
    assert b"farm_alpha" not in metrics
    assert '"trace_id"' in served["log"]


def test_it_changes_no_answer(traced, without):
    assert traced[0]["statuses"] == without["statuses"]


def test_the_share_of_what_is_traced_is_set_by_the_argument_alone(serve, collector):
    serve(**{ENDPOINT: collector.url, "OTEL_TRACES_SAMPLER_ARG": "0"})
    assert sent(collector, "/v1/traces") == b""
    assert b"spoolbook.operations" in sent(collector, "/v1/metrics")


def test_metrics_can_be_left_out(serve, collector):
    serve(**{ENDPOINT: collector.url, "OTEL_METRICS_EXPORTER": "none"})
    assert {path for path, _ in collector.got} == {"/v1/traces"}


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "not an address"])
def test_a_collector_that_is_not_there_stops_nobody(serve, without, endpoint):
    served = serve(**{ENDPOINT: endpoint, "OTEL_EXPORTER_OTLP_TIMEOUT": "1"})
    assert served["statuses"] == without["statuses"]


def test_the_words_of_an_exception_stay_here():
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(RedactingExporter(memory)))
    tracer = provider.get_tracer("test")
    with (
        pytest.raises(ValueError, match="secret"),
        tracer.start_as_current_span("broken", attributes={"kept": "yes"}),
    ):
        raise ValueError("Failing row contains (secret)")
    with tracer.start_as_current_span("whole"):
        pass
    broken, whole = memory.get_finished_spans()
    assert "secret" not in broken.to_json()
    assert broken.attributes["kept"] == "yes"
    assert (broken.status.status_code, broken.events[0].attributes["exception.type"]) == (
        StatusCode.ERROR,
        "ValueError",
    )
    assert "test_telemetry.py" in broken.events[0].attributes["exception.stacktrace"]
    assert whole.status.status_code == StatusCode.UNSET


def test_the_tests_send_nothing():
    assert not os.environ.get(ENDPOINT)
    assert "config.telemetry.export.RequestSpans" not in settings.MIDDLEWARE
