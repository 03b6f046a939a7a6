"""Log lines: what is said of one, as JSON or as text, with the trace that it belongs to.

Texts of exceptions are left out (their types and where they arose are not): they may repeat what
somebody wrote. So are all but the first line of what libraries say.
"""

import json
import logging
import re
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime

from app.core import tracing
from app.core.errors import EvaError

OURS = frozenset({"eva", "app"})  # the loggers that we write to
_SECRET = re.compile(r"\beva_[0-9A-Za-z]+_[0-9A-Za-z_-]{16,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A log line. `stack` is where an exception arose, without its text; `code` a problem's."""

    at: float  # seconds since the epoch
    level: str
    logger: str
    message: str
    error: str | None = None
    stack: str | None = None
    code: str | None = None
    traceparent: str | None = None


def line(record: logging.LogRecord) -> Line:
    """Return what may be told of a record."""
    message = record.getMessage()
    if record.name.partition(".")[0] not in OURS:
        message = message.partition("\n")[0]
    error = record.exc_info[1] if record.exc_info else None
    return Line(
        at=record.created,
        level=record.levelname.lower(),
        logger=record.name,
        message=_SECRET.sub("eva_***", message),
        error=type(error).__qualname__ if error else None,
        stack="".join(traceback.format_tb(error.__traceback__)) if error else None,
        code=error.code if isinstance(error, EvaError) else None,
        traceparent=tracing.carried(),
    )


class AsJson(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        said = line(record)
        trace = said.traceparent.split("-") if said.traceparent else ("", None, None)
        told = {
            "time": datetime.fromtimestamp(said.at, UTC).isoformat(timespec="milliseconds"),
            "level": said.level,
            "logger": said.logger,
            "message": said.message,
            "trace_id": trace[1],
            "span_id": trace[2],
            "error": said.error,
            "stack": said.stack,
            "code": said.code,
        }
        return json.dumps({name: value for name, value in told.items() if value is not None})


class AsText(logging.Formatter):
    """For people: time, level, logger, message; below it where an exception arose."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        said = line(record)
        when = datetime.fromtimestamp(said.at, UTC).astimezone()
        text = f"{when:%Y-%m-%d %H:%M:%S},{when.microsecond // 1000:03} {record.levelname}"
        text = f"{text} {said.logger} {said.message}"
        return f"{text}\n{said.stack}{said.error}" if said.error else text


def install(level: str, *, as_json: bool) -> None:
    """Write log lines to the error stream from now on; libraries are heard from `warning` on."""
    handler = logging.StreamHandler()
    handler.setFormatter(AsJson() if as_json else AsText())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
