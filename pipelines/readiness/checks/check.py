"""What a check is: how to read one kind of report, and what such a report should have covered."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pipelines.readiness.model import Options, Reading
from pipelines.readiness.objectives import Objectives


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """What may be said under an option: a text, texts (`list`), a count, a table; `known` ones."""

    kind: type
    known: frozenset[str] = frozenset()


TEXT, TEXTS, COUNT, TABLE = (Option(kind=kind) for kind in (str, list, int, dict))
# Options that the judge itself understands, for every check.
JUDGE_OPTIONS: Mapping[str, Option] = {"covers": TEXTS, "at_least": COUNT, "may_skip": TEXTS}


class UnreadableReportError(Exception):
    """The report is not what this kind of tool writes; it proves nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of a report: options of the evidence and of the demand, time, objectives."""

    options: Options
    now: datetime
    objectives: Objectives | None = None

    def texts(self, name: str) -> tuple[str, ...]:
        """Return an option that is a list of texts; empty where it is not set."""
        return tuple(self.options.get(name, ()))


def covered(root: Path, options: Options) -> frozenset[str]:
    """Return the files under version control that the evidence has to look at.

    They are named by the option `covers`; a pattern after `!` leaves files out.
    """
    patterns = [_pathspec(pattern) for pattern in options.get("covers", ())]
    if not patterns:
        return frozenset()
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=root, capture_output=True, check=True
    )
    names = listed.stdout.decode().split("\0")
    return frozenset(name for name in names if name and (root / name).is_file())


def _pathspec(pattern: str) -> str:
    left_out = pattern.removeprefix("!")
    return f":(glob){pattern}" if left_out == pattern else f":(glob,exclude){left_out}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One kind of report. `read` is pure; `expected` looks at the tree when evidence is made.

    `exact` refuses reports that speak of more than was expected; `exits` are the codes with which
    the tool says that it did its work, whatever it found.
    """

    id: str
    read: Callable[[bytes, Asked], Reading]
    options: Mapping[str, Option] = field(default_factory=dict)
    expected: Callable[[Path, Options], frozenset[str]] = covered
    exact: bool = False
    exits: frozenset[int] = frozenset({0, 1})

    @property
    def statement(self) -> str:
        """Return the sentence that is true when the check passes: its file's first line."""
        return (sys.modules[self.read.__module__].__doc__ or "").splitlines()[0]

    @property
    def takes(self) -> Mapping[str, Option]:
        """Return every option that somebody looks at."""
        return {**JUDGE_OPTIONS, **self.options}


def parsed(report: bytes, *, holding: str) -> dict[str, Any]:
    """Return a JSON report that has a certain key."""
    made = json.loads(report)
    if not isinstance(made, dict) or holding not in made:
        raise UnreadableReportError(f"no {holding!r} in it")
    return made


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Say whether a name fits one of the patterns (`*` crosses slashes)."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
