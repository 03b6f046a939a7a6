"""A Log Analytics workspace on this machine: made-up telemetry, asked with the real queries."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import duckdb_kql
from duckdb_kql.engine import schema

from dashboards import signals

ROOT = Path(__file__).parents[2]
COLUMN_TYPES = {
    "datetime": "TIMESTAMP",
    "string": "VARCHAR",
    "real": "DOUBLE",
    "int": "INTEGER",
    "bool": "BOOLEAN",
    "dynamic": "JSON",
}
ALL_COLUMNS = ("TimeGenerated", "Name", "Sum", "Max", "ItemCount", "Properties", "AppRoleInstance")
MINUTE = 60
_NOW = "(now() AT TIME ZONE 'UTC')"  # as the translator writes it


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A row of AppMetrics: how many minutes ago which metric had which value."""

    metric: str
    minutes: float
    value: float
    count: int = 1
    attributes: Mapping[str, str] = field(default_factory=dict)
    instance: str = "replica-1"


class Workspace:
    """The tables of the contract, empty at first; in it, it is always the same moment."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = (now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
        self.tables = signals.load(ROOT).tables
        self._database: duckdb.DuckDBPyConnection = duckdb_kql.connect()
        self._translated: dict[str, str] = {}
        for table, columns in self.tables.items():
            typed = ", ".join(f'"{name}" {COLUMN_TYPES[kind]}' for name, kind in columns.items())
            self._database.execute(f"CREATE TABLE {table} ({typed})")
        self._schema = schema(self._database)

    def add(self, samples: Sequence[Sample]) -> None:
        """Put metrics in."""
        rows = [
            (
                self._now - timedelta(minutes=one.minutes),
                one.metric,
                one.value,
                one.value,
                one.count,
                json.dumps(one.attributes),
                one.instance,
            )
            for one in samples
        ]
        columns = ", ".join(f'"{name}"' for name in ALL_COLUMNS)
        values = ", ".join("unnest(?)" for _ in ALL_COLUMNS)
        self._database.execute(
            f"INSERT INTO AppMetrics ({columns}) SELECT {values}",
            [list(column) for column in zip(*rows, strict=True)],
        )

    def receive(self, envelopes: Sequence[Mapping[str, Any]]) -> None:
        """Put in what a service sent to Azure Monitor, as Azure Monitor does: its metrics."""
        rows = [
            (
                datetime.fromisoformat(one["time"]).astimezone(UTC).replace(tzinfo=None),
                metric["name"],
                metric["value"],
                metric.get("min"),
                metric.get("max"),
                metric.get("count", 1),
                json.dumps(one["data"]["baseData"].get("properties") or {}),
                one["tags"]["ai.cloud.roleInstance"],
                one["tags"].get("ai.application.ver"),
            )
            for one in envelopes
            if one["data"]["baseType"] == "MetricData"
            for metric in one["data"]["baseData"]["metrics"]
        ]
        self._database.execute(
            'INSERT INTO AppMetrics ("TimeGenerated", "Name", "Sum", "Min", "Max", "ItemCount",'
            ' "Properties", "AppRoleInstance", "AppVersion")'
            f" SELECT {', '.join(['unnest(?)'] * 9)}",
            [list(column) for column in zip(*rows, strict=True)],
        )

    def add_faults(self, minutes: float, count: int) -> None:
        """Put a row of AppExceptions in that stands for so many faults."""
        at = self._now - timedelta(minutes=minutes)
        self._database.execute(
            'INSERT INTO AppExceptions ("TimeGenerated", "ExceptionType", "AppVersion",'
            ' "ItemCount") VALUES (?, ?, ?, ?)',
            [at, "ValueError", "1.0.0", count],
        )

    def forget(self, metric: str, attributes: Mapping[str, str], minutes: float) -> None:
        """Take out what a metric with these attributes had since then."""
        since = self._now - timedelta(minutes=minutes)
        where = "".join(f" AND \"Properties\" ->> '{name}' = ?" for name in attributes)
        self._database.execute(
            f'DELETE FROM AppMetrics WHERE "Name" = ? AND "TimeGenerated" > ?{where}',  # noqa: S608
            [metric, since, *attributes.values()],
        )

    def empty(self) -> None:
        """Take everything out."""
        for table in self.tables:
            self._database.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows that a query yields."""
        if query not in self._translated:
            told = str(duckdb_kql.to_sql(query, schema=self._schema))
            self._translated[query] = told.replace(_NOW, f"TIMESTAMP '{self._now}'")
            assert "now()" not in self._translated[query]
        return self._database.execute(self._translated[query]).fetchall()

    @contextmanager
    def for_a_while(self) -> Iterator["Workspace"]:
        """Undo at the end what is changed meanwhile."""
        self._database.execute("BEGIN")
        try:
            yield self
        finally:
            self._database.execute("ROLLBACK")

    def close(self) -> None:
        """Forget everything."""
        self._database.close()
