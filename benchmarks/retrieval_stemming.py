"""Compare ways to stem English and French: nDCG@10 of plain BM25 (bm25s) on each collection.

"both" is what the index does: English, then French, whatever the language; "own" knows which it is.
"""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import Stemmer
from retrieval_fusion import ndcg
from retrieval_sets import Collection, collections
from retrieval_systems import STOP, words

from app.core.language import fold

_STEMMERS = {"en": Stemmer.Stemmer("english"), "fr": Stemmer.Stemmer("french")}


def both(word: str) -> str:
    return fold(_STEMMERS["fr"].stemWord(_STEMMERS["en"].stemWord(word)))


def chains(language: str) -> Mapping[str, Callable[[str], str]]:
    own = _STEMMERS[language]
    return {"both": both, "own": lambda word: fold(own.stemWord(word)), "none": fold}


def measured(collection: Collection, chain: Callable[[str], str]) -> float:
    import bm25s

    def terms(text: str) -> list[str]:
        return [chain(word) for word in words(text) if word not in STOP]

    index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    corpus = [terms(f"{d['title']} {d['title']} {d['text']}") for d in collection.documents]
    index.index(corpus, show_progress=False)
    gains = []
    for question in collection.answerable:
        asked = terms(question.text)
        scores = index.get_scores(asked) if asked else np.zeros(len(corpus))
        order = [n for n in np.argsort(-scores, kind="stable")[:10] if scores[n] > 0]
        found = [collection.documents[n]["id"] for n in order]
        gains.append(ndcg(found, collection.relevant[question.id]))
    return float(np.mean(gains))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of collections")
    given = parser.parse_args()
    for collection in collections(given.data, own_only=False):
        told = {
            name: measured(collection, chain) for name, chain in chains(collection.language).items()
        }
        cells = "".join(f"{name:>8} {value:.3f}" for name, value in told.items())
        print(f"{collection.name:16}{cells}")


if __name__ == "__main__":
    main()
