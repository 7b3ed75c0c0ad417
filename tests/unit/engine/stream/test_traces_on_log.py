"""A report's trace goes from the door to the department's task, with a span of each stage where somebody asked for
them, and changes nothing that is decided."""

import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import cache
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from engine.observability import traces
from engine.observability.traces import Tracing, Trail, is_wanted, provider_of, tracing
from engine.stream.contracts import Record
from tests.support.fetched import fetched
from tests.support.loop_rig import LoopRig
from tests.support.poison import good
from tests.support.prometheus import door
from tests.support.still_time import still, until
from tests.unit.engine.stream.test_stages_on_log import (
    COUNT,
    LAW,
    PARTITIONS,
    Dispatch,
    Fanout,
    Intake,
    of_incidents,
    report_all,
    tasks,
)
from topics.ids import murmur2
from topics.registry import DECISIONS, INCIDENTS, RAW, REJECTED, STATE, department_topics
from topics.trace import TRACEPARENT, traceparent

SENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = SENT[:-1] + b"0"


def traced_reports(rig: LoopRig, trace: bytes | None) -> None:
    """One urgent report beside all the others, and one that is rejected."""
    (key, value, headers), *_ = good(6, 20, urgent_percent=100)
    number = (murmur2(key or b"") & 0x7FFFFFFF) % PARTITIONS
    more = [] if trace is None else [(TRACEPARENT, trace)]
    rig.log.append(RAW.name, number, value, key, [*headers, *more])
    rig.log.append(RAW.name, number, b"{}", key, [*headers, *more])


def written(rig: LoopRig, topic: str, partitions: int = PARTITIONS) -> list[Any]:
    """All records of a topic."""
    return [one for number in range(partitions) for one in rig.log.all(topic, number)]


def with_trace(records: list[Any]) -> list[str]:
    """The traces that records carry."""
    return [found.decode() for one in records if (found := traceparent(one.headers)) is not None]


@cache
def spanned() -> tuple[dict[str, list[str]], list[Any], tuple[ReadableSpan, ...]]:
    """The same with a tracer in each stage, and its spans."""
    exporter = InMemorySpanExporter()
    provider = provider_of("all", {}, SimpleSpanProcessor(exporter))
    return *told(SENT, lambda stage: Trail(stage, provider.get_tracer("t"))), exporter.get_finished_spans()


@cache
def told(trace: bytes | None, trail: Callable[[str], Trail] = Trail) -> tuple[dict[str, list[str]], list[Any]]:
    """Run the stages over the same reports; what each topic carries, and what was decided."""
    found: dict[str, list[str]] = {}
    decided: list[Any] = []

    @still
    async def story() -> None:
        async with AsyncExitStack() as stack:
            dispatch = await stack.enter_async_context(Dispatch(trail))
            rigs = [await stack.enter_async_context(Intake(dispatch, trail)), dispatch]
            rigs.append(await stack.enter_async_context(Fanout(dispatch, trail)))
            report_all(dispatch)
            traced_reports(dispatch, trace)
            for rig in rigs:
                await rig.worker().start()
            await until(lambda: len(of_incidents(dispatch)) >= COUNT + 1 and written(dispatch, REJECTED.name))
            wanted = sum(
                one.value.count(b'"type":"TaskDispatched"') + one.value.count(b'"type":"SenderAnswered"')
                for one in written(dispatch, DECISIONS.name)
            )
            await until(lambda: len(tasks(dispatch)) >= wanted > 0)
            for name in (INCIDENTS.name, DECISIONS.name, REJECTED.name):
                found[name] = with_trace(written(dispatch, name))
            found["tasks"] = [
                one
                for code in LAW.departments
                for one in with_trace(written(dispatch, department_topics(code)[0].name, 3))
            ]
            decided.extend(
                (one.key, one.value) for name in (DECISIONS.name, STATE.name) for one in written(dispatch, name)
            )

    story()
    return found, decided


def test_a_trace_goes_from_the_door_to_the_task_without_any_library() -> None:
    """The header as it came, on what follows from that report and on nothing else."""
    found, _ = told(SENT)
    assert {name: set(traces) for name, traces in found.items()} == {key: {SENT.decode()} for key in found}
    assert [len(found[name]) for name in (INCIDENTS.name, DECISIONS.name, REJECTED.name)] == [1, 1, 1]
    assert found["tasks"]
    assert not any(told(None)[0].values())


def test_nothing_that_is_decided_knows_of_it() -> None:
    """Decisions and state are the same bytes without a trace, with one, and with spans of it."""
    _, without = told(None)
    _, carried = told(SENT)
    _, with_spans, spans = spanned()
    assert without == carried == with_spans and len(without) > COUNT and spans


