"""What passages say, by sentence, kept for the moment in which many questions find them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.ports import Analyzer
from app.core.sentences import split

_KEPT_S = 30.0
_MOST = 2_000  # passages: some 10 MB


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence at `start:end` of the passage that it is in, and its terms."""

    start: int
    end: int
    terms: frozenset[str]


class Sayings:
    """Cuts passages. Forgets all after half a minute: nothing deleted is kept here for longer."""

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer
        self._kept: dict[str, Sequence[Said]] = {}

    def of(self, text: str) -> Sequence[Said]:
        """Return the sentences of a passage, headings left out."""
        found = self._kept.get(text)
        if found is None:
            if not self._kept:
                asyncio.get_running_loop().call_later(_KEPT_S, self._kept.clear)
            elif len(self._kept) >= _MOST:
                self._kept.clear()
            found = self._kept[text] = self._cut(text)
        return found

    def _cut(self, text: str) -> Sequence[Said]:
        return [
            Said(one.start, one.end, frozenset(self._analyzer.terms(text[one.start : one.end])))
            for one in split(text)
            if not one.heading
        ]
