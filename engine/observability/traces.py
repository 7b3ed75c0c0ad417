"""Traces: a ``traceparent`` goes from a report to its task; where OpenTelemetry is installed and an exporter is set,
each sampled record gets one span.

Headers alone carry it: no decision and no state knows of it (``docs/decisions/0014-traces-travel-in-headers.md``).
"""

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from topics.trace import TRACEPARENT, traceparent

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

    from engine.stream.contracts import Record

log = logging.getLogger(__name__)

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
CLOSE_SECONDS = 3.0
"""A collector that does not answer keeps no stage from ending."""

Header = tuple[str, bytes]


class Trail:
    """What one opening of a partition carries on, and its spans. They end when their step is committed: of an opening
    that is thrown away nothing is told."""

    def __init__(self, stage: str, tracer: "Tracer | None" = None) -> None:
        """Without a tracer, carry headers alone."""
        self._stage, self._tracer = stage, tracer
        self._spans: list[Span] = []

    def after(self, record: "Record") -> Sequence[Header]:
        """Give the headers for what follows from a record: none, if it came without a trace."""
        came = traceparent(record.headers)
        if came is None:
            return ()
        if self._tracer is None or not came[-1] & 1:  # the last hexadecimal digit is odd where it is sampled
            return ((TRACEPARENT, came),)
        return ((TRACEPARENT, self._begin(self._tracer, record, came)),)

    def _begin(self, tracer: "Tracer", record: "Record", came: bytes) -> bytes:
        from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags, set_span_in_context

        _, trace, span, flags = came.decode().split("-")
        sender = SpanContext(int(trace, 16), int(span, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
        begun = tracer.start_span(
            f"{self._stage} {record.topic}",
            set_span_in_context(NonRecordingSpan(sender)),
            SpanKind.CONSUMER,
            attributes={
                "messaging.system": "kafka",
                "messaging.destination.name": record.topic,
                "messaging.destination.partition.id": str(record.partition),
                "messaging.kafka.offset": record.offset,
                "gridwhistle.cause": record.id,
            },
        )
        self._spans.append(begun)
        ours = begun.get_span_context()
        return f"00-{ours.trace_id:032x}-{ours.span_id:016x}-{ours.trace_flags:02x}".encode()

    def written(self) -> None:
        """End the spans of a step that is committed."""
        if self._spans:
            for span in self._spans:
                span.end()
            self._spans.clear()


class Tracing:
    """The spans of one process: where they go, and its end."""

    def __init__(self, stage: str, provider: "TracerProvider | None" = None) -> None:
        """Without a provider, headers alone are carried."""
        self._stage, self._provider = stage, provider
        self._tracer = None if provider is None else provider.get_tracer("gridwhistle")

    def trail(self) -> Trail:
        """Make that of one opening."""
        return Trail(self._stage, self._tracer)

    def close(self) -> None:
        """Send what waits, for a moment."""
        if self._provider is not None:
            ending = threading.Thread(target=self._provider.shutdown, daemon=True)
            ending.start()
            ending.join(CLOSE_SECONDS)


def tracing(stage: str, environ: Mapping[str, str]) -> Tracing:
    """Set up what OpenTelemetry's own variables ask for; its exporter runs on a thread of its own."""
    if not is_wanted(environ):
        return Tracing(stage)
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning(
            "an OTLP endpoint is set and OpenTelemetry is not installed: pip install 'gridwhistle[traces]'; until then"
            " no span is made, headers are carried on"
        )
        return Tracing(stage)
    return Tracing(stage, provider_of(stage, environ, BatchSpanProcessor(OTLPSpanExporter())))


def is_wanted(environ: Mapping[str, str]) -> bool:
    """Whether an exporter is set and nobody has switched it off."""
    off = environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or environ.get("OTEL_TRACES_EXPORTER") == "none"
    return not off and any(environ.get(name) for name in ENDPOINTS)


def provider_of(stage: str, environ: Mapping[str, str], processor: Any) -> "TracerProvider":
    """Make the provider of a stage, named after it unless ``OTEL_SERVICE_NAME`` says otherwise."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    name = environ.get("OTEL_SERVICE_NAME") or f"gridwhistle-{stage}"
    provider = TracerProvider(resource=Resource.create({"service.name": name}), shutdown_on_exit=False)
    provider.add_span_processor(processor)
    return provider