def test_each_stage_has_a_span_that_hangs_on_the_one_before() -> None:
    """From whoever sent it: intake, dispatch, fan-out; positions and nothing of what was reported."""
    found, _, spans = spanned()
    by_name = {span.name: span for span in spans}
    chain = [by_name[name] for name in ("intake incidents.raw", "dispatch incidents", "fanout tickets.decisions")]
    assert len(spans) == 4 and {f"{ids(one)[0]:032x}" for one in spans} == {SENT[3:35].decode()}
    assert sum(span.name == "intake incidents.raw" for span in spans) == 2  # the one that is rejected too
    accepted = next(one for one in spans if ids(one)[1] == parent(chain[1]))
    assert f"{parent(accepted):016x}" == SENT[36:52].decode()
    assert parent(chain[2]) == ids(chain[1])[1]
    assert set(found["tasks"]) == {f"00-{ids(chain[2])[0]:032x}-{ids(chain[2])[1]:016x}-01"}
    for span in spans:
        assert set(span.attributes or {}) == {
            "messaging.system",
            "messaging.destination.name",
            "messaging.destination.partition.id",
            "messaging.kafka.offset",
            "gridwhistle.cause",
        }
        assert not span.events and not span.links


def ids(span: ReadableSpan) -> tuple[int, int]:
    """Trace and span."""
    assert span.context is not None
    return span.context.trace_id, span.context.span_id


def parent(span: ReadableSpan) -> int:
    """The span it hangs on."""
    assert span.parent is not None
    return span.parent.span_id


def record(*headers: tuple[str, bytes | None]) -> Record:
    """One with these headers."""
    return fetched(RAW.name, 7, b"k", b"v", headers=headers)


@pytest.mark.parametrize(
    "given",
    [
        None,
        b"",
        SENT.upper(),
        SENT + b" ",
        b"01" + SENT[2:],
        b"00-" + b"0" * 32 + SENT[35:],
        SENT[:36] + b"0" * 16 + b"-01",
        b"call 13812345678",
        "电话".encode(),
    ],
)
def test_what_has_not_its_form_goes_no_further(given: bytes | None) -> None:
    """No text of a sender's comes in by a header."""
    assert Trail("intake").after(record((TRACEPARENT, given))) == ()


def test_what_is_not_sampled_is_carried_and_has_no_span() -> None:
    """Whoever began the trace has chosen."""
    exporter = InMemorySpanExporter()
    trail = Trail("intake", provider_of("intake", {}, SimpleSpanProcessor(exporter)).get_tracer("t"))
    assert trail.after(record((TRACEPARENT, UNSAMPLED))) == ((TRACEPARENT, UNSAMPLED),)
    trail.written()
    assert not exporter.get_finished_spans()


def test_a_step_that_is_thrown_away_tells_nothing() -> None:
    """A span ends with the commit."""
    exporter = InMemorySpanExporter()
    trail = Trail("intake", provider_of("intake", {}, SimpleSpanProcessor(exporter)).get_tracer("t"))
    assert trail.after(record((TRACEPARENT, SENT)))
    assert not exporter.get_finished_spans()
    trail.written()
    trail.written()
    assert len(exporter.get_finished_spans()) == 1


ON = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}


def test_spans_are_made_where_an_exporter_is_set() -> None:
    """And nobody has switched them off."""
    assert is_wanted(ON) and is_wanted({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x"})
    assert not is_wanted({}) and not is_wanted(ON | {"OTEL_SDK_DISABLED": "TRUE"})
    assert not is_wanted(ON | {"OTEL_TRACES_EXPORTER": "none"})
    provider = provider_of("dispatch", {}, SimpleSpanProcessor(InMemorySpanExporter()))
    assert provider.resource.attributes["service.name"] == "gridwhistle-dispatch"


def test_without_the_library_it_is_said_once_and_headers_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An SRE who sets an address and sees no span is told why."""
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.sdk.trace.export", None)
    trail = tracing("intake", ON).trail()
    assert "pip install 'gridwhistle[traces]'" in caplog.text
    assert trail.after(record((TRACEPARENT, SENT))) == ((TRACEPARENT, SENT),)


def test_spans_reach_a_collector_over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """By OpenTelemetry's own variables, from a thread of its own."""
    came: list[tuple[str, bytes]] = []

    def take(path: str, body: bytes) -> str:
        came.append((path, body))
        return ""

    with door(take) as url:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        here = tracing("intake", os.environ)
        trail = here.trail()
        assert trail.after(record((TRACEPARENT, SENT)))
        trail.written()
        here.close()
    ((path, body),) = came
    assert path == "/v1/traces" and b"intake incidents.raw" in body and b"gridwhistle-intake" in body
    assert bytes.fromhex(SENT[3:35].decode()) in body


def test_a_collector_that_hangs_keeps_no_stage_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its provider is left behind after the bound."""
    from threading import Event

    left = Event()

    class Hanging:
        def get_tracer(self, name: str) -> None: ...

        def shutdown(self) -> None:
            left.wait(30)

    monkeypatch.setattr(traces, "CLOSE_SECONDS", 0.01)
    Tracing("intake", Hanging()).close()  # type: ignore[arg-type]
    left.set()
