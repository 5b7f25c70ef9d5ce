"""Spans go nowhere unless an OpenTelemetry collector is named in the standard variables."""

import os

from ontos.kernel import logs

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


def configure() -> bool:
    """Export spans over OTLP where a collector is named; whether that is so now."""
    if not os.environ.get(ENDPOINT):
        return False
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError:
        logs.warning(
            f"{ENDPOINT} is set, but spans are not exported: install "
            "opentelemetry-exporter-otlp-proto-http."
        )
        return False
    from opentelemetry import trace
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": "ontos"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return True
