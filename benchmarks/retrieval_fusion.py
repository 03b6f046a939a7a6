"""Compare ways to fuse the two legs of search, on the same raw scores: nDCG@10.

Collections are those of `retrieval.py`. Scores are fused as in the service (`w`: weight of
similarity), after stretching both to 0..1 (min-max), or by ranks (RRF, with its constant `k`).
The second table has a weak leg in place of the second one: how alike the letters' counts are.
"""

import argparse
import asyncio
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from string import ascii_lowercase
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from retrieval_sets import Collection, collections
from retrieval_systems import filled

Floats: TypeAlias = npt.NDArray[np.float64]
Fusion: TypeAlias = Callable[[Floats, Floats], Floats]

DEPTH = 100  # candidates of each leg that RRF ranks


def scores(weight: float) -> Fusion:
    def fused(lexical: Floats, similarity: Floats) -> Floats:
        return (1 - weight) * lexical / (lexical.max() or 1) + weight * similarity

    return fused


def stretched(weight: float) -> Fusion:
    def fused(lexical: Floats, similarity: Floats) -> Floats:
        legs = [(leg - leg.min()) / (np.ptp(leg) or 1) for leg in (lexical, similarity)]
        return (1 - weight) * legs[0] + weight * legs[1]

    return fused


def ranks(k: int, weight: float = 0.5) -> Fusion:
    def reciprocal(leg: Floats) -> Floats:
        place = np.empty(len(leg))
        place[np.argsort(-leg, kind="stable")] = np.arange(1, len(leg) + 1)
        return np.where((leg > 0) & (place <= DEPTH), 1 / (k + place), 0.0)

    def fused(lexical: Floats, similarity: Floats) -> Floats:
        return (1 - weight) * reciprocal(lexical) + weight * reciprocal(similarity)

    return fused


FUSIONS: Mapping[str, Fusion] = {
    "words only": lambda lexical, _: lexical,
    "second leg only": lambda _, similarity: similarity,
    "scores, w=.3": scores(0.3),
    "scores, w=.5 (ours)": scores(0.5),
    "scores, w=.7": scores(0.7),
    "min-max, w=.5": stretched(0.5),
    "RRF, k=60": ranks(60),
    "RRF, k=10": ranks(10),
    "RRF, k=60, w=.3": ranks(60, 0.3),
}


def ndcg(order: Sequence[str], relevant: frozenset[str]) -> float:
    ideal = sum(1 / math.log2(n + 2) for n in range(min(10, len(relevant))))
    return sum(1 / math.log2(n + 2) for n, d in enumerate(order[:10]) if d in relevant) / ideal


def letters(texts: Sequence[str]) -> Floats:
    counts = np.array([[text.lower().count(c) for c in ascii_lowercase] for text in texts], float)
    unit: Floats = counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1)
    return unit


async def measured(collection: Collection) -> tuple[dict[str, float], dict[str, float]]:
    """nDCG@10 of each fusion, with our second leg and with a weak one."""
    gains: tuple[dict[str, list[float]], ...] = ({}, {})
    weak = letters([one["text"] for one in collection.documents])
    with tempfile.TemporaryDirectory() as folder:
        async with filled(collection, Path(folder)) as space:
            for question in collection.answerable:
                found = await space.found(question.text, len(collection.documents))
                at = [int(one.passage.document_id[4:]) for one in found.candidates]
                if not at:
                    continue
                lexical = np.array([one.lexical for one in found.candidates])
                ours = np.array([one.similarity for one in found.candidates])
                asked = letters([question.text])[0]
                for told, other in zip(gains, (ours, weak[at] @ asked), strict=True):
                    for name, fuse in FUSIONS.items():
                        order = np.argsort(-fuse(lexical, other), kind="stable")[:10]
                        best = [collection.documents[at[n]]["id"] for n in order]
                        gain = ndcg(best, collection.relevant[question.id])
                        told.setdefault(name, []).append(gain)
    count = len(collection.answerable)
    strong, poor = ({name: sum(one) / count for name, one in told.items()} for told in gains)
    return strong, poor


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of collections")
    given = parser.parse_args()
    found = collections(given.data, own_only=False)
    columns = [asyncio.run(measured(collection)) for collection in found]
    for table, title in enumerate(("words and spelling", "words and letters, a weak leg")):
        print(f"\n{title:30}" + "".join(f"{one.name:>15}" for one in found) + f"{'mean':>9}")
        for name in FUSIONS:
            values = [column[table][name] for column in columns]
            cells = "".join(f"{value:>15.3f}" for value in values)
            print(f"{name:30}{cells}{np.mean(values):>9.3f}")


if __name__ == "__main__":
    main()
