"""What a space's index holds at one moment: segments, and which versions of them are visible.

A snapshot never changes, so a search that has begun is consistent whatever is written meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import orjson

from app.adapters.embedded.index import segment as segments
from app.adapters.embedded.index.segment import Bools, Segment, Source
from app.adapters.embedded.index.term import Term
from app.core.filters import Filter, matches
from app.core.models import Passage

_ENTRY_BYTES = 600
_PASSAGE_BYTES = 3_000  # its text, about as much that was cut from it, and the objects
_TERM_BYTES = 1_000  # its spellings in one segment
_TIER = 8  # a segment is merged with those behind it that are not this many times smaller
_MASKS_KEPT = 16


@dataclass(frozen=True, slots=True)
class Entry:
    """A visible version."""

    key: int
    document_id: str
    version: int
    title: str
    language: str
    attributes: bytes  # JSON


@dataclass(frozen=True, slots=True)
class Part:
    """A segment with the slots of its versions that count, and how many passages those have."""

    segment: Segment
    live: Bools
    count: int
    length: float

    @property
    def whole(self) -> bool:
        """Tell whether every passage of the segment counts."""
        return self.count == len(self.segment.slot)


Masks: TypeAlias = Sequence[Bools]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The visible passages of a space; `sequence` is the change that it is up to date with."""

    sequence: int = 0
    parts: tuple[Part, ...] = ()
    entries: Mapping[int, Entry] = field(default_factory=dict)
    terms: dict[str, Term] = field(default_factory=dict)  # that were asked, kept by `spelling`
    read: dict[int, Passage] = field(default_factory=dict)  # by row, kept by `searching`
    _masks: dict[Filter | None, Masks] = field(default_factory=dict)

    @property
    def passages(self) -> int:
        """Return how many passages are visible."""
        return sum(part.count for part in self.parts)

    @property
    def size_bytes(self) -> int:
        """Return about what it takes in memory."""
        entries = sum(_ENTRY_BYTES + len(entry.attributes) for entry in self.entries.values())
        return entries + sum(part.segment.size_bytes for part in self.parts)

    @property
    def kept_bytes(self) -> int:
        """Return about what the passages and terms that are kept take."""
        spellings = len(self.terms) * len(self.parts)
        return _PASSAGE_BYTES * len(self.read) + _TERM_BYTES * spellings

    def changed(
        self,
        sequence: int,
        gone: Sequence[int],
        described: Sequence[Entry],
        added: Sequence[Source],
    ) -> "Snapshot":
        """Return what it becomes when versions go, are described anew, or are (re-)indexed."""
        entries = dict(self.entries)
        for key in gone:
            entries.pop(key, None)
        entries.update((entry.key, entry) for entry in described)
        away = np.array([*gone, *(source.key for source in added)], np.int64)
        parts = [without(part, away) for part in self.parts]
        if added:
            fresh = segments.build(added)
            parts.append(part_of(fresh, np.ones(len(fresh.keys), bool)))
        return Snapshot(sequence, tuple(part for part in parts if part.count), entries)

    def surplus(self) -> int:
        """Return from which part on the parts had better be one; len(parts) if they are well."""
        start = len(self.parts) - 1
        behind = self.parts[start].count if self.parts else 0
        while start > 0 and self.parts[start - 1].count < _TIER * behind:
            start -= 1
            behind += self.parts[start].count
        return start if start < len(self.parts) - 1 else len(self.parts)

    def joined(self, start: int) -> Segment:
        """Return the parts from `start` on as one segment; takes long if they are large."""
        return segments.merge([(part.segment, part.live) for part in self.parts[start:]])

    def with_joined(self, before: "Snapshot", start: int, joined: Segment) -> "Snapshot":
        """Return this with `joined` in place of what it was made of, `before.parts[start:]`.

        What has gone since then stays gone, what came stays.
        """
        now = {id(part.segment): part for part in self.parts}
        gone = [np.empty(0, np.int64)]
        for part in before.parts[start:]:
            kept = now.pop(id(part.segment), None)
            lost = part.live if kept is None else part.live & ~kept.live
            gone.append(part.segment.keys[lost])
        whole = part_of(joined, np.ones(len(joined.keys), bool))
        older = [now.pop(id(part.segment), None) for part in before.parts[:start]]
        parts = (*older, without(whole, np.concatenate(gone)), *now.values())
        return Snapshot(self.sequence, tuple(p for p in parts if p and p.count), self.entries)

    def masks(self, where: Filter | None) -> Masks | None:
        """Return which passages of each part count and pass; None if all do."""
        if where is None and all(part.whole for part in self.parts):
            return None
        found = self._masks.get(where)
        if found is None:
            if len(self._masks) >= _MASKS_KEPT:
                self._masks.clear()
            found = self._masks[where] = [self._mask(part, where) for part in self.parts]
        return found

    def _mask(self, part: Part, where: Filter | None) -> Bools:
        passing = part.live
        if where is not None:
            passing = part.live.copy()
            for slot in np.flatnonzero(passing).tolist():
                entry = self.entries[int(part.segment.keys[slot])]
                passing[slot] = matches(where, orjson.loads(entry.attributes))
        return passing[part.segment.slot]


def without(part: Part, keys: npt.NDArray[np.int64]) -> Part:
    """Return the part with these versions not counting any more."""
    hit = part.live & np.isin(part.segment.keys, keys)
    return part_of(part.segment, part.live & ~hit) if hit.any() else part


def part_of(segment: Segment, live: Bools) -> Part:
    """Return a segment of which these slots count."""
    mask = live[segment.slot]
    return Part(segment, live, int(mask.sum()), float(segment.lengths[mask].sum()))
