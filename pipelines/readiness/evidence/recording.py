"""Running one tool and writing its record: what ran, on what, when, where, and what it covered."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipelines.readiness.catalogue import Source
from pipelines.readiness.checks.check import Asked
from pipelines.readiness.evidence import note
from pipelines.readiness.evidence.tools import NOT_FOUND, Tools
from pipelines.readiness.located import Table
from pipelines.readiness.model import Coverage, Database, Environment, Reading, Record
from pipelines.readiness.objectives import Objectives
from pipelines.readiness.records import RECORD, digest, folder_of, written
from pipelines.readiness.verdict import Subject
from pipelines.readiness.weighing import MALFORMED

MOST_NAMES = 20
OF_MAKE = frozenset(
    {"MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "ONLY", "STAGE", "STRICT"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """Where evidence is made: the tree, the folder for evidence, the environment, its address."""

    root: Path
    evidence: Path
    environment: Environment
    target: str
    objectives: Objectives | None
    subject: Callable[[], Subject]
    tools: Tools = field(default_factory=Tools)


class StoppedError(Exception):
    """Making evidence was interrupted; nothing is kept of what was under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One run of a tool, with the state of the tree before and after it."""

    argv: tuple[str, ...]
    exit_code: int
    started: datetime
    finished: datetime
    trees: tuple[Subject, Subject]
    note: Table | None

    def noted(self, key: str) -> str:
        """Return what the producer's note says under a key, if it says it."""
        return self.note.text(key, "") if self.note else ""


def make(
    source: Source, workshop: Workshop, argv: Sequence[str] = (), log: Path | None = None
) -> Record:
    """Run a tool, keep its report, and write its record; earlier evidence of the kind is removed.

    Its output goes to the terminal, or to `log`. A tool that cannot run leaves a record of that;
    one that is stopped leaves nothing, and StoppedError is raised.
    """
    folder = folder_of(workshop.evidence, source.id, workshop.environment)
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    run = _run(_filled(argv or source.run, source, folder, workshop), workshop, folder, log)
    if workshop.tools.stopped.is_set():
        shutil.rmtree(folder)
        raise StoppedError(source.id)
    made = _described(source, run, workshop, folder)
    whole = folder / f".{RECORD}"
    whole.write_text(written(made), encoding="utf-8")
    whole.replace(folder / RECORD)
    return made


def _filled(
    argv: Sequence[str], source: Source, folder: Path, workshop: Workshop
) -> tuple[str, ...]:
    places = {"report": folder / source.report, "folder": folder, "root": workshop.root}
    return tuple(
        re.sub(r"\{(report|folder|root)\}", lambda found: str(places[found[1]]), part)
        for part in argv
    )


def _environ(folder: Path) -> Mapping[str, str]:
    """Return the environment of a tool: this interpreter's programs first, nothing of make's.

    What `make evidence` was told is not for the tools, some of which run make themselves.
    """
    given = {k: v for k, v in os.environ.items() if k not in OF_MAKE}
    path = os.pathsep.join((str(Path(sys.executable).parent), given.get("PATH", "")))
    return {**given, "PATH": path, note.VARIABLE: str(folder / "note.json")}


def _run(argv: tuple[str, ...], workshop: Workshop, folder: Path, log: Path | None) -> _Run:
    before, started = workshop.subject(), datetime.now(UTC)
    code = workshop.tools.call(argv, workshop.root, _environ(folder), log)
    return _Run(
        argv=argv,
        exit_code=code,
        started=started,
        finished=datetime.now(UTC),
        trees=(before, workshop.subject()),
        note=note.read(folder / "note.json"),
    )


def _described(source: Source, run: _Run, workshop: Workshop, folder: Path) -> Record:
    report = folder / source.report
    content = report.read_bytes() if report.is_file() else None
    not_run = run.noted("not_run") or ("" if content is not None else _why_not(run))
    before, after = run.trees
    return Record(
        id=source.id,
        tool=run.noted("tool") or next(iter(source.version), _tool(run.argv)),
        version=run.noted("version") or _version(source, workshop.root, _environ(folder)),
        argv=_relative(run.argv, workshop.root),
        commit=before.commit,
        dirty=before.dirty or after != before,
        environment=workshop.environment,
        target=workshop.target,
        mode=run.noted("mode"),
        started=run.started,
        finished=run.finished,
        exit_code=run.exit_code,
        not_run=not_run,
        coverage=Coverage(expected=0, seen=0, skipped=0, errors=0)
        if not_run or content is None
        else _covered(source, content, run.finished, workshop),
        database=_database(run.note),
        report="" if not_run else source.report,
        sha256="" if not_run or content is None else digest(content),
        media_type=source.media_type,
    )


def _tool(argv: Sequence[str]) -> str:
    """Return the name of a program; of a module that Python runs, its last name."""
    module = argv[2] if len(argv) > 2 and argv[1] == "-m" else ""  # noqa: PLR2004 - python -m x
    return module.rpartition(".")[2] or argv[0]


def _why_not(run: _Run) -> str:
    if run.exit_code == NOT_FOUND:
        return f"{run.argv[0]} is not installed"
    return f"{run.argv[0]} left no report and ended with code {run.exit_code}"


def _relative(argv: Sequence[str], root: Path) -> tuple[str, ...]:
    """Return arguments without the place of this clone, which is nobody's business."""
    return tuple(part.replace(f"{root}/", "") for part in argv)


def _version(source: Source, root: Path, environ: Mapping[str, str]) -> str:
    program = shutil.which(source.version[0], path=environ["PATH"]) if source.version else None
    if program is None:
        return ""
    done = subprocess.run(
        [program, *source.version[1:]],
        cwd=root,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"\d+(?:\.\d+)+\S*", done.stdout + done.stderr)
    return found[0] if found else ""


def _covered(source: Source, content: bytes, now: datetime, workshop: Workshop) -> Coverage:
    """Compare what the report speaks of with what it should: nothing told means all it saw."""
    asked = Asked(options=source.options, now=now, objectives=workshop.objectives)
    try:
        reading = source.reader.read(content, asked)
    except MALFORMED:
        reading = Reading(seen=frozenset(), errors=("unreadable",))
    expected = source.reader.expected(workshop.root, source.options) or reading.seen
    unseen, unexpected = sorted(expected - reading.seen), sorted(reading.seen - expected)
    return Coverage(
        expected=len(expected),
        seen=len(expected & reading.seen),
        skipped=len(reading.skipped),
        errors=len(reading.errors),
        unseen=tuple(unseen[:MOST_NAMES]),
        unexpected=tuple(unexpected[:MOST_NAMES]),
    )


def _database(said: Table | None) -> Database | None:
    if said is None or "database" not in said.values:
        return None
    part = Table(said.need("database", dict), said.place)
    return Database(commit=part.text("commit"), newest=part.time("newest"))
