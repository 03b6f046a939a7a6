import json
import logging
import sys
from collections.abc import Iterator

import pytest

from app.core import loglines, tracing
from app.core.errors import NotFoundError
from app.core.tracing import Kind, Span, Trace

WRITTEN = "what-somebody-wrote"
TRACE, CALLER = "ab" * 16, "cd" * 8


def record(name: str, message: str, *args: object, error: Exception | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord(name, logging.WARNING, __file__, 1, message, args, info)
    return loglines.AsJson().format(made)


@pytest.fixture
def span() -> Iterator[Span]:
    made = Span("GET /", Kind.SERVER, Trace(int(TRACE, 16), 1.0), None)
    token = tracing.active.set(made)
    yield made
    tracing.active.reset(token)


def test_a_line_is_one_json_object() -> None:
    told = json.loads(record("eva.web", "a line\nof %s", "two"))
    assert told["message"] == "a line\nof two"
    assert (told["level"], told["logger"]) == ("warning", "eva.web")
    assert told["time"].endswith("+00:00")
    assert "\n" not in record("eva.web", "a line\nof two")


def test_a_line_names_the_trace_and_span_it_belongs_to(span: Span) -> None:
    told = json.loads(record("eva.web", "said"))
    assert (told["trace_id"], told["span_id"]) == (TRACE, f"{span.id:016x}")


def test_without_telemetry_a_line_names_the_callers_trace() -> None:
    token = tracing.current.set(f"00-{TRACE}-{CALLER}-01")
    told = json.loads(record("eva.web", "said"))
    tracing.current.reset(token)
    assert (told["trace_id"], told["span_id"]) == (TRACE, CALLER)
    assert "trace_id" not in json.loads(record("eva.web", "said"))


def test_an_exception_is_told_by_type_and_place_never_by_its_text() -> None:
    with pytest.raises(NotFoundError) as caught:
        raise NotFoundError(id=WRITTEN)
    told = json.loads(record("eva.web", "failed", error=caught.value))
    assert (told["error"], told["code"]) == ("NotFoundError", "not-found")
    assert "test_logs.py" in told["stack"]
    assert WRITTEN not in json.dumps(told)


def test_of_what_libraries_say_only_the_first_line_is_told() -> None:
    told = json.loads(record("asyncio", "Task exception was never retrieved\nfuture: <secret>"))
    assert told["message"] == "Task exception was never retrieved"


def test_a_key_in_a_line_is_masked() -> None:
    key = f"eva_{'0' * 26}_{'s' * 43}"
    assert json.loads(record("eva.web", "refused %s", key))["message"] == "refused eva_***"


def test_libraries_are_heard_from_warning_on(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        loglines.install("debug", as_json=True)
        root.handlers[0].stream = sys.stderr  # type: ignore[attr-defined]  # the one captured
        logging.getLogger("httpx").info("GET https://secret.example/?q=1")
        logging.getLogger("httpx").warning("slow")
        logging.getLogger("eva.web").debug("ours")
        told = [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()]
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        for name in loglines.OURS:
            logging.getLogger(name).setLevel(logging.NOTSET)
    assert told == ["slow", "ours"]
