"""Telling English from French, and the function words of both.

Pure statistics of function words and spelling, no model: right on a short question as on a
page. Other languages are not recognised; they come out as whichever of the two they resemble.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

SAMPLE = 20_000  # characters of a long text that are looked at, in SLICES slices spread over it
SLICES = 8

_ENGLISH = """
a about above after again against all also am an and any are as at be because been before being
below between both but by can could did do does doing don down during each either else few for
from further had has have having he her here hers him his how i if in into is it its just ll me
might more most must my neither no nor not of off on once only or other our ours out over own per
re s same shall she should so some such t than that the their theirs them then there these they
this those through to too under until up upon ve very was we were what when where whether which
while who whom whose why will with within without would you your yours
"""
_FRENCH = """
a afin ai ainsi alors après as au aucun aucune aussi autre autres aux auxquels avaient avait avant
avec avez avoir avons ayant c ce ceci cela celle celles celui ces cet cette ceux chacun chaque
chez combien comme comment d dans de depuis des donc dont du elle elles en encore entre es est et
étaient était étant être eu eux faut fut furent hors ici il ils j je jusqu jusque l la là laquelle
le lequel les lesquelles lesquels leur leurs lors lorsque lui m ma mais malgré me même mêmes mes
moi mon n ne ni non nos notre nôtre nous on ont or ou où par parmi pas pendant peut peuvent pour
pourquoi puis puisque qu quand que quel quelle quelles quels qui quoi s sa sans se sera seront ses
si sinon soit son sont sous suis sur t ta te tes toi tous tout toute toutes tu un une vers voici
voilà vos votre vôtre vous y à ça
"""


def fold(text: str) -> str:
    """Return the text without its accents."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split()) | frozenset(fold(words).split())


# Function words, lower case, with and without accents; single letters are elided articles and
# contractions as `\w+` leaves them. Left out for what else they mean: "may", "us" (US), "car",
# "ton", "été".
STOP_WORDS: Mapping[str, frozenset[str]] = {"en": _listed(_ENGLISH), "fr": _listed(_FRENCH)}

# Listed in both: they tell nothing. Of words of one list only, these are common in the other
# language with another meaning, or as part of names.
_FUNCTION = {
    "en": STOP_WORDS["en"] - STOP_WORDS["fr"] - {"but", "i", "d", "per"},
    "fr": STOP_WORDS["fr"] - STOP_WORDS["en"] - {"c", "d", "j", "l", "m", "n", "y", "es", "fut"},
}
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quelqu)'(?=[^\W\d]{2})")
_CONTRACTION = re.compile(r"[a-z]'(?:s|t|re|ve|ll|d|m)\b")
_WORD = re.compile(r"[^\W\d_]+")
_FRENCH_LOOK = re.compile(
    r"gn[eo]|(?:eux|aux|eau|ique|iques|oire|ette|elle|elles|eur|eurs|ez|aient|ait|oi[trsx]?|iers?"
    r"|tres?|euses?|isme|illes?|ages?|ense|ible|ance|ences?)$"
)
_ENGLISH_LOOK = re.compile(
    r"[wk]|th|sh|gh|oo|ee|(?:ings?|ly|ed|ness|ry|ty|cy|ays?|ers?|ful|less|ics?|ous|ld|nd|rd|lt"
    r"|ist|ive|ies)$"
)
_CACHED = 20_000  # words
_WORD_WEIGHT, _MARK_WEIGHT, _LOOK_WEIGHT, _ACCENT_WEIGHT = 2.0, 2.0, 0.5, 1.0
_ACCENTED = re.compile(r"[éèêëàâùûçôîïœ]")


def french_odds(text: str) -> float:
    """Return how much speaks for French: positive French, negative English, 0.0 undecided."""
    sample = _sample(unicodedata.normalize("NFC", text)).lower().replace("\u2019", "'")
    odds = _MARK_WEIGHT * (len(_ELISION.findall(sample)) - len(_CONTRACTION.findall(sample)))
    return odds + sum(n * _weight(word) for word, n in Counter(_WORD.findall(sample)).items())


def detect(text: str, default: str = "en") -> str:
    """Return "en" or "fr"; `default` when nothing in the text tells."""
    odds = french_odds(text)
    return default if odds == 0 else "fr" if odds > 0 else "en"


@lru_cache(_CACHED)
def _weight(word: str) -> float:
    if word in _FUNCTION["fr"]:
        return _WORD_WEIGHT
    if word in _FUNCTION["en"]:
        return -_WORD_WEIGHT
    look = _LOOK_WEIGHT * (bool(_FRENCH_LOOK.search(word)) - bool(_ENGLISH_LOOK.search(word)))
    return look + _ACCENT_WEIGHT * bool(_ACCENTED.search(word))


def _sample(text: str) -> str:
    if len(text) <= SAMPLE:
        return text
    size, step = SAMPLE // SLICES, len(text) // SLICES
    return " ".join(text[n * step : n * step + size] for n in range(SLICES))
