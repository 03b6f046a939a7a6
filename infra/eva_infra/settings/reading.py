"""How one value of a stack file is read: a form says what it takes, and refuses the rest."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Network
from typing import Generic, TypeVar, cast

T = TypeVar("T")
_TRUTHS = {"true": True, "false": False}


class SettingsError(Exception):
    """A stack's settings are wrong; `problems` names every setting that is."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """What values a setting takes. `read` raises ValueError; `allowed` says it in words."""

    read: Callable[[str], T]
    allowed: str


def text(pattern: str, allowed: str) -> Form[str]:
    """Return the form of a text that matches a pattern as a whole."""

    def read(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(value)
        return value

    return Form(read, allowed)


def choice(*values: str) -> Form[str]:
    """Return the form of one of some words."""

    def read(value: str) -> str:
        if value not in values:
            raise ValueError(value)
        return value

    return Form(read, f"one of {', '.join(values)}")


def flag() -> Form[bool]:
    """Return the form of true or false."""
    return Form(lambda value: _TRUTHS[value.casefold()], "true or false")


def whole(least: int, most: int, step: int = 1) -> Form[int]:
    """Return the form of a whole number within limits, a multiple of `step`."""

    def read(value: str) -> int:
        number = int(value)
        if not least <= number <= most or number % step:
            raise ValueError(value)
        return number

    multiple = f", a multiple of {step}" if step > 1 else ""
    return Form(read, f"a whole number, {least} to {most}{multiple}")


def network(shortest: int, longest: int) -> Form[IPv4Network]:
    """Return the form of a private IPv4 network whose prefix is so long."""

    def read(value: str) -> IPv4Network:
        found = IPv4Network(value)
        if not found.is_private or not shortest <= found.prefixlen <= longest:
            raise ValueError(value)
        return found

    return Form(read, f"a private IPv4 network, /{shortest} to /{longest}")


def month() -> Form[date]:
    """Return the form of the first day of a month."""

    def read(value: str) -> date:
        found = date.fromisoformat(value)
        if found.day != 1:
            raise ValueError(value)
        return found

    return Form(read, "the first day of a month, such as 2026-12-01")


def several(one: Form[T], least: int = 0) -> Form[tuple[T, ...]]:
    """Return the form of a list whose items have a form."""

    def read(value: str) -> tuple[T, ...]:
        listed = json.loads(value)
        if not isinstance(listed, list) or len(cast("list[object]", listed)) < least:
            raise ValueError(value)
        return tuple(one.read(plain(item)) for item in cast("list[object]", listed))

    return Form(read, f"a list of {least} or more: {one.allowed}")


def table(key: Form[str], value: Form[str]) -> Form[Mapping[str, str]]:
    """Return the form of a mapping whose keys and values have forms."""

    def read(written: str) -> Mapping[str, str]:
        found = json.loads(written)
        if not isinstance(found, dict):
            raise TypeError(written)
        rows = cast("dict[str, object]", found)
        return {key.read(k): value.read(plain(v)) for k, v in rows.items()}

    return Form(read, f"a mapping from {key.allowed} to {value.allowed}")


def plain(value: object) -> str:
    """Return a value of a stack file as the command line passes it on: as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value)
