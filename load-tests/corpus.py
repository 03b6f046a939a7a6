"""What the service is filled with: made-up prose with facts in it, and questions after the facts.

The prose has a vocabulary as language has one: few words often, most words rarely. It is the same
in every run.
"""

import random
from collections.abc import Iterator
from itertools import accumulate

_SYLLABLES = ("ba", "cor", "den", "fil", "gra", "hon", "lim", "mar", "nes", "pol", "ra", "sten")
_WORDS = 3000
PARAGRAPHS, _LENGTH = 24, 55
_SUBJECTS = ("clerk", "inspector", "applicant", "carrier", "tenant", "librarian", "ranger", "pilot")
_VERBS = ("pays", "signs", "returns", "receives", "keeps", "reports")
_OBJECTS = ("deposit", "permit", "register", "notice", "receipt", "licence", "manifest", "badge")


def _vocabulary() -> tuple[str, ...]:
    made = random.Random(1)
    return tuple(
        "".join(made.choices(_SYLLABLES, k=made.choice((2, 2, 3, 4)))) for _ in range(_WORDS)
    )


_VOCABULARY = _vocabulary()
_OFTEN = tuple(accumulate(1 / (rank + 3) for rank in range(_WORDS)))


def text(number: int) -> str:
    """Return a document: prose of some 1,300 words, a fact in every third paragraph."""
    made = random.Random(number)
    paragraphs = []
    facts = _facts(number)
    for at in range(PARAGRAPHS):
        words = made.choices(_VOCABULARY, cum_weights=_OFTEN, k=_LENGTH)
        prose = " ".join(
            " ".join(words[n : n + 11]).capitalize() + "." for n in range(0, _LENGTH, 11)
        )
        paragraphs.append(f"{next(facts)} {prose}" if at % 3 == 0 else prose)
    return f"Report {number}\n\n" + "\n\n".join(paragraphs)


def questions(documents: int) -> tuple[str, ...]:
    """Return questions whose answers are among the facts of that many documents."""
    made = random.Random(2)
    asked = []
    for number in range(documents):
        for _, subject, verb, thing, place in _parts(number):
            asked.append(f"When does the {subject} of {place} {verb.removesuffix('s')} a {thing}?")
    made.shuffle(asked)
    return tuple(asked)


def _facts(number: int) -> Iterator[str]:
    for n, subject, verb, thing, place in _parts(number):
        yield f"The {subject} of {place} {verb} the {thing} within {n + 3} days."


def _parts(number: int) -> Iterator[tuple[int, str, str, str, str]]:
    made = random.Random(f"facts {number}")
    for n in range(PARAGRAPHS // 3):
        place = made.choice(_VOCABULARY[200:]).capitalize()
        yield n, made.choice(_SUBJECTS), made.choice(_VERBS), made.choice(_OBJECTS), place
