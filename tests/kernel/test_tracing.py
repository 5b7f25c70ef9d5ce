"""Operations leave spans; nothing is exported unless a collector is named."""

from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from ontos.data.sheets import list_sheets
from ontos.kernel import tracing
from ontos.kernel.caller import Caller


@pytest.fixture(scope="module")
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    yield exporter
    provider.shutdown()


def test_an_operation_is_a_span(caller: Caller, spans: InMemorySpanExporter) -> None:
    spans.clear()
    list_sheets(caller)
    assert "list_sheets" in [span.name for span in spans.get_finished_spans()]


def test_nothing_is_exported_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(tracing.ENDPOINT, raising=False)
    assert tracing.configure() is False
