"""Synthetic text with the word statistics of real text: Zipf's law, real function words.

Pseudo-words are made of syllables, so that they share character n-grams as real ones do. About
half of a text is function words, which an index drops.
"""

import random
from bisect import bisect
from itertools import accumulate

WORDS = 200_000  # a large collection's vocabulary; 5,000 passages meet some 40,000 of them
FUNCTION_WORDS = "the of and to in a is that for on with as by at this or from are be it".split()
_EXPONENT = 1.05
_SHIFT = 2.7  # Mandelbrot's correction of the most frequent words
_ONSETS = "b c d f g h l m n p r s t v br ch cr dr fl gr pl pr sh st str th tr".split()
_VOWELS = "a e i o u ai ea ie ou".split()
_CODAS = ["", "", "", "n", "r", "s", "t", "l", "nt", "rd", "st", "ck"]
_ENDINGS = ["", "", "", "s", "ed", "ing", "er", "ation", "ment", "able", "ly"]


class Zipf:
    """Draws words; the same seed gives the same text."""

    def __init__(self, seed: int = 7) -> None:
        self._random = random.Random(seed)
        self.words = self._coined()
        weights = (1 / (rank + _SHIFT) ** _EXPONENT for rank in range(1, WORDS + 1))
        self._sums = list(accumulate(weights))

    def passage(self, tokens: int = 160) -> str:
        """Return a passage of about 1,000 characters."""
        drawn = self._random.random
        words = [
            self._random.choice(FUNCTION_WORDS) if drawn() < 0.5 else self._word()
            for _ in range(tokens)
        ]
        sentences = [" ".join(words[n : n + 16]).capitalize() for n in range(0, tokens, 16)]
        return ". ".join(sentences) + "."

    def question(self, passage: str, terms: int = 5) -> str:
        """Return a question about a passage: words of it, the rarer ones more likely."""
        content = [w for w in passage.lower().replace(".", "").split() if w not in FUNCTION_WORDS]
        return "what is the " + " ".join(self._random.sample(content, terms)) + "?"

    def _word(self) -> str:
        at = bisect(self._sums, self._random.random() * self._sums[-1])
        return self.words[min(at, WORDS - 1)]

    def _coined(self) -> list[str]:
        pick = self._random.choice
        coined: dict[str, None] = {}
        while len(coined) < WORDS:
            syllables = self._random.choices((1, 2, 3, 4), (1, 5, 4, 1))[0]
            stem = "".join(pick(_ONSETS) + pick(_VOWELS) + pick(_CODAS) for _ in range(syllables))
            coined[stem + pick(_ENDINGS)] = None
        return sorted(coined, key=len)[:2000] + [w for w in coined if len(w) > 4][: WORDS - 2000]
