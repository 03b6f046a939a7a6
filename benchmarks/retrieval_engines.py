"""Compare lexical engines: this repository's, SQLite's FTS5 and tantivy, each in its own process.

Quality is nDCG@10 on the collections of `retrieval.py`. Cost is measured on synthetic passages, a
hundred to a document, each document committed durably. What is promised is tried: processes are
killed, documents removed, a second process writes. Missing engines are said aloud.
"""

import argparse
import json
import math
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from retrieval_engine_kinds import ENGINES, PASSAGES
from retrieval_sets import Collection, collections
from retrieval_text import Zipf

PER_DOCUMENT, LIMIT, QUESTIONS, KILLS, DEPTH = 100, 20, 300, 5, 40
SECRET = "zanzibarquux"  # pragma: allowlist secret - a rare word, looked for after its removal
# What is asked, and the text that is meant.
FRENCH = {"paiement": "les paiements", "impot": "nos impôts", "cheval": "deux chevaux"} | {
    "nationale": "mesures nationales",
    "renouveler": "le renouvellement",
    "declarer": "une déclaration",
}
SLIPS = {"pasport": "a passport", "renewl": "the renewal", "adress": "your address"} | {
    "assurence": "une assurance",
    "libary": "the library",
}


def spent_s() -> float:
    """CPU time of this process and of those that it started and that have ended."""
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, whose))


