"""What a question's terms stand for in a snapshot's vocabularies."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from app.adapters.embedded.index.grams import Near
from app.adapters.embedded.index.rows import Ints
from app.adapters.embedded.index.segment import Segment
from app.adapters.embedded.index.slips import slips
from app.adapters.embedded.index.snapshot import Part, Snapshot
from app.adapters.embedded.index.term import Floats, Spelling, Term
from app.adapters.embedded.index.words import hashes_of

MISSPELLED = 0.4  # nearness from which a word is taken for a term that no passage has …
NEARLY = 0.8  # … with those that are this nearly as near as the nearest
READINGS = 3  # at most, a segment
ONE_SLIP = 0.6  # nearness, at least, of words that differ by one slip of the finger
MEANT = 0.55  # nearness from which the term counts as being there
_KEPT = 4_000  # terms that are kept with a snapshot: some 4 MB


def look_up(snapshot: Snapshot, question: Sequence[str]) -> list[tuple[Term, int]]:
    """Return the question's distinct terms in order, and how often each is asked."""
    asked = Counter(question)
    known = {text: snapshot.terms.get(text) for text in asked}
    if unknown := [text for text, term in known.items() if term is None]:
        known |= _found(snapshot, unknown)
    return [(term, asked[text]) for text, term in known.items() if term is not None]


def _found(snapshot: Snapshot, texts: Sequence[str]) -> dict[str, Term]:
    """Return what terms stand for, and keep it with the snapshot."""
    hashes = hashes_of(texts)
    numbers = [part.segment.numbers(hashes).tolist() for part in snapshot.parts]
    found = {
        text: _term(snapshot.parts, text, [of_part[n] for of_part in numbers])
        for n, text in enumerate(texts)
    }
    if len(snapshot.terms) + len(found) > _KEPT:
        snapshot.terms.clear()
    snapshot.terms.update(found)
    return found


def _term(parts: Sequence[Part], text: str, own: Sequence[int]) -> Term:
    holding = sum(_holding(part, word) for part, word in zip(parts, own, strict=True))
    near = [part.segment.grams.near(text) for part in parts]
    if not holding:
        near = [_with_slips(part, text, found) for part, found in zip(parts, near, strict=True)]
    nearest = max((float(n[0]) for _, n in near if len(n)), default=0.0)
    least = 2.0 if holding else max(MISSPELLED, NEARLY * nearest)
    spellings = tuple(
        _spelling(word, like, nearness, least)
        for word, (like, nearness) in zip(own, near, strict=True)
    )
    readable = holding or sum(
        _reading(part, spelling.exact) for part, spelling in zip(parts, spellings, strict=True)
    )
    return Term(text, holding, readable, spellings)


def _with_slips(part: Part, text: str, near: Near) -> Near:
    """Add the words that one slip of the finger turns into the text; short ones share few grams."""
    found = part.segment.numbers(slips(text))
    found = np.unique(found[found >= 0])
    if not len(found):
        return near
    others = ~np.isin(near[0], found) | (near[1] >= ONE_SLIP)
    found = found[~np.isin(found, near[0][others])]
    words = np.concatenate([near[0][others], found])
    nearness = np.concatenate([near[1][others], np.full(len(found), ONE_SLIP)])
    order = np.argsort(-nearness, kind="stable")
    return words[order], nearness[order]


def _spelling(itself: int, like: Ints, nearness: Floats, least: float) -> Spelling:
    if itself >= 0:
        others = like != itself
        like = np.append(like[others], itself)
        nearness = np.append(nearness[others], 1.0)
        return Spelling(np.array([itself]), np.ones(1), (itself,), like, nearness)
    read = np.flatnonzero(nearness >= least)[:READINGS]
    meant = tuple(like[read[nearness[read] >= MEANT]].tolist())
    return Spelling(like[read], nearness[read], meant, like, nearness)


def _holding(part: Part, word: int) -> int:
    """Return how many visible passages have a word."""
    if word < 0:
        return 0
    if part.whole:
        return int(part.segment.starts[word + 1] - part.segment.starts[word])
    return int(part.live[part.segment.slot[passages_of(part.segment, word)]].sum())


def _reading(part: Part, words: Ints) -> int:
    """Return how many visible passages have one of the words."""
    passages = np.unique(part.segment.rows(words).passages)
    return int(part.live[part.segment.slot[passages]].sum())


def passages_of(segment: Segment, word: int) -> npt.NDArray[np.int32]:
    """Return the passages that have a word, ascending."""
    return segment.passages[segment.starts[word] : segment.starts[word + 1]]
