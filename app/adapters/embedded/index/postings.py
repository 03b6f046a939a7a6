"""Analysing a version: which terms its passages have, as one blob.

`analyse` is a pure function of plain data; it runs in a process of its own where there is much to
do.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from app.adapters.embedded.index.analyzer import SnowballAnalyzer

Counts: TypeAlias = npt.NDArray[np.uint32]
MOST_OF_A_TERM = 255  # occurrences in a passage that are told apart

_HEADER = struct.Struct("<4sIII")  # mark, bytes of words, words, passages
_MARK = b"EVP1"


@dataclass(frozen=True, slots=True)
class Postings:
    """The terms of a version's passages: row by row a word, a passage, an occurrence count.

    `holding[n]` rows are of word n; within a word passages ascend.
    """

    words: tuple[str, ...]
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
    return encode(_counted(numbers, flat, lengths))


def _counted(numbers: Iterable[str], flat: list[int], lengths: list[int]) -> Postings:
    words = tuple(numbers)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    rows = np.array(flat, np.int64) * max(len(lengths), 1) + owner
    rows, occurrences = np.unique(rows, return_counts=True)
    word, passage = np.divmod(rows, max(len(lengths), 1))
    return Postings(
        words=words,
        holding=np.bincount(word, minlength=len(words)).astype(np.uint32),
        passages=passage.astype(np.uint32),
        occurrences=np.minimum(occurrences, MOST_OF_A_TERM).astype(np.uint8),
        lengths=np.array(lengths, np.uint32),
    )


def encode(postings: Postings) -> bytes:
    """Return the postings as bytes; passages as 16-bit numbers where they fit."""
    words = "\n".join(postings.words).encode()
    narrow = np.uint16 if len(postings.lengths) <= 1 << 16 else np.uint32
    header = _HEADER.pack(_MARK, len(words), len(postings.words), len(postings.lengths))
    return b"".join(
        (
            header,
            words,
            postings.holding.tobytes(),
            postings.lengths.tobytes(),
            postings.passages.astype(narrow).tobytes(),
            postings.occurrences.tobytes(),
        )
    )


def decode(blob: bytes) -> Postings:
    """Return what `encode` was given; raises ValueError if it was something else."""
    mark, size, words, passages = _HEADER.unpack_from(blob)
    if mark != _MARK:
        raise ValueError("these are no postings")
    at = _HEADER.size + size
    holding = np.frombuffer(blob, "<u4", words, at)
    lengths = np.frombuffer(blob, "<u4", passages, at + holding.nbytes)
    rows = int(holding.sum())
    at += holding.nbytes + lengths.nbytes
    of = np.frombuffer(blob, "<u2" if passages <= 1 << 16 else "<u4", rows, at)
    return Postings(
        words=tuple(blob[_HEADER.size : _HEADER.size + size].decode().split("\n")) if words else (),
        holding=holding,
        passages=of.astype(np.uint32),
        occurrences=np.frombuffer(blob, np.uint8, rows, at + of.nbytes),
        lengths=lengths,
    )