def fill(name: str, folder: Path, passages: int) -> dict[str, Any]:
    """Index synthetic passages; return questions about them, too."""
    zipf = Zipf()
    texts = [zipf.passage() for _ in range(passages)]
    questions = [zipf.question(text) for text in texts[::20]]
    began, cpu = time.perf_counter(), spent_s()
    engine = ENGINES[name](folder)
    for document in range(passages // PER_DOCUMENT):
        engine.add(document, texts[document * PER_DOCUMENT : (document + 1) * PER_DOCUMENT])
    took = time.perf_counter() - began
    engine.close()
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    some = random.Random(3).sample(questions, min(QUESTIONS, len(questions)))
    cpu = spent_s() - cpu
    return {"index_s": took, "index_cpu_s": cpu, "disk_mb": size / 1e6, "questions": some}


def ask(name: str, folder: Path, questions: list[str]) -> dict[str, Any]:
    """Open, ask twice, and tell the second time's figures."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    engine = ENGINES[name](folder)
    engine.search(questions[0], LIMIT)
    cold = time.perf_counter() - began
    for question in questions:
        engine.search(question, LIMIT)
    wall, cpu = [], time.process_time()
    for question in questions:
        began = time.perf_counter()
        engine.search(question, LIMIT)
        wall.append((time.perf_counter() - began) * 1000)
    spent = (time.process_time() - cpu) * 1000 / len(questions)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    engine.close()
    return {
        "cold_ms": cold * 1000,
        "p50_ms": float(np.percentile(wall, 50)),
        "p95_ms": float(np.percentile(wall, 95)),
        "cpu_ms": spent,
        "memory_mb": memory / 1e3,
    }


def quality(name: str, folder: Path, collection: Collection) -> dict[str, Any]:
    engine = ENGINES[name](folder)
    for number, document in enumerate(collection.documents):
        engine.add(number, [f"{document['title']} {document['title']} {document['text']}"])
    gains = []
    for question in collection.answerable:
        found = engine.search(question.text, DEPTH)
        order = [collection.documents[at // PASSAGES]["id"] for at, _ in found[:10]]
        relevant = collection.relevant[question.id]
        ideal = sum(1 / math.log2(n + 2) for n in range(min(10, len(relevant))))
        gains.append(sum(1 / math.log2(n + 2) for n, d in enumerate(order) if d in relevant))
        gains[-1] /= ideal
    engine.close()
    return {"ndcg10": float(np.mean(gains))}


def write_until_killed(name: str, folder: Path, first: int) -> None:
    engine = ENGINES[name](folder)
    for document in range(first, first + 100_000):
        engine.add(document, [f"document{document} part{n}" for n in range(3)])
        print(document, flush=True)


def kept(name: str, folder: Path) -> str:
    """Kill writers, then look for every document that they said was there."""
    told: list[int] = []
    for life in range(KILLS):
        command = [sys.executable, __file__, "--child", "write", name, str(folder)]
        victim = subprocess.Popen(
            [*command, str(1 + life * 100_000)], stdout=subprocess.PIPE, text=True
        )
        assert victim.stdout is not None
        told.append(int(victim.stdout.readline()))
        time.sleep(0.2 + 0.15 * life)
        victim.send_signal(signal.SIGKILL)
        told += [int(line) for line in victim.stdout.read().split()]
        victim.wait()
        victim.stdout.close()
    engine = ENGINES[name](folder)
    lost = [n for n in told if len(engine.search(f"document{n}", 3)) < 3]
    engine.close()
    return f"{len(lost)} of {len(told)} lost"


def behaviour(name: str, folder: Path) -> dict[str, Any]:
    pairs = list({**FRENCH, **SLIPS}.items())
    engine = ENGINES[name](folder / "a")
    for number, (_, text) in enumerate(pairs):
        engine.add(number, [text])
    hits = [
        any(at == number * PASSAGES for at, _ in engine.search(asked, 3))
        for number, (asked, _) in enumerate(pairs)
    ]
    engine.add(90, [f"the word {SECRET} is private"])
    for number in range(200, 220):  # so that it shares a merged segment with others
        engine.add(number, [f"the word is public {number}"])
    engine.remove(90)
    files = [path for path in (folder / "a").rglob("*") if path.is_file()]
    leaves = any(SECRET.encode() in path.read_bytes() for path in files)
    command = [sys.executable, __file__, "--child", "second", name, str(folder / "a")]
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    writes = "yes" if second.returncode == 0 else "no, while another has it open"
    sees = bool(engine.search("secondprocess", 3))
    engine.close()
    return {
        "french": f"{sum(hits[: len(FRENCH)])} of {len(FRENCH)}",
        "slips": f"{sum(hits[len(FRENCH) :])} of {len(SLIPS)}",
        "removed text stays": "yes" if leaves else "no",
        "second process writes": writes,
        "and is seen at once": "-" if second.returncode else "yes" if sees else "no",
        "acknowledged, after kills": kept(name, folder / "b"),
    }


def child(given: list[str]) -> None:
    task, name, folder, *rest = given
    match task:
        case "fill":
            made = fill(name, Path(folder), int(rest[0]))
        case "ask":
            made = ask(name, Path(folder), json.loads(sys.stdin.read()))
        case "quality":
            [collection] = [one for one in collections(None, own_only=False) if one.name == rest[0]]
            made = quality(name, Path(folder), collection)
        case "behaviour":
            made = behaviour(name, Path(folder))
        case "second":
            engine = ENGINES[name](Path(folder))
            engine.add(91, ["secondprocess was here"])
            engine.close()
            return
        case _:
            write_until_killed(name, Path(folder), int(rest[0]))
            return
    print(json.dumps(made))


def spawned(*words: object, given: str = "") -> dict[str, Any]:
    command = [sys.executable, __file__, "--child", *map(str, words)]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measured(name: str, root: Path, passages: int) -> Mapping[str, Any]:
    row = spawned("fill", name, root / "cost", passages)
    questions = json.dumps(row.pop("questions"))
    row |= spawned("ask", name, root / "cost", given=questions)
    for collection in collections(None, own_only=False):
        found = spawned("quality", name, root / collection.name, collection.name)
        row[f"nDCG {collection.name}"] = found["ndcg10"]
    return row | spawned("behaviour", name, root / "behaviour")


def show(rows: Mapping[str, Mapping[str, Any]]) -> None:
    print(f"{'':28}" + "".join(f"{name:>32}" for name in rows))
    for what in next(iter(rows.values())):
        cells = [row[what] for row in rows.values()]
        told = [f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells]
        print(f"{what:28}" + "".join(f"{cell:>32}" for cell in told))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--passages", type=int, default=20_000, help="of the synthetic space")
    parser.add_argument("--folder", type=Path, help="where to put the files")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything as JSON too")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child)
        return
    rows: dict[str, Mapping[str, Any]] = {}
    for name in ENGINES:
        with tempfile.TemporaryDirectory(dir=given.folder) as root:
            try:
                rows[name] = measured(name, Path(root), given.passages)
            except RuntimeError as failed:
                print(f"MISSING: {name}: {str(failed).splitlines()[-1]}", file=sys.stderr)
    show(rows)
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1))
    sys.exit(len(rows) < len(ENGINES))


if __name__ == "__main__":
    main()
