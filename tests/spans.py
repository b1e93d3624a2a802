"""Watching operations: their spans and metrics, stored in memory, and nothing sent anywhere."""

from contextlib import contextmanager
from unittest.mock import patch

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from tenants.operations import operation


class Watched:
    """What was seen so far."""

    def __init__(self, exporter, reader):
        self._exporter, self._reader = exporter, reader

    def spans(self, name):
        """The finished spans of this name, oldest first."""
        return [span for span in self._exporter.get_finished_spans() if span.name == name]

    def last(self, name):
        """The attributes of the span of this name that ended last."""
        return dict(self.spans(name)[-1].attributes)

    def points(self, metric):
        """What a metric measured: ``[(labels, data point)]``."""
        data = self._reader.get_metrics_data()
        return [
            (dict(point.attributes), point)
            for resource in (data.resource_metrics if data else [])
            for scope in resource.scope_metrics
            for each in scope.metrics
            if each.name == metric
            for point in each.data.data_points
        ]


@contextmanager
def watching(sampler=ALWAYS_ON):
    """Operations are Watched within the block, and by nobody else."""
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    meters = MeterProvider([reader], shutdown_on_exit=False)
    durations, count = operation._instruments(meters.get_meter("spoolbook"))
    tracer = provider.get_tracer("spoolbook")
    with patch.multiple(operation, _tracer=tracer, _durations=durations, _count=count):
        yield Watched(exporter, reader)
    meters.shutdown()
    provider.shutdown()
