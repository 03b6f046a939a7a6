"""Words that one slip of the finger turns into each other, by their hashes alone."""

from functools import lru_cache

import numpy as np

from app.adapters.embedded.index.words import FACTORS, Hashes, mixed, products

SHORTEST = 5  # letters of a word that slips are looked for of: short ones have too many
_CACHED = 1_000
_ALPHABET = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz", np.uint8).astype(np.uint64) + np.uint64(1)


@lru_cache(_CACHED)
def slips(word: str) -> Hashes:
    """Return the hashes, ascending, of what has a letter more, less, other, or two swapped.

    A hash may come twice; none comes for a word that is short or not made of the letters a to z.
    """
    if len(word) < SHORTEST or not (word.isascii() and word.isalpha()):
        return np.empty(0, np.uint64)
    letters = np.frombuffer(word.encode(), np.uint8)
    size = len(letters)
    place = np.arange(size)
    here, later = products(letters, place), products(letters, place + 1)
    sooner = products(letters[1:], place[:-1])  # each letter but the first, one place to the left
    before = np.append(np.uint64(0), np.cumsum(here))  # of the letters up to each place
    whole = before[-1]
    missing = before[:-1] + np.append(_from(sooner), np.uint64(0))
    other = (whole - here)[:, None] + FACTORS[:size, None] * _ALPHABET
    more = (before + np.append(_from(later), np.uint64(0)))[:, None]
    more = more + FACTORS[: size + 1, None] * _ALPHABET
    swapped = whole - here[:-1] - here[1:] + sooner + later[:-1]
    found = mixed(np.concatenate([missing, other.ravel(), more.ravel(), swapped]))
    return np.sort(found[found != mixed(before[-1:])])


def _from(values: Hashes) -> Hashes:
    """Return the sum of the values from each place on."""
    found: Hashes = np.cumsum(values[::-1])[::-1]
    return found
