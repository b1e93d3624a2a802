"""The SDK: what is recorded of requests, statements and operations, and where it is sent.

Everything is sent by threads of its own from bounded queues: when nobody answers there, spans are
dropped, and no request waits. The SDK starts its threads anew in a forked process.
"""

import functools
import os

from django.core.exceptions import DisallowedHost
from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.django.middleware.otel_middleware import _DjangoMiddleware
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Status

from config.env import env_str

# Where the standard variables say nothing.
DEFAULTS = {
    "OTEL_SERVICE_NAME": "spoolbook",
    # So that OTEL_TRACES_SAMPLER_ARG alone sets the share of the requests that are traced.
    "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
    "OTEL_TRACES_SAMPLER_ARG": "1.0",
    # A restored schema is one statement of a megabyte.
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT": "4096",
    # Seconds; a process that ends waits as long for a collector that does not answer.
    "OTEL_EXPORTER_OTLP_TIMEOUT": "3",
    "OTEL_PYTHON_DJANGO_EXCLUDED_URLS": "/healthz,/readyz,/static/",
}


@functools.cache
def start():
    """Set the providers of this process and instrument Django and psycopg, once."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    if env_str("OTEL_TRACES_EXPORTER", "otlp") != "none":
        trace.set_tracer_provider(tracer_provider(OTLPSpanExporter()))
    if env_str("OTEL_METRICS_EXPORTER", "otlp") != "none":
        reader = PeriodicExportingMetricReader(OTLPMetricExporter())
        metrics.set_meter_provider(MeterProvider(metric_readers=[reader]))
    instrument()


def tracer_provider(exporter):
    """Spans as the environment wants them sampled, sent by ``exporter`` from a thread."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Discreet(exporter)))
    return provider


def instrument():
    """Make a span of each request and of each SQL statement, its parameters left out."""
    excluded = os.environ.get("OTEL_PYTHON_DJANGO_EXCLUDED_URLS")
    RequestInstrumentor().instrument(response_hook=describe, excluded_urls=excluded)
    # connection.cursor_factory is replaced by a subclass; config.database.base never sets its own.
    PsycopgInstrumentor().instrument(capture_parameters=False, enable_commenter=False)


def describe(span, request, response):
    """Name the request's span by the route of the site it went to, with farm and correlation id."""
    match = request.resolver_match
    if match is not None:
        span.update_name(f"{request.method} {match.route}")
    if tenant := getattr(request, "tenant", None):
        span.set_attribute("tenant_id", tenant.schema_name)
    span.set_attribute("correlation_id", getattr(request, "correlation_id", ""))


class RequestSpans(_DjangoMiddleware):
    """OpenTelemetry's middleware, which would answer a Host that can't be one with an error."""

    def __call__(self, request):
        try:
            request.get_host()
        except DisallowedHost:
            return self.get_response(request)
        return super().__call__(request)


class RequestInstrumentor(DjangoInstrumentor):
    """Puts RequestSpans in front of the middleware rather than OpenTelemetry's own."""

    _opentelemetry_middleware = f"{RequestSpans.__module__}.{RequestSpans.__qualname__}"


class Discreet(SpanExporter):
    """Sends spans without the words of exceptions: PostgreSQL's quote the row that it refused.

    What was said is in the log, under the same correlation id.
    """

    def __init__(self, exporter):
        self._exporter = exporter

    def export(self, spans):
        return self._exporter.export([discreet(span) for span in spans])

    def shutdown(self):
        self._exporter.shutdown()

    def force_flush(self, timeout_millis=30_000):
        return self._exporter.force_flush(timeout_millis)


def discreet(span):
    """The span as it is, or a copy without what its exceptions said."""
    if not any(event.name == "exception" for event in span.events):
        return span
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=span.attributes,
        events=[_without_words(event) for event in span.events],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _without_words(event):
    if event.name != "exception":
        return event
    kept = {key: value for key, value in event.attributes.items() if key == "exception.type"}
    trace_lines = event.attributes.get("exception.stacktrace", "").splitlines()
    places = [line for line in trace_lines if line.startswith('  File "')]
    return Event(event.name, kept | {"exception.stacktrace": "\n".join(places)}, event.timestamp)
