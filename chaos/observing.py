"""What clients saw, a line of JSON for each request as it ended; written and read as it grows."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

OK, FAILURE, UNAVAILABLE = 200, 500, 503
_FEWEST, _MOST = 20, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request: its class, when it ended (Unix seconds), status (0: no answer), and how long."""

    at: float
    kind: str
    status: int
    ms: float
    code: str = ""  # of the problem, if it was one
    retry_after: bool = False
    degraded: bool = False  # an answer that no model wrote
    composed: bool = False  # an answer for a model to write, not the closest passages alone

    @property
    def began(self) -> float:
        """Return when it was sent."""
        return self.at - self.ms / 1000

    @property
    def good(self) -> bool:
        """Tell whether the client got what it asked for, or was told why that can't be."""
        return 0 < self.status < FAILURE

    @property
    def clear(self) -> bool:
        """Tell whether it refused and said what to do: 503, our code, when to ask again."""
        ours = self.code in ("unavailable", "overloaded")
        return self.status == UNAVAILABLE and ours and self.retry_after


class Log:
    """Appends what was seen."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def add(self, seen: Seen) -> None:
        """Write one request down."""
        self._file.write(json.dumps(asdict(seen)) + "\n")
        self._file.flush()


def read(path: Path) -> list[Seen]:
    """Return all that was seen so far; a line that is being written is left for next time."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return list(_parsed(lines))


def _parsed(lines: Iterable[str]) -> Iterator[Seen]:
    for line in lines:
        try:
            said: Mapping[str, object] = json.loads(line)
        except ValueError:
            continue
        yield Seen(**said)  # type: ignore[arg-type]


def since(seen: Iterable[Seen], kind: str, began: float) -> list[Seen]:
    """Return the requests of a class ("any": of all) that ended then or later."""
    return [one for one in seen if one.at >= began and kind in ("any", one.kind)]


def sent_since(seen: Iterable[Seen], kind: str, began: float) -> list[Seen]:
    """Return those that were sent then or later, too."""
    return [one for one in since(seen, kind, began) if one.began >= began]


def enough(least: float) -> int:
    """Return of how many requests a share can be told: as many as it lets one of them fail.

    Never fewer than 20, and no more than 100.
    """
    return _MOST if least >= 1 else min(_MOST, max(_FEWEST, round(1 / (1 - least))))


def share(seen: Iterable[Seen], within_ms: float | None = None) -> float:
    """Return the share that was good (and in time); 0 where there was none."""
    found = list(seen)
    kept = [one for one in found if one.good and (within_ms is None or one.ms <= within_ms)]
    return len(kept) / len(found) if found else 0.0


def p95_ms(seen: Iterable[Seen]) -> float:
    """Return the 95th percentile of how long they took; infinite where there was none."""
    late = sorted(one.ms for one in seen)
    return late[min(len(late) - 1, int(len(late) * 0.95))] if late else float("inf")
