"""Passages of real text that lie on every machine with Python, and questions about them.

The choice is by hash of the source's name: one machine always gives the same passages, and their
digest is printed. What was chosen is kept in `.tools/bench`; delete it to choose again.
"""

import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from api_sources import ROOT, sources

KEPT = ROOT / ".tools" / "bench"
SIZE = 1150
SHORTEST = 700
FROM_ONE_SOURCE = 40  # no single manual or licence makes up the corpus
IN_ONE_DOCUMENT = 25
PROSE = 0.8  # share of letters, blanks and commas
_SENTENCE = re.compile(r"[A-ZÉÈÀ][^.!?]{50,220}[.!?](?=\s|$)")
_WORD = re.compile(r"\b[^\W\d_]{2,}\b")  # whole ones: not the parts of SUCH_A_NAME
_UNLIKE_PROSE = re.compile(r"[^\w\s,.']|[\d_]")


@dataclass(frozen=True)
class Corpus:
    """Chunks of about a thousand characters in a fixed order; `kinds` counts their origins."""

    chunks: tuple[str, ...]
    kinds: dict[str, int]

    @property
    def digest(self) -> str:
        return hashlib.sha256("\0".join(self.chunks).encode()).hexdigest()[:12]

    def documents(self) -> list[tuple[str, str]]:
        """Return (name, text) of text files that hold the chunks, twenty-five each."""
        cuts = range(0, len(self.chunks), IN_ONE_DOCUMENT)
        return [
            (f"volume-{n:04}.txt", "\n\n".join(self.chunks[at : at + IN_ONE_DOCUMENT]))
            for n, at in enumerate(cuts)
        ]

    def questions(self, count: int, seed: int = 7) -> list[str]:
        """Return different questions, each about a run of words of a sentence of the corpus."""
        chance = random.Random(seed)
        asked: dict[str, None] = {}
        while len(asked) < count:
            found = _SENTENCE.findall(" ".join(chance.choice(self.chunks).split()))
            words = _WORD.findall(chance.choice(found)) if found else []
            if len(words) >= 8:
                length = chance.randint(6, 10)
                at = chance.randint(0, max(0, len(words) - length))
                part = words[at : at + length]
                if sum(len(word) > 4 for word in part) >= 3:  # not grammar only
                    asked[f"What is said about {' '.join(part)}?"] = None
        return list(asked)


def corpus(count: int) -> Corpus:
    """Return `count` chunks: those kept, or else chosen now."""
    kept = KEPT / f"corpus-{count}.json"
    if not kept.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(asdict(_choose(count))), encoding="utf-8")
    told = json.loads(kept.read_text(encoding="utf-8"))
    return Corpus(tuple(told["chunks"]), told["kinds"])


def _choose(count: int) -> Corpus:
    chosen: dict[str, str] = {}  # chunk -> kind
    for source in sorted(sources(), key=lambda one: hashlib.sha256(one.name.encode()).digest()):
        fresh = [chunk for chunk in _cut(source.read()) if _is_prose(chunk)]
        for chunk in fresh[:FROM_ONE_SOURCE]:
            chosen.setdefault(chunk, source.kind)
        if len(chosen) >= count:
            break
    chunks = list(chosen)[:count]
    kinds = Counter(chosen[chunk] for chunk in chunks)
    kinds["sentences mixed anew"] = count - len(chunks)
    chunks.extend(_mixed(chunks, count - len(chunks)))
    return Corpus(tuple(chunks), {kind: n for kind, n in kinds.items() if n})


def _cut(text: str) -> Iterator[str]:
    """Pack whole paragraphs to at most SIZE characters; cut longer ones at a blank."""
    held = ""
    for paragraph in re.split(r"\n\s*\n", text):
        piece = paragraph.strip()
        while piece:
            room = SIZE - len(held) - 2
            if len(piece) <= room:
                held, piece = (f"{held}\n\n{piece}" if held else piece), ""
            elif len(held) >= SHORTEST:
                yield held
                held = ""
            else:
                at = piece.rfind(" ", 0, max(room, 1))
                at = at if at > 0 else min(SIZE, len(piece))
                yield f"{held}\n\n{piece[:at]}".strip()
                held, piece = "", piece[at:].strip()
    if held:
        yield held


def _is_prose(chunk: str) -> bool:
    odd = len(_UNLIKE_PROSE.findall(chunk))
    if len(chunk) < SHORTEST or odd > (1 - PROSE) * len(chunk):
        return False
    return len(_SENTENCE.findall(" ".join(chunk.split()))) >= 2


def _mixed(chunks: Sequence[str], count: int) -> Iterator[str]:
    """Where the machine holds too little text: chunks of real sentences in another company."""
    chance = random.Random(11)
    for _ in range(count):
        held = ""
        while len(held) < SIZE - 150:
            found = _SENTENCE.findall(" ".join(chance.choice(chunks).split()))
            held += f" {chance.choice(found)}" if found else ""
        yield held.strip()
