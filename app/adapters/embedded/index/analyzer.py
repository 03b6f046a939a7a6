"""Index terms of English and French text."""

import re
from functools import lru_cache

import Stemmer  # type: ignore[import-not-found]  # it has no stubs

from app.core.language import STOP_WORDS, fold

LONGEST = 40  # characters of a word that count: what is longer is no word of a language

_WORD = re.compile(r"[^\W_]+")
_STOP = STOP_WORDS["en"] | STOP_WORDS["fr"]
_ENGLISH, _FRENCH = Stemmer.Stemmer("english"), Stemmer.Stemmer("french")
_CACHED = 200_000  # words


class SnowballAnalyzer:
    """`Analyzer` by Snowball, English and then French, whatever the language of the text.

    One rule for both languages needs no guess of a short question's language, lets "payments" and
    "paiements" share an index, and measured no worse than each language's own stemmer
    (docs/adr/0011-lexical-engine.md). Accents are folded after stemming.
    """

    def terms(self, text: str) -> list[str]:
        """Return the terms of a text, repeated as they occur."""
        return list(filter(None, map(_term, _WORD.findall(text.lower()))))


@lru_cache(_CACHED)
def _term(word: str) -> str:
    """Return the term of a lower-case word; "" for one that only makes grammar."""
    if word in _STOP:
        return ""
    return fold(_FRENCH.stemWord(_ENGLISH.stemWord(word[:LONGEST])))
