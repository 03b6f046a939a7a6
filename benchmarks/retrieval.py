"""Measure search and answers: quality and speed, beside plain BM25 and a peer, in one run.

Collections: our own (benchmarks/data) and those of $EVA_RETRIEVAL_DATA (default
../shared/data/retrieval), which are skipped aloud if they are not there. Relevance is binary.
The exit code is 1 if a citation was not exact, or a system to compare with is missing.
"""

import argparse
import asyncio
import contextlib
import json
import sqlite3
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from retrieval_quality import Answers, Ranking, answers, ranking
from retrieval_sets import Collection, collections
from retrieval_systems import Search, filled, fts5, ours, peer, scoring_only, words_only

QUICK = 100  # questions of a collection
MEMORY = Path("/dev/shm")  # the index syncs each document: no need to wear out a disk


def shortened(collection: Collection) -> Collection:
    return replace(collection, questions=collection.questions[:QUICK])


async def measured(
    collection: Collection, foreign: Collection
) -> tuple[list[Ranking], Answers, list[str]]:
    folder = MEMORY if MEMORY.is_dir() else None
    with (
        tempfile.TemporaryDirectory(dir=folder) as root,
        contextlib.closing(sqlite3.connect(":memory:")) as connection,
    ):
        async with filled(collection, Path(root)) as space:
            systems: dict[str, Search | None] = {
                "eva": ours(space),
                "eva, scoring only": scoring_only(space, Path(root)),
                "eva, words only": words_only(space),
                "sqlite fts5": fts5(collection, connection),
                "bm25s": peer(collection),
            }
            missing = [name for name, search in systems.items() if search is None]
            rankings = [
                await ranking(name, collection, search)
                for name, search in systems.items()
                if search is not None
            ]
            return rankings, await answers(space, foreign), missing


def another(collection: Collection, among: list[Collection]) -> Collection:
    """A collection about something else to borrow questions from, in the same language if any."""
    others = [one for one in among[::-1] if one.name != collection.name]
    return max(others, key=lambda one: one.language == collection.language)


def show_ranking(collection: Collection, rankings: list[Ranking]) -> None:
    sizes = f"{len(collection.documents)} documents, {len(collection.answerable)} questions"
    print(f"\n{collection.name} ({collection.language}; {sizes})")
    print(f"  {'':19}{'nDCG@10':>9}{'R@100':>8}{'queries/s':>11}")
    for one in rankings:
        print(f"  {one.system:19}{one.ndcg10:>9.3f}{one.recall100:>8.3f}{one.per_second:>11.0f}")


def show_answers(made: Answers) -> None:
    def percent(share: float | None) -> str:
        return "-" if share is None else f"{share:.0%}"

    print(
        f"  answered {percent(made.answered)}; of these: expected words in the answer"
        f" {percent(made.contained)}, in its first sentence {percent(made.contained_first)},"
        f" right document cited {percent(made.cited_gold)}; {made.sentences:.1f} sentences\n"
        f"  answered although the source is hidden {percent(made.gone_answered)}, foreign questions"
        f" {percent(made.foreign_answered)}, unanswerable ones"
        f" {percent(made.unanswerable_answered)}; refusals right"
        f" {percent(made.refusal_precision)}, unanswerable refused"
        f" {percent(made.refusal_recall)}\n"
        f"  citations exact {made.exact_citations} of {made.citations};"
        f" search and answer {made.per_second:.0f}/s, p95 {made.p95_ms:.1f} ms"
    )


async def run(given: argparse.Namespace) -> int:
    found = collections(given.data, own_only=given.own)
    if given.quick:
        found = [shortened(collection) for collection in found]
    report, wrong = {}, 0
    for collection in found:
        rankings, made, missing = await measured(collection, another(collection, found))
        show_ranking(collection, rankings)
        show_answers(made)
        for name in missing:
            print(f"  MISSING: {name} is not installed (uv sync --group bench)", file=sys.stderr)
        wrong += made.citations - made.exact_citations + (0 if given.own else len(missing))
        report[collection.name] = {
            "ranking": [asdict(one) for one in rankings],
            "answers": asdict(made),
        }
    if given.json:
        given.json.write_text(json.dumps(report, indent=1))
    return 1 if wrong else 0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of collections")
    parser.add_argument("--own", action="store_true", help="our own collections only")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} questions of each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything as JSON too")
    sys.exit(asyncio.run(run(parser.parse_args())))


if __name__ == "__main__":
    main()
