"""Export spans and metrics of requests, statements and operations with OpenTelemetry's SDK.

The SDK's own threads send them from bounded queues: without a collector spans are dropped, and no
request waits. It restarts its threads in a forked process.
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
from tenants.web.printer_addresses import without_tokens

# Of the standard variables.
DEFAULTS = {
    "OTEL_SERVICE_NAME": "spoolbook",
    # So that OTEL_TRACES_SAMPLER_ARG alone sets the share of the requests that are traced.
    "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
    "OTEL_TRACES_SAMPLER_ARG": "1.0",
    # The SQL that restores a schema is one statement of a megabyte.
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT": "4096",
    # Seconds; also how long a process waits at its end for a collector that does not answer.
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
    """A provider that sends spans by ``exporter``, sampled as the environment says."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(RedactingExporter(exporter)))
    return provider


def instrument():
    """Make a span of each request and of each SQL statement without its parameters."""
    excluded = os.environ.get("OTEL_PYTHON_DJANGO_EXCLUDED_URLS")
    RequestInstrumentor().instrument(response_hook=describe, excluded_urls=excluded)
    # connection.cursor_factory is replaced by a subclass; config.database.base never sets its own.
    PsycopgInstrumentor().instrument(capture_parameters=False, enable_commenter=False)


def describe(span, request, response):
    """Name a request's span by its route; add the farm and the correlation id."""
    match = request.resolver_match
    if match is not None:
        span.update_name(f"{request.method} {match.route}")
    if tenant := getattr(request, "tenant", None):
        span.set_attribute("tenant_id", tenant.schema_name)
    span.set_attribute("correlation_id", getattr(request, "correlation_id", ""))


class RequestSpans(_DjangoMiddleware):
    """OpenTelemetry's middleware, which fails with an error on an invalid Host header."""

    def __call__(self, request):
        try:
            request.get_host()
        except DisallowedHost:
            return self.get_response(request)
        return super().__call__(request)


class RequestInstrumentor(DjangoInstrumentor):
    """Adds RequestSpans to the middleware instead of OpenTelemetry's own class."""

    _opentelemetry_middleware = f"{RequestSpans.__module__}.{RequestSpans.__qualname__}"


class RedactingExporter(SpanExporter):
    """Sends spans without the messages of exceptions: PostgreSQL's quote the refused row; and
    without tokens, wherever a client has written one.

    The log has the message, with the same correlation id.
    """

    def __init__(self, exporter):
        self._exporter = exporter

    def export(self, spans):
        return self._exporter.export([redact(span) for span in spans])

    def shutdown(self):
        self._exporter.shutdown()

    def force_flush(self, timeout_millis=30_000):
        return self._exporter.force_flush(timeout_millis)


def redact(span):
    """The span, or a copy without the messages of its exceptions and without tokens."""
    texts = {name: value for name, value in span.attributes.items() if isinstance(value, str)}
    hidden = {name: without_tokens(text) for name, text in texts.items()}
    if hidden == texts and not any(event.name == "exception" for event in span.events):
        return span
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes={**span.attributes, **hidden},
        events=[_without_message(event) for event in span.events],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _without_message(event):
    if event.name != "exception":
        return event
    attributes = {key: value for key, value in event.attributes.items() if key == "exception.type"}
    lines = event.attributes.get("exception.stacktrace", "").splitlines()
    attributes["exception.stacktrace"] = "\n".join(
        line for line in lines if line.startswith('  File "')
    )
    return Event(event.name, attributes, event.timestamp)
