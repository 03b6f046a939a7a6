"""Analysing a version: which terms its passages have, as one blob.

`analyse` is a pure function of plain data; it runs in a process of its own where there is much to
do.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from app.adapters.embedded.index.analyzer import SnowballAnalyzer
from app.adapters.embedded.index.words import Hashes, Letters, hashes

Counts: TypeAlias = npt.NDArray[np.uint32]
MOST_OF_A_TERM = 255  # occurrences in a passage that are told apart

_HEADER = struct.Struct("<4sIII")  # mark, words, bytes of their letters, passages
_MARK = b"EVP1"
_NARROW = 1 << 16


@dataclass(frozen=True, slots=True)
class Postings:
    """The terms of a version's passages: row by row a word, a passage, an occurrence count.

    `holding[n]` rows are of word n; within a word passages ascend.
    """

    hashes: Hashes
    words: Letters
    holding: Counts
    passages: Counts
    occurrences: npt.NDArray[np.uint8]
    lengths: Counts  # terms of each passage


def analyse(texts: Sequence[str], sections: Sequence[str]) -> bytes:
    """Return the encoded postings of passages and the headings they stand under.

    A heading's terms count once, where the passage does not have them itself.
    """
    terms = SnowballAnalyzer().terms
    numbers: dict[str, int] = {}
    flat: list[int] = []
    lengths: list[int] = []
    headings = {section: terms(section) for section in set(sections)}
    for text, section in zip(texts, sections, strict=True):
        found = terms(text)
        if heading := headings[section]:
            own = set(found)
            found += [term for term in dict.fromkeys(heading) if term not in own]
        flat.extend([numbers.setdefault(term, len(numbers)) for term in found])
        lengths.append(len(found))
    return encode(_counted(tuple(numbers), flat, lengths))


def _counted(words: Sequence[str], flat: list[int], lengths: list[int]) -> Postings:
    many = max(len(lengths), 1)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    rows, occurrences = np.unique(np.array(flat, np.int64) * many + owner, return_counts=True)
    word, passage = np.divmod(rows, many)
    letters = Letters.of(words)
    return Postings(
        hashes=hashes(letters),
        words=letters,
        holding=np.bincount(word, minlength=len(words)).astype(np.uint32),
        passages=passage.astype(np.uint32),
        occurrences=np.minimum(occurrences, MOST_OF_A_TERM).astype(np.uint8),
        lengths=np.array(lengths, np.uint32),
    )


def encode(postings: Postings) -> bytes:
    """Return the postings as bytes; passages as 16-bit numbers where they fit."""
    narrow = np.uint16 if len(postings.lengths) <= _NARROW else np.uint32
    counts = (len(postings.hashes), len(postings.words.letters), len(postings.lengths))
    arrays = (
        postings.hashes,
        postings.holding,
        postings.lengths,
        postings.passages.astype(narrow),
        postings.occurrences,
        postings.words.sizes,
        postings.words.letters,
    )
    return _HEADER.pack(_MARK, *counts) + b"".join(array.tobytes() for array in arrays)


def decode(blob: bytes) -> Postings:
    """Return what `encode` was given; raises ValueError if it was something else."""
    mark, words, letters, passages = _HEADER.unpack_from(blob)
    if mark != _MARK:
        raise ValueError("these are no postings")
    at = _HEADER.size

    def take(kind: npt.DTypeLike, count: int) -> npt.NDArray[np.generic]:
        nonlocal at
        array = np.frombuffer(blob, kind, count, at)
        at += array.nbytes
        return array

    hashes, holding, lengths = take("<u8", words), take("<u4", words), take("<u4", passages)
    rows = int(holding.sum())
    return Postings(
        hashes=hashes,  # type: ignore[arg-type]
        holding=holding,  # type: ignore[arg-type]
        lengths=lengths,  # type: ignore[arg-type]
        passages=take("<u2" if passages <= _NARROW else "<u4", rows).astype(np.uint32),
        occurrences=take("u1", rows),  # type: ignore[arg-type]
        words=Letters(sizes=take("u1", words), letters=take("u1", letters)),  # type: ignore[arg-type]
    )
