"""How a command ends, what it is made of, how it prints."""

import argparse
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

WELL, FOUND, WRONG, DESTROYS, FAILED = range(5)


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command: its options as argparse takes them, what it runs."""

    name: str
    help: str
    run: Callable[[argparse.Namespace], int]
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    takes_all: bool = False


def tell(given: argparse.Namespace, data: object, lines: Iterable[str]) -> None:
    """Print data as JSON where that was asked for, else lines."""
    if given.json:
        print(json.dumps(data, indent=2))
    else:
        print(*lines, sep="\n")
