"""How often people do what."""

import random
from collections.abc import Iterator

# How often each is done, of a hundred.
MIX = {
    "browse": 42,
    "ask": 24,
    "listen": 10,
    "poll": 8,
    "manage": 6,
    "upload": 4,
    "administer": 4,
    "probe": 2,
}
WORDS = ("budget", "leave", "travel", "audit", "record", "privacy", "contract", "grant", "safety")


def deck() -> Iterator[str]:
    """Yield what to do next, endlessly: shuffled hundreds, so that even short runs hold the mix."""
    cards = [name for name, times in MIX.items() for _ in range(times)]
    while True:
        random.shuffle(cards)
        yield from cards
