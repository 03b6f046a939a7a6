"""A term of a question as a snapshot's vocabularies know it."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from app.adapters.embedded.index.rows import Ints

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spelling:
    """Words of one segment that stand for a term.

    `exact` are those that the lexical leg counts: the term itself with strength 1, or what an
    unknown term is read as; with one of `meant` among them the term counts as being there. `like`
    are those of the fuzzy leg, the term itself included.
    """

    exact: Ints
    strength: Floats
    meant: tuple[int, ...]
    like: Ints
    nearness: Floats


@dataclass(frozen=True, slots=True)
class Term:
    """A term, and how many passages have it.

    `readable` is how many have it or what it is read as. `spellings` are by segment.
    """

    text: str
    holding: int
    readable: int
    spellings: tuple[Spelling, ...]
