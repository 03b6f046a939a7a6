"""Evidence on disk: `evidence/<environment>/<id>/record.json` beside the report that it names."""

import dataclasses
import hashlib
import json
from collections.abc import Container
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.readiness.located import Table, read_json
from pipelines.readiness.model import (
    Coverage,
    Database,
    Environment,
    Evidence,
    Material,
    Record,
)

SCHEMA = "eva-evidence/1"
RECORD = "record.json"
ENVIRONMENTS = tuple(str(environment) for environment in Environment)


def digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def folder_of(evidence: Path, name: str, environment: Environment) -> Path:
    """Return where one kind of evidence is kept."""
    return evidence / str(environment) / name


def written(record: Record) -> str:
    """Return a record as it is stored: sorted keys, one a line."""
    made = {"schema": SCHEMA, **dataclasses.asdict(record)}
    return json.dumps(made, indent=1, sort_keys=True, default=_plain, ensure_ascii=False) + "\n"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} in a record")


def load_evidence(evidence: Path, known: Container[str]) -> Evidence:
    """Read every record below a folder; ConfigurationError names a malformed one and its line."""
    found: dict[tuple[str, Environment], Material] = {}
    for path in sorted(evidence.glob(f"*/*/{RECORD}")):
        if path.parent.parent.name in ENVIRONMENTS:
            material = _material(path, path.relative_to(evidence.parent).as_posix(), known)
            found[material.record.id, material.record.environment] = material
    return found


def _material(path: Path, shown: str, known: Container[str]) -> Material:
    table = read_json(path, shown)
    record = read_record(table)
    if record.id not in known:
        raise table.refuse(f"no [[evidence]] is called {record.id!r}: remove its folder", "id")
    if (record.id, str(record.environment)) != (path.parent.name, path.parent.parent.name):
        said = "the record is not in the folder of its id and environment"
        raise table.refuse(said, "environment")
    return Material(
        record=record,
        report=_report(path.parent, record),
        path=shown,
        sha256=digest(path.read_bytes()),
    )


def _report(folder: Path, record: Record) -> bytes | None:
    """Return the report if it is still the recorded one."""
    file = folder / record.report
    if not record.report or not file.is_file():
        return None
    content = file.read_bytes()
    return content if digest(content) == record.sha256 else None


def read_record(table: Table) -> Record:
    """Read a record, refusing every key and every value that is not as it should be."""
    table.only("schema", *Record.__slots__)
    if table.text("schema") != SCHEMA:
        raise table.refuse(f"not {SCHEMA}", "schema")
    made = Record(
        **{name: table.text(name) for name in ("id", "tool", "commit", "media_type")},
        **{name: table.text(name, "") for name in ("version", "target", "mode", "not_run")},
        argv=table.texts("argv"),
        dirty=table.need("dirty", bool),
        environment=table.choice("environment", Environment),
        started=table.time("started"),
        finished=table.time("finished"),
        exit_code=table.need("exit_code", int),
        coverage=_coverage(_part(table, "coverage")),
        database=_database(table),
        report=_file_name(table),
        sha256=table.text("sha256", ""),
    )
    if made.finished < made.started:
        raise table.refuse("it finished before it started", "finished")
    if not made.not_run and not (made.report and made.sha256):
        raise table.refuse("a tool that ran has a report and its sha256", "report")
    return made


def _part(table: Table, key: str) -> Table:
    return Table(table.need(key, dict), table.place)


def _file_name(table: Table) -> str:
    name = table.text("report", "")
    if name != Path(name).name:
        raise table.refuse("the report must lie beside its record", "report")
    return name


def _coverage(table: Table) -> Coverage:
    table.only(*Coverage.__slots__)
    counts: dict[str, Any] = {}
    for name in ("expected", "seen", "skipped", "errors"):
        counts[name] = table.need(name, int)
        if counts[name] < 0:
            raise table.refuse(f"{name!r} is negative", name)
    return Coverage(
        **counts, unseen=table.texts("unseen", ()), unexpected=table.texts("unexpected", ())
    )


def _database(table: Table) -> Database | None:
    if table.values.get("database") is None:
        return None
    part = _part(table, "database")
    part.only(*Database.__slots__)
    return Database(commit=part.text("commit"), newest=part.time("newest"))
