"""What was decided before: one line per verdict, and the releases that were accepted."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines.readiness.located import ConfigurationError, read_json
from pipelines.readiness.model import Outcome, Stage
from pipelines.readiness.verdict import Verdict

RELEASES = "pipelines/readiness/releases"
HISTORY = "history.jsonl"
NOT_JUDGED = "not judged"
RANKS = (*Outcome, NOT_JUDGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One verdict in short: outcome per criterion, and the numbers measured per criterion."""

    release: str
    stage: str
    commit: str
    dirty: bool
    time: str
    ready: bool
    outcomes: Mapping[str, str]
    numbers: Mapping[str, Mapping[str, float]]

    @property
    def met(self) -> int:
        """Return how many criteria were met."""
        return sum(Outcome(outcome).met for outcome in self.outcomes.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What differs from the last accepted release in one criterion, or in one of its numbers."""

    criterion: str
    what: str
    before: str
    after: str
    worse: bool


def summarised(verdict: Verdict, release: str = "") -> Entry:
    """Return a verdict in short."""
    return Entry(
        release=release,
        stage=str(verdict.stage),
        commit=verdict.subject.commit,
        dirty=verdict.subject.dirty,
        time=verdict.now.isoformat(),
        ready=verdict.ready,
        outcomes={result.criterion.id: str(result.outcome) for result in verdict.results},
        numbers={
            result.criterion.id: {
                name: value
                for answer in result.answers
                for name, value in answer.facts.items()
                if isinstance(value, int | float)
            }
            for result in verdict.results
        },
    )


def remember(folder: Path, entry: Entry) -> None:
    """Add a verdict to the history, which only ever grows."""
    with (folder / HISTORY).open("a", encoding="utf-8") as history:
        history.write(json.dumps(asdict(entry), sort_keys=True) + "\n")


def read_history(folder: Path, stage: Stage) -> list[Entry]:
    """Read the verdicts of a stage, the oldest first; ConfigurationError names a broken line."""
    path = folder / HISTORY
    content = path.read_bytes() if path.is_file() else b""
    entries = []
    for number, line in enumerate(content.splitlines(), 1):
        try:
            entries.append(_entry(json.loads(line)))
        except (ValueError, TypeError, AttributeError) as error:
            raise ConfigurationError(path.name, number, f"not a verdict: {error}") from None
    return [entry for entry in entries if entry.stage == stage]


def accept(root: Path, verdict: Verdict, release: str) -> Path:
    """Write down that a release was accepted. ValueError unless the verdict is ready."""
    if not re.fullmatch(r"v\d+\.\d+\.\d+[\w.-]*", release):
        raise ValueError(f"{release!r} is not a version such as v1.2.3")
    if not verdict.ready:
        raise ValueError("only a ready commit can be an accepted release")
    path = root / RELEASES / f"{release}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(json.dumps(asdict(summarised(verdict, release)), indent=1, sort_keys=True))
        file.write("\n")
    return path


def last_accepted(root: Path, stage: Stage) -> Entry | None:
    """Return the newest release accepted at a stage, or None."""
    found = []
    for path in sorted((root / RELEASES).glob("*.json")):
        table = read_json(path, path.relative_to(root).as_posix())
        try:
            found.append(_entry(dict(table.values)))
        except (ValueError, TypeError, AttributeError) as error:
            raise table.refuse(f"not a release: {error}") from None
    return max((e for e in found if e.stage == stage), key=lambda e: e.time, default=None)


def compared(before: Entry, after: Entry) -> list[Change]:
    """Return every outcome and every number that differs, criteria in their own order."""
    names = dict.fromkeys((*before.outcomes, *after.outcomes))
    return [change for name in names for change in _changes(name, before, after)]


def _changes(name: str, before: Entry, after: Entry) -> Iterator[Change]:
    old, new = before.outcomes.get(name, NOT_JUDGED), after.outcomes.get(name, NOT_JUDGED)
    if old != new:
        worse = RANKS.index(new) > RANKS.index(old)
        yield Change(criterion=name, what="", before=old, after=new, worse=worse)
    earlier, later = before.numbers.get(name, {}), after.numbers.get(name, {})
    for what in sorted(set(earlier) & set(later)):
        if earlier[what] != later[what]:
            was, now = f"{earlier[what]:g}", f"{later[what]:g}"
            yield Change(criterion=name, what=what, before=was, after=now, worse=False)


def _entry(values: Mapping[str, Any]) -> Entry:
    made = Entry(**values)
    for outcome in made.outcomes.values():
        Outcome(outcome)
    return made
