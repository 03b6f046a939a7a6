"""Configuration that knows where it was written: what is wrong is named by file and line."""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from pipelines.readiness.model import Text

T = TypeVar("T")
KINDS: Mapping[type[Any], str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    date: "a date such as 2026-05-31",
}


class ConfigurationError(Exception):
    """Something the gate must be able to trust is malformed; `file:line: problem`."""

    def __init__(self, path: str, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a table is written: its file, its lines, the number of the first, its full name."""

    path: str
    lines: tuple[str, ...]
    start: int = 1
    name: str = ""
    json: bool = False

    def line(self, key: str) -> int:
        """Return the line that sets a key, or opens the table of that name."""
        if not key:
            return self.start
        if self.json:
            return self.first(rf'^\s*"{re.escape(key)}"\s*:')
        full = re.escape(f"{self.name}.{key}" if self.name else key)
        return self.first(rf'^\s*"?{re.escape(key)}"?\s*[.=]|^\s*\[+{full}\]')

    def first(self, pattern: str) -> int:
        """Return the first line that matches, or the first line of all."""
        numbered = enumerate(self.lines, self.start)
        return next((number for number, line in numbered if re.match(pattern, line)), self.start)

    def parts(self, name: str) -> "list[Place]":
        """Return the places of the tables written `[[name]]` here."""
        header = rf"^\s*\[\[{re.escape(name)}\]\]"
        rows = [row for row, line in enumerate(self.lines) if re.match(header, line)]
        return [
            replace(self, lines=self.lines[row:end], start=self.start + row, name=name)
            for row, end in pairwise([*rows, len(self.lines)])
        ]


class Table:
    """One table of a file. Each reader refuses a wrong value by file and line."""

    def __init__(self, values: Mapping[str, Any], place: Place) -> None:
        self.values = values
        self.place = place

    def refuse(self, problem: str, key: str = "") -> ConfigurationError:
        """Return the error to raise for a key of this table, or for the table itself."""
        return ConfigurationError(self.place.path, self.place.line(key), problem)

    def only(self, *known: str) -> None:
        """Refuse every key that is not known: a misspelt one would be silently ignored."""
        for key in self.values:
            if key not in known:
                raise self.refuse(f"unknown key {key!r} (known: {', '.join(known)})", key)

    def need(self, key: str, kind: type[T], default: T | None = None) -> T:
        """Return the value of a key, which has to be of that kind exactly."""
        if key not in self.values:
            if default is not None:
                return default
            raise self.refuse(f"{key!r} is missing")
        value = self.values[key]
        if type(value) is not kind:
            raise self.refuse(f"{key!r} must be {KINDS[kind]}", key)
        return value

    def whole(self, key: str, least: int, most: int) -> int:
        """Return a whole number within bounds, which are allowed themselves."""
        value = self.need(key, int)
        if not least <= value <= most:
            raise self.refuse(f"{key!r} must be {least} to {most}", key)
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; blank is refused unless it is the default."""
        value = self.need(key, str, default)
        if not value.strip() and value != default:
            raise self.refuse(f"{key!r} is blank", key)
        return value

    def texts(self, key: str, default: Iterable[str] | None = None) -> tuple[str, ...]:
        """Return a list of texts."""
        found = self.need(key, list, None if default is None else list(default))
        if not all(isinstance(item, str) and item for item in found):
            raise self.refuse(f"{key!r} must hold texts only", key)
        return tuple(found)

    def bilingual(self, key: str) -> Text:
        """Return a sentence given in English and French."""
        said = self.need(key, dict)
        if set(said) != {"en", "fr"} or not all(isinstance(s, str) and s for s in said.values()):
            raise self.refuse(f"{key!r} must say both en and fr", key)
        return Text(said["en"], said["fr"])

    def choice(self, key: str, kind: Callable[[str], T], default: str | None = None) -> T:
        """Return a member of an enumeration, or what else `kind` makes of the text."""
        value = self.text(key, default)
        try:
            return kind(value)
        except ValueError:
            allowed = [str(member) for member in kind] if isinstance(kind, type) else []  # type: ignore[attr-defined]
            known = f" (known: {', '.join(allowed)})" if allowed else ""
            raise self.refuse(f"{key!r} cannot be {value!r}{known}", key) from None

    def time(self, key: str) -> datetime:
        """Return a time with its offset, in ISO 8601."""
        value = self.text(key)
        try:
            made = datetime.fromisoformat(value)
        except ValueError:
            raise self.refuse(f"{key!r} is not a time", key) from None
        if made.tzinfo is None:
            raise self.refuse(f"{key!r} has no offset from UTC", key)
        return made

    def tables(self, key: str) -> "list[Table]":
        """Return the tables written `[[key]]`, each knowing its own lines."""
        found = self.values.get(key, [])
        name = f"{self.place.name}.{key}" if self.place.name else key
        parts = self.place.parts(name)
        if not isinstance(found, list) or len(parts) != len(found):
            raise self.refuse(f"{key!r} must be written as [[{name}]] tables", key)
        return [Table(values, part) for values, part in zip(found, parts, strict=True)]


def unique(tables: Iterable[Table], key: str = "id") -> None:
    """Refuse the second table that has the same name as another."""
    seen: set[str] = set()
    for table in tables:
        name = table.text(key)
        if name in seen:
            raise table.refuse(f"a second {name!r}", key)
        seen.add(name)


class _TwiceError(Exception):
    """A key that an object has twice: readers differ in which one counts."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise _TwiceError(key)
        made[key] = value
    return made


def read_json(path: Path, shown: str) -> Table:
    """Read a JSON object."""
    text = _text(path, shown)
    try:
        values = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise ConfigurationError(shown, error.lineno, f"not JSON: {error.msg}") from None
    except _TwiceError as twice:
        place = Place(path=shown, lines=tuple(text.splitlines()), json=True)
        raise Table({}, place).refuse(f"{twice} is said twice", str(twice)) from None
    if not isinstance(values, dict):
        raise ConfigurationError(shown, 1, "not a JSON object")
    return Table(values, Place(path=shown, lines=tuple(text.splitlines()), json=True))


def read_toml(path: Path, shown: str) -> Table:
    """Read a TOML file."""
    text = _text(path, shown)
    lines = tuple(text.splitlines())
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        raise ConfigurationError(shown, int(at[1]) if at else len(lines), f"{error}") from None
    return Table(values, Place(path=shown, lines=lines))


def _text(path: Path, shown: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError(shown, 1, "no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(shown, 1, f"cannot be read: {error}") from None
