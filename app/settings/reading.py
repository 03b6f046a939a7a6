"""Reads declared settings from an environment, finding every error before it complains."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.settings.declaring import Declared

MASK = "********"
PREFIX = "EVA_"
DEFAULT = "default"


class SettingsError(Exception):
    """The environment is refused; `problems` says everything that is wrong with it."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"- {problem}" for problem in self.problems))


@dataclass(slots=True)
class Reading:
    """What was read: values and the variables they came from, by field, and what was wrong."""

    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read(wanted: Iterable[Declared], env: Mapping[str, str]) -> Reading:
    """Read the settings. An empty variable counts as unset."""
    reading = Reading()
    for one in wanted:
        given = {name: env[name] for name in one.names if env.get(name)}
        found = {}
        for name, raw in given.items():
            try:
                found[name] = one.form.read(raw)
            except ValueError:
                reading.problems.append(f"{name}={shown(one, raw)}: must be {one.form.allowed}")
        if len(set(found.values())) > 1:
            told = " and ".join(f"{name}={shown(one, given[name])}" for name in found)
            reading.problems.append(f"{told} disagree: they name the same setting; keep one")
        elif found:
            reading.sources[one.field], reading.values[one.field] = next(iter(found.items()))
    return reading


def shown(one: Declared, value: object) -> str:
    """Return a value as a person may see it."""
    if value is None or value == ():
        return ""
    if one.secret:
        return MASK
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def unknown(env: Mapping[str, str], known: Iterable[str]) -> list[str]:
    """Return a complaint for each `EVA_…` variable that nothing reads, with the closest name."""
    names = [name for name in known if name.startswith(PREFIX)]
    complaints = []
    for name in sorted(set(env).difference(names)):
        if name.startswith(PREFIX):
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"; did you mean {near[0]}?" if near else "; `docs/settings.md` lists all"
            complaints.append(f"{name}: no such setting{hint}")
    return complaints
